"""A gateway as a process of its own, as an operator runs it."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import httpx

from hinterland.config import Settings
from hinterland.ground.process import leashed, poll
from tests.integration.service_process import ServiceProcess

__all__ = ["GatewayProcess"]

LIMIT_S: Final = 60.0


class GatewayProcess:
    """`python -m gateway` for a node; what it logs is in `log`."""

    def __init__(self, settings: Settings, log: Path) -> None:
        self.settings = settings
        self.log = log
        self.address = f"127.0.0.1:{settings.gateway_port}"
        self.url = f"http://{self.address}/graphql"
        command = [sys.executable, "-m", "gateway", "--dir", str(settings.dir)]
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                leashed(command), stdout=output, stderr=subprocess.STDOUT
            )

    def wait_until(
        self, path: str, status: int = 200, beside: Iterable[ServiceProcess] = ()
    ) -> None:
        """Asks /healthz or /readyz until it says so, or until it or one beside it has ended."""

        def says_so() -> bool:
            try:
                return httpx.get(f"http://{self.address}{path}").status_code == status
            except httpx.TransportError:
                return False

        def running() -> bool:
            return self.process.poll() is None and all(each.running() for each in beside)

        poll(says_so, running, f"the gateway's {path}", LIMIT_S)

    def stop(self) -> int:
        """Tells it to stop; returns its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(LIMIT_S)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
