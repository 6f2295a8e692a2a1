"""The real servers that a node stands on."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import httpx
import pika
import pytest
from pymongo import MongoClient
from pymongo.database import Database

from hinterland.ground import (
    BrokerRefused,
    Management,
    Mongod,
    PortTaken,
    ServerFailed,
    Started,
    free_ports,
    require_free,
    start,
)
from hinterland.testing import NewNode, RabbitServer, Vhost

Documents = Database[dict[str, Any]]


def test_mongod_takes_transactions(database: Documents) -> None:
    """A set of one member commits several writes as one."""
    database.create_collection("numbers")
    with database.client.start_session() as session, session.start_transaction():
        database.numbers.insert_one({"_id": 1}, session=session)
        database.numbers.insert_one({"_id": 2}, session=session)

    assert database.numbers.count_documents({}) == 2


def test_mongod_keeps_its_data_when_it_gets_another_port(tmp_path: Path) -> None:
    """An operator may move a node's mongod to a port that is free."""
    first_port, second_port = free_ports(2)
    for port in (first_port, second_port):
        started = start(Mongod(tmp_path / "mongo", port), tmp_path / "mongod.log")
        with MongoClient[dict[str, Any]](f"mongodb://127.0.0.1:{port}/?replicaSet=hinterland") as c:
            c.kept.starts.insert_one({"port": port})
            starts = c.kept.starts.count_documents({})
        started.stop()

    assert starts == 2


def test_mongod_that_cannot_start_shows_the_end_of_its_log(tmp_path: Path) -> None:
    """A server that ends at once is not waited for."""
    first_port, second_port = free_ports(2)
    first = start(Mongod(tmp_path / "mongo", first_port), tmp_path / "first.log")
    try:
        with pytest.raises(ServerFailed, match=r"ended while it was starting[\s\S]*mongod.lock"):
            start(Mongod(tmp_path / "mongo", second_port), tmp_path / "second.log")
    finally:
        first.stop()


def test_somebody_elses_server_is_not_taken_for_ones_own(
    tmp_path: Path, mongo_server: Started
) -> None:
    """A server is not started on a port where another one answers already."""
    (port,) = mongo_server.server.ports().values()

    with pytest.raises(PortTaken, match="set mongo_port"):
        start(Mongod(tmp_path / "mongo", port), tmp_path / "mongod.log")


def test_a_taken_port_is_reported_with_its_purpose() -> None:
    """Who finds a port taken learns which setting to change."""
    import socket

    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(PortTaken, match=rf"{port}.*the gateway.*set gateway_port"):
            require_free("127.0.0.1", port, "the gateway", "Stop it, or set gateway_port.")


def test_the_broker_runs_the_plugins_that_a_node_needs(management: Management) -> None:
    """Federation and shovels answer on the management API."""
    assert management.get("federation-links") == []
    assert management.get("shovels") == []


def test_the_servers_listen_on_this_machine_only(
    mongo_server: Started, rabbit_server: RabbitServer
) -> None:
    """Neither MongoDB, AMQP, management nor Erlang's distribution is open to the network."""
    ports = [*mongo_server.server.ports().values(), *rabbit_server.broker.ports().values()]

    assert [{"127.0.0.1"}] * len(ports) == [listening_addresses(port) for port in ports]


def listening_addresses(port: int) -> set[str]:
    """The IPv4 addresses, and `::` for any of IPv6, on which somebody listens, as Linux tells."""
    found = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            _, local, _, state, *_ = line.split()
            address, _, local_port = local.partition(":")
            if state == "0A" and int(local_port, 16) == port:
                ipv4 = len(address) == 8
                found.add(socket.inet_ntoa(bytes.fromhex(address)[::-1]) if ipv4 else "::")
    return found


def test_a_wrong_password_is_refused_and_not_waited_for(rabbit_server: RabbitServer) -> None:
    """A broker that does not know the user is told apart from one that is not up yet."""
    address = f"http://127.0.0.1:{rabbit_server.broker.management_port}"
    with (
        Management(address, user="tests", password="wrong") as stranger,
        pytest.raises(BrokerRefused, match="change_password"),
    ):
        stranger.listening(rabbit_server.broker.port)


def test_a_vhost_is_there_for_its_test(vhost: Vhost) -> None:
    """A message that goes into a test's vhost comes out of it."""
    with pika.BlockingConnection(pika.URLParameters(vhost.amqp_uri)) as connection:
        channel = connection.channel()
        channel.queue_declare("letters", exclusive=True)
        channel.basic_publish("", "letters", b"hello")
        _, _, body = channel.basic_get("letters", auto_ack=True)

    assert body == b"hello"


def test_what_is_gone_may_be_deleted_again(management: Management) -> None:
    """Removing a vhost or a user twice is as good as once."""
    management.make_vhost("twice")
    management.make_vhost("twice")
    management.delete_vhost("twice")
    management.delete_vhost("twice")

    with pytest.raises(BrokerRefused, match="404"):
        management.get("vhosts/twice")


def test_nodes_of_a_test_have_vhosts_and_databases_of_their_own(new_node: NewNode) -> None:
    """Two nodes on the same servers do not meet."""
    yunnan, gansu = new_node("yunnan"), new_node("gansu", "CN-GS")

    assert yunnan.vhost != gansu.vhost
    assert yunnan.database("directory") != gansu.database("directory")
    assert httpx.get(yunnan.amqp_management_uri + "/api/overview").status_code == httpx.codes.OK
