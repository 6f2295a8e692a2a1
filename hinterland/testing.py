"""Fixtures for tests: a real mongod and a real RabbitMQ, started once for the whole run.

Load them with `pytest_plugins = ["hinterland.testing"]` in a conftest.py. Each test gets databases
and vhosts of its own, which are removed after it; the servers end with the run, even a killed one.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import pytest
from pymongo import MongoClient
from pymongo.database import Database

from hinterland.config import Settings, init_node
from hinterland.ground import Management, Mongod, PortMapper, Rabbitmq, Started, free_ports, start

__all__ = [
    "NewNode",
    "RabbitServer",
    "Vhost",
    "database",
    "database_prefix",
    "management",
    "mongo_server",
    "mongo_uri",
    "new_node",
    "new_vhost",
    "rabbit_server",
    "vhost",
]

USER: Final = "tests"
NAME_BYTES: Final = 5


@dataclass(frozen=True)
class Vhost:
    """A vhost of one test's own, and how to reach it as an administrator."""

    name: str
    amqp_uri: str
    management_uri: str


@dataclass(frozen=True)
class RabbitServer:
    """The broker of this run, with its port mapper; `broker.server` knows its ports and user."""

    broker: Rabbitmq
    process: Started

    @property
    def management_uri(self) -> str:
        broker = self.broker
        return f"http://{broker.user}:{broker.password}@127.0.0.1:{broker.management_port}"

    def amqp_uri(self, vhost: str) -> str:
        broker, path = self.broker, quote(vhost, safe="")
        return f"amqp://{broker.user}:{broker.password}@127.0.0.1:{broker.port}/{path}"


NewNode = Callable[..., Settings]
"""`new_node(id, region="CN-YN", **settings)`: a node on the servers of this run."""


@pytest.fixture(scope="session")
def mongo_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Started]:
    """The mongod of this run. `mongo_uri` is its address."""
    folder = tmp_path_factory.mktemp("mongod")
    (port,) = free_ports(1)
    started = start(Mongod(folder / "mongo", port), folder / "mongod.log")
    yield started
    # Nothing of it is kept, so nothing need be closed in order.
    started.kill()


@pytest.fixture(scope="session")
def mongo_uri(mongo_server: Started) -> str:
    """The address of this run's mongod, for all tests the same."""
    assert isinstance(mongo_server.server, Mongod)
    return mongo_server.server.uri


@pytest.fixture
def database_prefix(mongo_uri: str) -> Iterator[str]:
    """What the names of this test's databases begin with; all of them are dropped after it."""
    prefix = fresh_name()
    yield prefix
    drop_databases(mongo_uri, prefix)


@pytest.fixture
def database(mongo_uri: str, database_prefix: str) -> Iterator[Database[dict[str, Any]]]:
    """An empty database, dropped after the test."""
    with MongoClient[dict[str, Any]](mongo_uri, tz_aware=True) as client:
        yield client[database_prefix]


@pytest.fixture(scope="session")
def rabbit_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RabbitServer]:
    """The broker of this run, with the federation and shovel plugins."""
    folder = tmp_path_factory.mktemp("rabbitmq")
    port, management_port, distribution_port, epmd_port = free_ports(4)
    broker = Rabbitmq(
        folder=folder / "data",
        port=port,
        management_port=management_port,
        distribution_port=distribution_port,
        epmd_port=epmd_port,
        user=USER,
        password=secrets.token_hex(NAME_BYTES),
        vhost="/",
        cluster_name="tests",
    )
    mapper = start(PortMapper(epmd_port), folder / "epmd.log")
    try:
        process = start(broker, folder / "rabbitmq.log")
        yield RabbitServer(broker, process)
        process.kill()
    finally:
        mapper.kill()


@pytest.fixture(scope="session")
def management(rabbit_server: RabbitServer) -> Iterator[Management]:
    """The management API of this run's broker, as its administrator."""
    with rabbit_server.broker.management as management:
        yield management


@pytest.fixture
def new_vhost(
    rabbit_server: RabbitServer, management: Management
) -> Iterator[Callable[[str], Vhost]]:
    """Makes a vhost whose name begins with the given word; removed after the test."""
    made: list[str] = []

    def make(word: str = "test") -> Vhost:
        name = f"{word}-{fresh_name()}"
        made.append(name)
        management.make_vhost(name)
        management.permit(name, rabbit_server.broker.user)
        return Vhost(name, rabbit_server.amqp_uri(name), rabbit_server.management_uri)

    yield make
    for name in made:
        management.delete_vhost(name)


@pytest.fixture
def vhost(new_vhost: Callable[[str], Vhost]) -> Vhost:
    """An empty vhost, removed after the test."""
    return new_vhost("test")


@pytest.fixture
def new_node(
    tmp_path: Path, mongo_uri: str, new_vhost: Callable[[str], Vhost]
) -> Iterator[NewNode]:
    """Makes nodes that share this run's servers, each with a vhost of its own.

    Their folders are `tmp_path/<id>`; their ports are free ones; their databases are dropped
    after the test.
    """
    made: list[Settings] = []

    def make(id: str, region: str = "CN-YN", **settings: Any) -> Settings:
        place = new_vhost(id)
        gateway_port, door_port = free_ports(2)
        defaults = {
            "mongo_uri": mongo_uri,
            "amqp_uri": place.amqp_uri,
            "amqp_management_uri": place.management_uri,
            "gateway_port": gateway_port,
            "door_port": door_port,
        }
        node = init_node(tmp_path / id, id, region, **{**defaults, **settings})
        drop_databases(mongo_uri, node.database(""))
        made.append(node)
        return node

    yield make
    for node in made:
        drop_databases(mongo_uri, node.database(""))


def fresh_name() -> str:
    """A name that no other test has, good for a database and for a vhost."""
    return "t" + secrets.token_hex(NAME_BYTES)


def drop_databases(uri: str, prefix: str) -> None:
    """Drops every database whose name begins with `prefix`."""
    with MongoClient[dict[str, Any]](uri) as client:
        for name in client.list_database_names():
            if name.startswith(prefix):
                client.drop_database(name)
