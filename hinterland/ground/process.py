"""A server as a child process: started with its log, stopped with a deadline, never left behind."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Final, Protocol

from hinterland.errors import HinterlandError
from hinterland.ground.ports import require_free

__all__ = [
    "Server",
    "ServerFailed",
    "ServerMissing",
    "Started",
    "leashed",
    "poll",
    "require_ports",
    "start",
]

LOOPBACK: Final = "127.0.0.1"
PORT_REMEDY: Final = "Stop that, or set {setting} in node.toml."
POLL_INTERVAL_S: Final = 0.1
STOP_PATIENCE_S: Final = 30.0
LOG_BYTES_MAX: Final = 64 * 1024
LOG_LINES_SHOWN: Final = 10
# mongod's levels error and fatal; RabbitMQ's and everybody else's words.
ERROR_LINE: Final = re.compile(r'"s":"[EF]"|\b(error|critical)\b', re.IGNORECASE)


class ServerMissing(HinterlandError):
    """A server that a node needs is not installed on this machine."""

    code: ClassVar[str] = "SERVER_MISSING"


class ServerFailed(HinterlandError):
    """A server did not start. Its log says why."""

    code: ClassVar[str] = "SERVER_FAILED"


class Server(Protocol):
    """What can be started and waited for."""

    @property
    def name(self) -> str: ...

    def ports(self) -> dict[str, int]:
        """The ports on 127.0.0.1 that it will listen on, each under the setting that names it."""
        ...

    def command(self) -> list[str]:
        """Raises ServerMissing, with the remedy, if it is not installed."""
        ...

    def environment(self) -> dict[str, str]:
        """What the process needs on top of this one's environment."""
        ...

    def prepare(self) -> None:
        """Makes its folders and writes its configuration."""
        ...

    def wait_until_ready(self, running: Callable[[], bool]) -> None:
        """Returns when it can be used; raises ServerFailed if `running()` turns false first."""
        ...


@dataclass(frozen=True)
class Started:
    """A server process that belongs to this one."""

    server: Server
    process: subprocess.Popen[bytes]
    log: Path

    def running(self) -> bool:
        return self.process.poll() is None

    def stop(self) -> None:
        """Ends the process in order; by force if it takes longer than `STOP_PATIENCE_S`."""
        if not self.running():
            return
        self.process.terminate()
        try:
            self.process.wait(STOP_PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """Ends the process at once, as a power cut would."""
        self.process.kill()
        self.process.wait()


def start(server: Server, log: Path) -> Started:
    """Starts `server`, its output in `log`, and waits until it is ready.

    Raises ServerMissing, PortTaken (or else somebody else's server would be taken for this one)
    or ServerFailed, each with its remedy.
    """
    require_ports(server)
    server.prepare()
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        process = subprocess.Popen(
            leashed(server.command()),
            env={**os.environ, **server.environment()},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    started = Started(server, process, log)
    try:
        server.wait_until_ready(started.running)
    except ServerFailed as failure:
        started.stop()
        raise ServerFailed(f"{failure.message} The end of {log}:\n{tail(log)}") from failure
    except BaseException:
        started.stop()
        raise
    return started


def require_ports(server: Server, remedy: str = PORT_REMEDY) -> None:
    """Raises PortTaken unless all ports of `server` are free; `remedy` may name {setting}."""
    for setting, port in server.ports().items():
        require_free(LOOPBACK, port, server.name, remedy.format(setting=setting))


def leashed(command: Sequence[str], ending: signal.Signals = signal.SIGTERM) -> list[str]:
    """`command`, so that Linux sends it `ending` when its parent dies, however that happens."""
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", ending.name, "--", *command] if setpriv else list(command)


def poll(ready: Callable[[], bool], running: Callable[[], bool], name: str, limit_s: float) -> None:
    """Asks `ready` again and again; ServerFailed when the process ends, or after `limit_s`."""
    deadline = time.monotonic() + limit_s
    while not ready():
        if not running():
            raise ServerFailed(f"{name} ended while it was starting.")
        if time.monotonic() > deadline:
            raise ServerFailed(f"{name} was not ready after {limit_s:.0f} s.")
        time.sleep(POLL_INTERVAL_S)


def tail(log: Path) -> str:
    """The end of a log, its errors if it has any, for somebody who would look there next."""
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - LOG_BYTES_MAX))
        lines = file.read().decode("utf-8", "replace").splitlines()
    errors = [line for line in lines if ERROR_LINE.search(line)]
    last = dict.fromkeys(reversed(errors or lines))  # a line that repeats is shown once
    return "\n".join(reversed(list(last)[:LOG_LINES_SHOWN]))
