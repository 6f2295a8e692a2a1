"""Services as processes of their own, and somebody who calls them."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

import pytest
from pymongo import MongoClient

from hinterland.broker import Broker
from hinterland.config import Settings
from hinterland.feeds import FeedStore
from hinterland.ground import Management, PortMapper, Rabbitmq, free_ports
from hinterland.ground import start as start_server
from hinterland.ground.process import poll
from hinterland.identity import Member, Membership, NodeKey
from hinterland.testing import NewNode
from tests.integration.service_process import LIMIT_S, ServiceProcess

StartNotes = Callable[..., ServiceProcess]


@pytest.fixture
def start_notes(tmp_path: Path) -> Iterator[StartNotes]:
    """Starts an instance of one of the little services of this folder; returns when it serves."""
    started: list[ServiceProcess] = []

    def start(settings: Settings, name: str = "notes", **environment: str) -> ServiceProcess:
        log = tmp_path / f"{name}-{len(started)}.log"
        command = ["-m", f"tests.integration.bus.{name}", str(settings.dir)]
        service = ServiceProcess(settings, name, log, command, **environment)
        started.append(service)
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


@dataclass(frozen=True)
class Pair:
    """Two nodes that follow each other over a real link, `yunnan` and `gansu`."""

    yunnan: Settings
    gansu: Settings


@pytest.fixture
def pair(new_node: NewNode, management: Management) -> Pair:
    """Two members of one federation. Their services know it from their databases."""
    yunnan, gansu = new_node("yunnan"), new_node("gansu", "CN-GS")
    brokers = {
        node.id: Broker(management, node.id, urlsplit(node.amqp_uri).path.removeprefix("/"))
        for node in (yunnan, gansu)
    }
    for broker in brokers.values():
        broker.prepare()
    link(brokers["yunnan"], brokers["gansu"], yunnan, gansu)
    link(brokers["gansu"], brokers["yunnan"], gansu, yunnan)
    for broker in brokers.values():
        poll(
            lambda broker=broker: all(link.running for link in broker.links()),  # type: ignore[misc]
            lambda: True,
            "the links",
            LIMIT_S,
        )
    members = {
        node.id: Member(
            node.id,
            node.region,
            node.id,
            NodeKey.load(node.key_path).public,
            "2026-01-01T00:00:00.000Z",
        )
        for node in (yunnan, gansu)
    }
    membership = Membership("notes-0000000000000000", "yunnan", members)
    for node in (yunnan, gansu):
        believe(node, membership)
    return Pair(yunnan, gansu)


def link(upstream: Broker, downstream: Broker, up: Settings, down: Settings) -> None:
    """Lets `down` pull from `up`."""
    password = secrets.token_hex(8)
    user = upstream.make_peer(down.id, password)
    upstream.let_pull(down.id, downstream.puller())
    parts = urlsplit(up.amqp_uri)
    address = f"{quote(user, safe='')}:{password}@{parts.hostname}:{parts.port}"
    downstream.pull_from(up.id, urlunsplit(parts._replace(netloc=address)))


def believe(node: Settings, membership: Membership) -> None:
    """Leaves a membership in the service's database, as if it had been asked for before."""
    with MongoClient[dict[str, Any]](node.mongo_uri, tz_aware=True) as client:
        store = FeedStore(
            client[node.database("notes")],
            node=node.id,
            index=lambda kind, body: {},
            check=lambda payload: None,
            foreign_kinds=frozenset(),
        )
        store.set_membership(membership)
