"""Links made by the federation plugin itself, with the rights that peers get."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pika
import pytest

from hinterland.ground import Management
from hinterland.links import Address, link_queue
from tests.integration.broker.conftest import Side, TlsBroker, until

PASSWORD = "pass/word of? gansu&"


@pytest.fixture
def gansu(new_side: Callable[[str], Side]) -> Side:
    """The side that pulls."""
    return new_side("gansu")


def link(upstream: Side, downstream: Side, address: Address, pinned: Path | None = None) -> None:
    """Makes `downstream` pull from `upstream`."""
    user = upstream.broker.make_peer(downstream.node, PASSWORD)
    upstream.broker.let_pull(downstream.node, downstream.broker.puller())
    downstream.broker.pull_from(upstream.node, address.uri(user, PASSWORD, pinned))


def plain(side: Side) -> Address:
    parameters = pika.URLParameters(side.amqp_uri)
    return Address.checked("127.0.0.1", parameters.port, side.vhost, side.node, None)


def secure(side: Side, tls_broker: TlsBroker, server_name: str = "yunnan") -> Address:
    authority = tls_broker.own.read_text()
    return Address.checked("127.0.0.1", tls_broker.tls.port, side.vhost, server_name, authority)


def running(side: Side) -> bool:
    return any(link.running for link in side.broker.links())


def failed(side: Side) -> bool:
    return any(link.status == "error" for link in side.broker.links())


@contextmanager
def inbox(side: Side, key: str) -> Iterator[Callable[[], bytes]]:
    """A queue of `side` bound to the feeds, and a function that waits for its next message."""
    with pika.BlockingConnection(pika.URLParameters(side.amqp_uri)) as connection:
        channel = connection.channel()
        queue = channel.queue_declare("", exclusive=True).method.queue
        channel.queue_bind(queue, "hinterland.feeds", key)

        def next_body() -> bytes:
            for _, _, body in channel.consume(queue, auto_ack=True, inactivity_timeout=30):
                assert body is not None, "nothing came within 30 s"
                return bytes(body)
            raise AssertionError("the queue was deleted")

        yield next_body


def bound(upstream: Side, downstream: Side, key: str) -> bool:
    """Whether the binding to `key` has travelled upstream."""
    queue = link_queue(upstream.vhost, downstream.broker.puller())
    bindings = upstream.management.get(
        f"exchanges/{upstream.vhost}/hinterland.feeds/bindings/source"
    )
    return any(
        binding["destination"].startswith(queue) and binding["routing_key"] == key
        for binding in bindings
    )


def connections(side: Side) -> list[dict[str, Any]]:
    """The connections that peers have made to `side`."""
    found = side.management.get(f"vhosts/{side.vhost}/connections")
    return [connection for connection in found if connection["user"].endswith(f".at.{side.node}")]


def publish(side: Side, key: str, body: bytes) -> None:
    with pika.BlockingConnection(pika.URLParameters(side.amqp_uri)) as connection:
        connection.channel().basic_publish("hinterland.feeds", key, body)


def test_nodes_of_one_machine_share_a_broker(new_side: Callable[[str], Side], gansu: Side) -> None:
    """Between two vhosts of one broker, least rights are enough for a link."""
    yunnan = new_side("yunnan")

    link(yunnan, gansu, plain(yunnan))

    with inbox(gansu, "heads.*") as next_body:
        until(lambda: bound(yunnan, gansu, "heads.*"), "the binding to travel")
        publish(yunnan, "heads.yunnan", b"over")
        assert next_body() == b"over"


def test_a_star_relays_through_its_middle(new_side: Callable[[str], Side]) -> None:
    """Three vhosts of one broker: what yunnan publishes reaches gansu through national, once."""
    yunnan, national, gansu = (new_side(node) for node in ("yunnan", "national", "gansu"))
    for province in (yunnan, gansu):
        link(national, province, plain(national))
        link(province, national, plain(province))

    with inbox(gansu, "feed.directory.*") as next_body:
        until(lambda: bound(yunnan, national, "feed.directory.*"), "the binding to travel")
        publish(yunnan, "feed.directory.yunnan", b"first")
        publish(yunnan, "feed.directory.yunnan", b"second")

        assert [next_body(), next_body()] == [b"first", b"second"]


def test_a_link_survives_its_own_restart(
    new_side: Callable[[str], Side], gansu: Side, management: Management
) -> None:
    """Least rights are enough for the plugin to come back to the queue that waited for it."""
    yunnan = new_side("yunnan")
    link(yunnan, gansu, plain(yunnan))
    with inbox(gansu, "heads.*") as next_body:
        until(lambda: bound(yunnan, gansu, "heads.*"), "the binding to travel")
        until(lambda: bool(connections(yunnan)), "the broker to list its connections")
        for connection in connections(yunnan):
            management.delete(f"connections/{quote(connection['name'], safe='')}")

        publish(yunnan, "heads.yunnan", b"while away")

        assert next_body() == b"while away"


def test_what_waits_for_a_peer_is_bounded(
    new_side: Callable[[str], Side], gansu: Side, management: Management
) -> None:
    """The upstream's own policy holds for the link queue, whatever the peer asked for."""
    yunnan = new_side("yunnan")
    link(yunnan, gansu, plain(yunnan))
    queue = link_queue(yunnan.vhost, gansu.broker.puller())

    def limits() -> dict[str, int]:
        for found in management.get(f"queues/{yunnan.vhost}"):
            if found["name"] == queue:
                return dict(found.get("effective_policy_definition") or {})
        return {}

    until(lambda: bool(limits()), "the link queue")

    assert set(limits()) == {"max-length-bytes", "message-ttl", "expires"}


def test_a_link_over_tls_comes_up(tls_side: Side, gansu: Side, tls_broker: TlsBroker) -> None:
    """Two brokers on two ports, the upstream's certificate pinned: messages cross."""
    link(tls_side, gansu, secure(tls_side, tls_broker), tls_broker.own)

    with inbox(gansu, "heads.*") as next_body:
        until(lambda: bound(tls_side, gansu, "heads.*"), "the binding to travel")
        publish(tls_side, "heads.yunnan", b"sealed")
        assert next_body() == b"sealed"
    until(lambda: bool(connections(tls_side)), "the broker to list its connections")
    assert all(connection["ssl"] for connection in connections(tls_side))


def test_a_wrong_certificate_is_refused(tls_side: Side, gansu: Side, tls_broker: TlsBroker) -> None:
    """The same broker, with an authority pinned that has not signed its certificate: no link."""
    link(tls_side, gansu, secure(tls_side, tls_broker), tls_broker.other)

    until(lambda: failed(gansu), "the link to fail")

    (failure,) = gansu.broker.links()
    assert "tls_alert" in failure.error
    assert not running(gansu)


def test_a_certificate_of_another_name_is_refused(
    tls_side: Side, gansu: Side, tls_broker: TlsBroker
) -> None:
    """The certificate must bear the name of the node that is asked for."""
    link(tls_side, gansu, secure(tls_side, tls_broker, "gansu"), tls_broker.own)

    until(lambda: failed(gansu), "the link to fail")

    assert not running(gansu)


def test_a_stopped_link_is_gone(new_side: Callable[[str], Side], gansu: Side) -> None:
    """Who stops pulling has no link left, and stopping twice is as good."""
    yunnan = new_side("yunnan")
    link(yunnan, gansu, plain(yunnan))
    until(lambda: running(gansu), "the link to run")

    gansu.broker.stop_pulling("yunnan")
    gansu.broker.stop_pulling("yunnan")

    assert gansu.broker.links() == []
    until(lambda: not gansu.management.get(f"federation-links/{gansu.vhost}"), "the link to stop")


def test_a_dismissed_peers_link_fails(new_side: Callable[[str], Side], gansu: Side) -> None:
    """The upstream alone can end a link, whatever the downstream's settings."""
    yunnan = new_side("yunnan")
    link(yunnan, gansu, plain(yunnan))
    until(lambda: running(gansu), "the link to run")

    yunnan.broker.dismiss("gansu", gansu.broker.puller())

    until(lambda: failed(gansu), "the link to fail")
    assert not running(gansu)


def test_a_link_says_that_it_cannot_read_what_it_pins(
    tls_side: Side, gansu: Side, tls_broker: TlsBroker
) -> None:
    """Without the pinned authority there is no link, and the operator is told of the file."""
    link(tls_side, gansu, secure(tls_side, tls_broker), tls_broker.own.with_name("missing.crt"))

    until(lambda: failed(gansu), "the link to fail")

    (failure,) = gansu.broker.links()
    assert "enoent" in failure.error
