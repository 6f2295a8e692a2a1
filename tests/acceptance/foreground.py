"""A command that stays in the foreground, as a person runs it: started, read, interrupted."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from hinterland.ground.process import leashed, poll

STARTED_S_MAX = 180.0
STOPPED_S_MAX = 90.0
COMMAND_S_MAX = 120.0


class Foreground:
    """The command and all that it printed. At the end of the context it is interrupted."""

    def __init__(self, command: Sequence[str], output: Path) -> None:
        self._output = output
        with output.open("wb") as file:
            self.process = subprocess.Popen(
                leashed(command),
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self.process.poll() is None:
            self.stop()

    @property
    def printed(self) -> str:
        return self._output.read_text(encoding="utf-8")

    def wait_for(self, text: str) -> None:
        """Returns when it has printed `text`; fails when it ends before."""

        def running() -> bool:
            assert self.process.poll() is None, self.printed
            return True

        poll(lambda: text in self.printed, running, f"{text!r} in\n{self.printed}", STARTED_S_MAX)

    def stop(self, number: signal.Signals = signal.SIGINT) -> int:
        """Interrupts it, as Ctrl-C does; returns its exit code."""
        self.process.send_signal(number)
        return self.process.wait(STOPPED_S_MAX)


def hinterland(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs one command of the node in `folder`."""
    return subprocess.run(
        [sys.executable, "-P", "-m", "cli", "--dir", str(folder), *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=COMMAND_S_MAX,
    )


def processes_of(folder: Path) -> dict[int, str]:
    """The processes whose command line names something in `folder`, by process id."""
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except (FileNotFoundError, ProcessLookupError):
                continue
            if str(folder) in command:
                found[int(entry.name)] = command
    return found
