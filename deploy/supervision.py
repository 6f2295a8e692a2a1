"""supervisord (supervisord.org) watches a node's processes; here it is configured and talked to.

It listens on a Unix socket alone. `supervisorctl -c RUN/supervisord.conf` talks to it as well.
"""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import tempfile
import xmlrpc.client
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any, ClassVar, Final, Self

from supervisor.xmlrpc import SupervisorTransport

from deploy.programs import Program
from hinterland.errors import HinterlandError
from hinterland.ground import ServerFailed, leashed
from hinterland.ground.process import poll, tail

__all__ = ["AlreadyRunning", "ProgramState", "Supervision"]

START_LIMIT_S: Final = 20.0
STOP_MARGIN_S: Final = 30.0
LOG_BYTES_MAX: Final = 10 * 1024 * 1024
LOG_FILES_MAX: Final = 3
# A process that ends sooner counts as one that could not start, and is left alone for a while.
STARTED_AFTER_S: Final = 10
# supervisord waits one second more after each failed start, so that this is a month of trying.
START_RETRIES_MAX: Final = 2_000
# sun_path of a Unix socket is 108 bytes, and supervisord appends its process id while it binds.
SOCKET_PATH_BYTES_MAX: Final = 90

UP: Final = ("STARTING", "RUNNING")


class AlreadyRunning(HinterlandError):
    """This node is running already. Stop it where it was started, with Ctrl-C."""

    code: ClassVar[str] = "ALREADY_RUNNING"


@dataclass(frozen=True)
class ProgramState:
    """What supervisord says of one process."""

    name: str
    state: str
    pid: int | None
    log: Path

    @property
    def up(self) -> bool:
        return self.state in UP


class Supervision:
    """The watched processes of one folder. Use it as a context: at the end all of them end, one
    group after the other, the highest priority first."""

    def __init__(self, run_dir: Path, log_dir: Path, programs: Sequence[Program]) -> None:
        self._run_dir = run_dir
        self._log_dir = log_dir
        self._programs = {program.name: program for program in programs}
        self._socket = run_dir / "supervisor.sock"
        self._short_folder: tempfile.TemporaryDirectory[str] | None = None
        self._supervisord: subprocess.Popen[bytes] | None = None
        self._lock: IO[str] | None = None

    def __enter__(self) -> Self:
        self._run_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._log_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._take_lock()
        self._shorten_socket()
        try:
            self._start_supervisord()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def config(self) -> Path:
        return self._run_dir / "supervisord.conf"

    def launch(self, names: Iterable[str]) -> None:
        """Starts these programs, and from then on starts each again whenever it ends."""
        for name in names:
            self._call("startProcess", self._full_name(name), False)

    def states(self) -> dict[str, ProgramState]:
        """What each program does now, by name."""
        return {
            info["name"]: ProgramState(
                name=info["name"],
                state=info["statename"],
                pid=info["pid"] or None,
                log=self._programs[info["name"]].log,
            )
            for info in self._call("getAllProcessInfo")
        }

    def running(self, name: str) -> Callable[[], bool]:
        """A question to ask again and again: does this program run, or is it just starting?"""
        return lambda: self._call("getProcessInfo", self._full_name(name))["statename"] in UP

    def alive(self) -> bool:
        """Whether supervisord itself runs."""
        return self._supervisord is not None and self._supervisord.poll() is None

    def stop(self) -> None:
        """Ends the programs, the last priority first, then supervisord. May be called again."""
        if self._supervisord is not None:
            limit_s = STOP_MARGIN_S + sum({p.stop_wait_s for p in self._programs.values()})
            self._supervisord.send_signal(signal.SIGTERM)
            try:
                self._supervisord.wait(limit_s)
            except subprocess.TimeoutExpired:
                # Its children are on a leash: they are told to end when it does.
                self._supervisord.kill()
                self._supervisord.wait()
            self._supervisord = None
        if self._short_folder is not None:
            self._short_folder.cleanup()
            self._short_folder = None
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _full_name(self, name: str) -> str:
        """As supervisord calls it: with its group."""
        return f"{self._programs[name].group}:{name}"

    def _take_lock(self) -> None:
        lock = (self._run_dir / "up.lock").open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.close()
            raise AlreadyRunning(
                f"What lives in {self._run_dir.parent} is running already. Stop it where it was "
                "started, with Ctrl-C."
            ) from None
        self._lock = lock

    def _shorten_socket(self) -> None:
        """Moves the socket elsewhere if the folder lies too deep in the tree for one."""
        if len(os.fsencode(self._socket)) > SOCKET_PATH_BYTES_MAX:
            self._short_folder = tempfile.TemporaryDirectory(prefix="hinterland-")
            self._socket = Path(self._short_folder.name) / "supervisor.sock"

    def _start_supervisord(self) -> None:
        descriptor = os.open(self.config, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(self._configuration())
        command = [sys.executable, "-m", "supervisor.supervisord", "-n", "-c", str(self.config)]
        log = self._log_dir / "supervisord.out"
        with log.open("wb") as output:
            self._supervisord = subprocess.Popen(
                leashed(command),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                # Ctrl-C in the terminal reaches `up` alone, which then ends things in order.
                start_new_session=True,
            )
        try:
            poll(self._answers, self.alive, "supervisord", START_LIMIT_S)
        except ServerFailed as failure:
            raise ServerFailed(f"{failure.message} The end of {log}:\n{tail(log)}") from failure

    def _answers(self) -> bool:
        try:
            self._call("getState")
        except ServerFailed:
            return False
        return True

    def _call(self, method: str, *arguments: Any) -> Any:
        transport = SupervisorTransport(None, None, f"unix://{self._socket}")
        try:
            with xmlrpc.client.ServerProxy("http://127.0.0.1", transport=transport) as proxy:
                return getattr(proxy.supervisor, method)(*arguments)
        except (OSError, xmlrpc.client.Error) as error:
            raise ServerFailed(f"supervisord did not take {method}: {error}") from error

    def _configuration(self) -> str:
        sections = [
            "[unix_http_server]",
            f"file = {_escaped(self._socket)}",
            "chmod = 0600",
            "[supervisord]",
            "nodaemon = true",
            "silent = true",
            f"logfile = {_escaped(self._log_dir / 'supervisord.log')}",
            f"logfile_maxbytes = {LOG_BYTES_MAX}",
            f"logfile_backups = {LOG_FILES_MAX}",
            f"pidfile = {_escaped(self._run_dir / 'supervisord.pid')}",
            f"directory = {_escaped(self._run_dir)}",
            "[rpcinterface:supervisor]",
            "supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface",
            "[supervisorctl]",
            f"serverurl = unix://{_escaped(self._socket)}",
        ]
        for program in self._programs.values():
            sections += [
                f"[program:{program.name}]",
                f"command = {_escaped(program.command_line())}",
                f"priority = {program.priority}",
                "autostart = false",
                "autorestart = true",
                f"startsecs = {STARTED_AFTER_S}",
                f"startretries = {START_RETRIES_MAX}",
                f"stopwaitsecs = {program.stop_wait_s}",
                "killasgroup = true",
                "redirect_stderr = true",
                # supervisord expands this one twice.
                f"stdout_logfile = {_escaped(_escaped(program.log))}",
                f"stdout_logfile_maxbytes = {LOG_BYTES_MAX}",
                f"stdout_logfile_backups = {LOG_FILES_MAX}",
            ]
        for group, members in self._groups().items():
            # A program without a section for its group is a group of its own name.
            if len(members) == 1 and members[0].name == group:
                continue
            sections += [
                f"[group:{group}]",
                f"programs = {','.join(program.name for program in members)}",
                f"priority = {members[0].priority}",
            ]
        return "\n".join(sections) + "\n"

    def _groups(self) -> dict[str, list[Program]]:
        groups: dict[str, list[Program]] = defaultdict(list)
        for program in self._programs.values():
            groups[program.group].append(program)
        return groups


def _escaped(text: object) -> str:
    """`text` as supervisord reads it back: a percent sign would begin an expansion."""
    return str(text).replace("%", "%%")
