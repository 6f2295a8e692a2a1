"""Links between nodes as they run: brokers of their own, joined over TLS; and their end."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from typing import Any, Final
from urllib.parse import urlsplit

import pika
import pytest
from pika.adapters.blocking_connection import BlockingChannel
from pika.exceptions import AMQPConnectionError, ChannelClosedByBroker
from pymongo import MongoClient

from hinterland.bus.names import FEEDS_EXCHANGE, feed_key
from hinterland.config.certificate import authority
from hinterland.ground import Management
from hinterland.links import Puller, link_queue, peer_user
from tests.acceptance.nodes import Node, eventually, link_to
from tests.acceptance.test_replication import register

NGOS: Final = "{ ngos(first: 100, orderBy: UPDATED) { nodes { name home } } }"


@pytest.fixture(scope="module")
def hunan(federation: list[Node], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    """A fourth member, who will be expelled by the last test."""
    node = Node(tmp_path_factory.mktemp("hunan"), "hunan", "CN-HN")
    try:
        node.init()
        node.start()
        node.wait_until_ready()
        node.join(federation[0])
        yield node
    finally:
        node.stop()


def upstream_of(node: Node, peer: str) -> str:
    """The address from which `node` pulls the feeds of `peer`, as its broker has it."""
    settings = node.settings
    with Management(settings.amqp_management_uri) as management:
        path = f"parameters/federation-upstream/{settings.vhost}/{peer}"
        return str(management.get(path)["value"]["uri"])


def peer_parameters(upstream: Node, peer: str, password: str) -> pika.ConnectionParameters:
    """How the broker of `peer` comes to `upstream`: over TLS, believing its authority alone."""
    settings = upstream.settings
    context = ssl.create_default_context(cadata=authority(settings.certificate_path.read_bytes()))
    return pika.ConnectionParameters(
        "127.0.0.1",
        settings.broker_tls_port,
        settings.vhost,
        pika.PlainCredentials(peer_user(peer, upstream.id), password),
        ssl_options=pika.SSLOptions(context, upstream.id),
    )


def test_nodes_are_linked_over_tls(federation: list[Node]) -> None:
    """Every link runs between brokers of their own, sealed, with the peer's authority pinned."""
    national, *provinces = federation
    for province in provinces:
        for node, peer in ((national, province), (province, national)):
            eventually(
                lambda n=node, p=peer: link_to(n, p.id), lambda link: link["status"] == "running"
            )
            uri = urlsplit(upstream_of(node, peer.id))
            assert uri.scheme == "amqps"
            assert uri.port == peer.settings.broker_tls_port
            assert "verify=verify_peer" in uri.query


def test_a_peers_broker_reads_the_feeds_and_nothing_else(federation: list[Node]) -> None:
    """With the password that a member's broker really uses, anything but reading is refused."""
    national, yunnan, _ = federation
    password = urlsplit(upstream_of(yunnan, "national")).password or ""
    queue = link_queue("national", Puller("yunnan", "yunnan"))
    with pika.BlockingConnection(peer_parameters(national, "yunnan", password)) as connection:
        connection.channel().queue_bind(queue, FEEDS_EXCHANGE, "nothing")
        connection.channel().queue_unbind(queue, FEEDS_EXCHANGE, "nothing")

        for deed in REFUSED:
            channel = connection.channel()
            channel.confirm_delivery()
            with pytest.raises(ChannelClosedByBroker) as refused:
                deed(channel)
            assert refused.value.reply_code == 403


REFUSED: Final[tuple[Callable[[BlockingChannel], object], ...]] = (
    lambda channel: channel.basic_publish(FEEDS_EXCHANGE, "feed.directory.gansu", b""),
    lambda channel: channel.basic_publish("nameko-rpc", "federation.expel", b""),
    lambda channel: channel.basic_publish("", "rpc-federation", b""),
    lambda channel: channel.exchange_delete(FEEDS_EXCHANGE),
    lambda channel: channel.queue_declare("another"),
    lambda channel: channel.queue_bind("follow.directory", FEEDS_EXCHANGE, "#"),
    lambda channel: channel.basic_get("follow.directory"),
    lambda channel: channel.queue_purge("rpc-directory"),
    lambda channel: channel.basic_get(link_queue("national", Puller("gansu", "gansu"))),
)


def test_another_authority_than_the_nodes_is_not_believed(federation: list[Node]) -> None:
    """Whoever pins the authority of one node refuses the broker of another."""
    national, yunnan, _ = federation
    parameters = peer_parameters(national, "yunnan", "any")
    wrong = ssl.create_default_context(
        cadata=authority(yunnan.settings.certificate_path.read_bytes())
    )
    parameters.ssl_options = pika.SSLOptions(wrong, "national")

    with pytest.raises((AMQPConnectionError, ssl.SSLCertVerificationError)):
        pika.BlockingConnection(parameters)


def latest_batch(node: Node) -> bytes:
    """The last batch of this node's own directory."""
    settings = node.settings
    with MongoClient[dict[str, Any]](settings.mongo_uri) as client:
        batches = client[settings.database("directory")]["batches"]
        found = batches.find_one({"feed": f"{node.id}/directory"}, sort=[("first", -1)])
    assert found is not None
    return bytes(found["frame"])


def names(node: Node, home: str) -> set[str]:
    found = node.graphql(NGOS)["ngos"]["nodes"]
    return {ngo["name"] for ngo in found if ngo["home"] == home}


def refused(node: Node) -> int:
    """How many batches of hunan's directory this node says that it has refused."""
    key = feed_key("directory", "hunan")
    return sum(each["count"] for each in node.status()["dropped"] if each["sender"] == key)


def hand_over(node: Node, batch: bytes) -> None:
    """Puts a batch of hunan's directory on the feeds of `node`, as a relay could."""
    with pika.BlockingConnection(pika.URLParameters(node.settings.amqp_uri)) as connection:
        connection.channel().basic_publish(FEEDS_EXCHANGE, feed_key("directory", "hunan"), batch)


def test_an_expelled_nodes_later_edits_are_refused_everywhere(
    federation: list[Node], hunan: Node
) -> None:
    """What hunan wrote before still counts; what it writes after it counts nowhere, even where
    somebody hands it on; and its way into the brokers is gone."""
    national, *_ = federation
    register(hunan, "湘江守望")
    for node in federation:
        eventually(lambda n=node: names(n, "hunan"), lambda found: found == {"湘江守望"})

    national.cli("federation", "expel", "hunan", "--yes", "--note", "its key was stolen")
    register(hunan, "湘江守望之后")

    for node in federation:
        eventually(
            lambda n=node: {m["node"]: m["expelled_at"] for m in n.status()["members"]},
            lambda members: bool(members["hunan"]),
        )
        before = refused(node)
        hand_over(node, latest_batch(hunan))
        eventually(lambda n=node: refused(n), lambda count, b=before: count > b)
        assert names(node, "hunan") == {"湘江守望"}
    assert link_to(national, "hunan")["status"] == "none"
    eventually(lambda: link_to(hunan, "national")["status"], "running".__ne__)
    password = urlsplit(upstream_of(hunan, "national")).password or ""
    with pytest.raises(AMQPConnectionError):
        pika.BlockingConnection(peer_parameters(national, "hunan", password))
