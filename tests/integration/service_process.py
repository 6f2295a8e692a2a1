"""A service as a process of its own: eventlet patches the standard library there, not here."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any, Final

from cli.rpc import Caller
from hinterland.actors import Actor
from hinterland.config import Settings
from hinterland.ground.process import leashed, poll

__all__ = ["LIMIT_S", "OPERATOR", "ServiceProcess"]

LIMIT_S: Final = 30.0
OPERATOR: Final = Actor("yunnan.account.1", frozenset({"operator"}), "yunnan")


class ServiceProcess:
    """One instance of the service `name` of a node; what it logs is in `log`."""

    def __init__(
        self, settings: Settings, name: str, log: Path, command: list[str], **environment: str
    ) -> None:
        """`command` is what follows `python`."""
        self.settings = settings
        self.name = name
        self.log = log
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                leashed([sys.executable, *command]),
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, **environment},
            )

    def wait_until_it_says(self, words: str, times: int = 1) -> None:
        poll(lambda: self.count(words) >= times, self.running, f"“{words}”", LIMIT_S)

    def count(self, words: str) -> int:
        """How often the log says this."""
        return self.log.read_text().count(words)

    def running(self) -> bool:
        return self.process.poll() is None

    def call(self, method: str, /, *, actor: Actor = OPERATOR, **params: Any) -> Any:
        """Calls the service as the command line does."""
        with closing(Caller(self.settings.amqp_uri, self.settings.dir)) as caller:
            return caller.call(self.name, method, actor, params)

    def stop(self) -> int:
        """Tells it to stop; returns its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(LIMIT_S)

    def kill(self) -> None:
        """Ends it at once, as a power cut would."""
        self.process.kill()
        self.process.wait()
