"""Services as processes of their own, and somebody who calls them."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import pytest

from cli.rpc import Caller
from hinterland.actors import Actor
from hinterland.config import Settings
from hinterland.ground import PortMapper, Rabbitmq, free_ports
from hinterland.ground import start as start_server
from hinterland.ground.process import leashed, poll
from hinterland.testing import NewNode

LIMIT_S: Final = 30.0
OPERATOR: Final = Actor("yunnan.account.1", frozenset({"operator"}), "yunnan")


class Service:
    """One process of the service `notes`, or of a room; what it logs is in `log`."""

    def __init__(self, settings: Settings, log: Path, command: list[str]) -> None:
        self.settings = settings
        self.log = log
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                leashed([sys.executable, *command]), stdout=output, stderr=subprocess.STDOUT
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
            return caller.call("notes", method, actor, params)

    def stop(self) -> int:
        """Tells it to stop; returns its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(LIMIT_S)

    def close(self) -> None:
        self.process.kill()
        self.process.wait()


StartNotes = Callable[..., Service]


@pytest.fixture
def start_notes(tmp_path: Path) -> Iterator[StartNotes]:
    """Starts an instance of the service `notes` of a node; returns when it serves."""
    started: list[Service] = []

    def start(settings: Settings, *, wait: bool = True) -> Service:
        log = tmp_path / f"notes-{len(started)}.log"
        command = ["-m", "tests.integration.bus.notes", str(settings.dir)]
        service = Service(settings, log, command)
        started.append(service)
        if wait:
            service.wait_until_it_says("serving")
        return service

    yield start
    for service in started:
        service.close()


@pytest.fixture
def notes(new_node: NewNode, start_notes: StartNotes) -> Service:
    """The service `notes` of a node that has no federation yet."""
    return start_notes(new_node("yunnan"))


class OwnBroker:
    """A broker that a test may stop and start again, with the same data and ports."""

    def __init__(self, folder: Path) -> None:
        port, management_port, distribution_port, epmd_port = free_ports(4)
        self._log = folder / "own-rabbitmq.log"
        self._broker = Rabbitmq(
            folder=folder / "own-rabbitmq",
            port=port,
            management_port=management_port,
            distribution_port=distribution_port,
            epmd_port=epmd_port,
            user="tests",
            password="tests",
            vhost="notes",
            cluster_name="own",
        )
        self.amqp_uri = f"amqp://tests:tests@127.0.0.1:{port}/notes"
        self._mapper = start_server(PortMapper(epmd_port), folder / "own-epmd.log")
        self.start()

    def start(self) -> None:
        self._started = start_server(self._broker, self._log)

    def kill(self) -> None:
        self._started.kill()

    def close(self) -> None:
        self._started.stop()
        self._mapper.stop()


@pytest.fixture(scope="module")
def own_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnBroker]:
    """A broker apart from the one that all tests share. Whoever stops it starts it again."""
    broker = OwnBroker(tmp_path_factory.mktemp("own"))
    yield broker
    broker.close()
