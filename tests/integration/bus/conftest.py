"""Services as processes of their own, and somebody who calls them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hinterland.config import Settings
from hinterland.ground import PortMapper, Rabbitmq, free_ports
from hinterland.ground import start as start_server
from hinterland.testing import NewNode
from tests.integration.service_process import ServiceProcess

StartNotes = Callable[..., ServiceProcess]


@pytest.fixture
def start_notes(tmp_path: Path) -> Iterator[StartNotes]:
    """Starts an instance of the service `notes` of a node; returns when it serves."""
    started: list[ServiceProcess] = []

    def start(settings: Settings, *, wait: bool = True) -> ServiceProcess:
        log = tmp_path / f"notes-{len(started)}.log"
        command = ["-m", "tests.integration.bus.notes", str(settings.dir)]
        service = ServiceProcess(settings, "notes", log, command)
        started.append(service)
        if wait:
            service.wait_until_it_says("serving")
        return service

    yield start
    for service in started:
        service.kill()


@pytest.fixture
def notes(new_node: NewNode, start_notes: StartNotes) -> ServiceProcess:
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
