"""What the user of a peer may do at our broker: read the feeds, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import httpx
import pika
import pytest
from pika.adapters.blocking_connection import BlockingChannel
from pika.exceptions import (
    AMQPConnectionError,
    AMQPError,
    ChannelClosedByBroker,
    ProbableAccessDeniedError,
    ProbableAuthenticationError,
)

from hinterland.broker import PEER_CONNECTIONS_MAX
from hinterland.links import BadAddress, Puller, link_queue, peer_user
from hinterland.testing import RabbitServer
from tests.integration.broker.conftest import Side, until

PASSWORD = "a password / of gansu"
OTHERS_QUEUE = link_queue("yunnan", Puller("tests", "hunan"))


@pytest.fixture
def yunnan(new_side: Callable[[str], Side]) -> Side:
    """The upstream, with queues and exchanges of its own that are nobody else's business."""
    side = new_side("yunnan")
    with pika.BlockingConnection(pika.URLParameters(side.amqp_uri)) as connection:
        channel = connection.channel()
        channel.exchange_declare("hinterland.local", "topic", durable=True)
        channel.exchange_declare("nameko-rpc", "topic", durable=True)
        for queue in ("rpc-directory", "follow.directory", OTHERS_QUEUE):
            channel.queue_declare(queue, durable=True)
    return side


@pytest.fixture
def gansu(yunnan: Side) -> Puller:
    """Who pulls: a vhost of the same machine's broker."""
    puller = Puller("tests", "gansu")
    yunnan.broker.make_peer("gansu", PASSWORD)
    yunnan.broker.let_pull("gansu", puller)
    return puller


def parameters(side: Side, vhost: str | None = None) -> pika.ConnectionParameters:
    port = urlsplit(side.amqp_uri).port or 0
    credentials = pika.PlainCredentials(peer_user("gansu", "yunnan"), PASSWORD)
    return pika.ConnectionParameters(
        "127.0.0.1", port, vhost or side.vhost, credentials, heartbeat=0
    )


@pytest.fixture
def channel(yunnan: Side, gansu: Puller) -> Iterator[BlockingChannel]:
    """A channel of gansu's user at yunnan."""
    connection = pika.BlockingConnection(parameters(yunnan))
    yield connection.channel()
    if connection.is_open:
        connection.close()


@pytest.fixture
def queue(yunnan: Side, gansu: Puller) -> str:
    return link_queue(yunnan.vhost, gansu)


def test_a_peer_can_read_the_feeds(yunnan: Side, channel: BlockingChannel, queue: str) -> None:
    """What the federation plugin does is allowed, step by step."""
    channel.queue_declare(queue, durable=True, arguments={"x-internal-purpose": "federation"})
    for suffix in (" A", " B"):
        channel.exchange_declare(
            queue + suffix, "topic", durable=True, internal=True, auto_delete=True
        )
        channel.queue_bind(queue, queue + suffix, "")
        channel.exchange_bind(queue + suffix, "hinterland.feeds", "heads.*")
    channel.exchange_delete(queue + " A")
    channel.queue_bind(queue, "hinterland.feeds", "heads.*")
    with pika.BlockingConnection(pika.URLParameters(yunnan.amqp_uri)) as admin:
        admin.channel().basic_publish("hinterland.feeds", "heads.yunnan", b"head")

    _, _, body = next(channel.consume(queue, inactivity_timeout=30))

    assert body == b"head"


Deed = Callable[[BlockingChannel, str], object]


REFUSED: dict[str, Deed] = {
    "publish to the feeds": lambda c, q: c.basic_publish("hinterland.feeds", "feed.map.hunan", b""),
    "call a service": lambda c, q: c.basic_publish("nameko-rpc", "federation.expel", b""),
    "publish to a queue": lambda c, q: c.basic_publish("", "rpc-directory", b""),
    "publish locally": lambda c, q: c.basic_publish("hinterland.local", "changed.map", b""),
    "publish to a standard exchange": lambda c, q: c.basic_publish("amq.topic", "x", b""),
    "feed the feeds": lambda c, q: c.exchange_bind("hinterland.feeds", "amq.topic", "#"),
    "feed the feeds from its own": lambda c, q: (
        own_exchange(c, q) and c.exchange_bind("hinterland.feeds", f"{q} A", "#")
    ),
    "read what is local": lambda c, q: own(c, q) and c.queue_bind(q, "hinterland.local", "#"),
    "read calls": lambda c, q: own(c, q) and c.queue_bind(q, "nameko-rpc", "#"),
    "read the broker's log": lambda c, q: own(c, q) and c.queue_bind(q, "amq.rabbitmq.log", "#"),
    "bind a queue": lambda c, q: c.queue_bind("follow.directory", "hinterland.feeds", "#"),
    "unbind a queue": lambda c, q: c.queue_unbind("follow.directory", "hinterland.feeds", "#"),
    "unbind an exchange": lambda c, q: c.exchange_unbind("amq.topic", "hinterland.feeds", "#"),
    "read a queue": lambda c, q: c.basic_get("follow.directory"),
    "read another's link queue": lambda c, q: c.basic_get(OTHERS_QUEUE),
    "purge a queue": lambda c, q: c.queue_purge("follow.directory"),
    "delete a queue": lambda c, q: c.queue_delete("follow.directory"),
    "delete another's link queue": lambda c, q: c.queue_delete(OTHERS_QUEUE),
    "delete the feeds": lambda c, q: c.exchange_delete("hinterland.feeds"),
    "declare a queue": lambda c, q: c.queue_declare("more"),
    "declare a queue that the broker names": lambda c, q: c.queue_declare(""),
    "declare a third link exchange": lambda c, q: c.exchange_declare(f"{q} C", "topic"),
    "declare before the pattern": lambda c, q: c.queue_declare(f"x{q}"),
    "declare past a dot": lambda c, q: c.queue_declare(q.replace(".", "-")),
    "declare an exchange": lambda c, q: c.exchange_declare("more", "topic"),
    "dead-letter to the feeds": lambda c, q: own(
        c, q, {"x-dead-letter-exchange": "hinterland.feeds"}
    ),
    "dead-letter to a queue": lambda c, q: own(
        c, q, {"x-dead-letter-exchange": "", "x-dead-letter-routing-key": "rpc-directory"}
    ),
    "publish through an alternate exchange": lambda c, q: own_exchange(
        c, q, {"alternate-exchange": "hinterland.feeds"}
    ),
}


@pytest.mark.parametrize("deed", REFUSED.values(), ids=REFUSED)
def test_a_peer_can_do_nothing_else(channel: BlockingChannel, queue: str, deed: Deed) -> None:
    """Every other operation closes the channel with ACCESS_REFUSED."""
    channel.confirm_delivery()

    with pytest.raises(ChannelClosedByBroker) as refused:
        deed(channel, queue)

    assert refused.value.reply_code == 403


def own(channel: BlockingChannel, queue: str, arguments: dict[str, str] | None = None) -> object:
    return channel.queue_declare(queue, durable=True, arguments=arguments)


def own_exchange(
    channel: BlockingChannel, queue: str, arguments: dict[str, str] | None = None
) -> object:
    return channel.exchange_declare(f"{queue} A", "topic", arguments=arguments)


def test_a_peer_has_no_other_vhost(
    yunnan: Side, gansu: Puller, new_side: Callable[[str], Side]
) -> None:
    """Neither the default vhost nor another node's lets it in."""
    for vhost in ("/", new_side("hunan").vhost):
        with pytest.raises((ProbableAccessDeniedError, AMQPConnectionError)):
            pika.BlockingConnection(parameters(yunnan, vhost))


def test_a_peer_has_no_management(yunnan: Side, gansu: Puller, rabbit_server: RabbitServer) -> None:
    """The management API knows the user and shows it nothing."""
    address = f"http://127.0.0.1:{rabbit_server.broker.management_port}/api/queues"

    answer = httpx.get(address, auth=(peer_user("gansu", "yunnan"), PASSWORD), trust_env=False)

    assert answer.status_code == 401


def test_a_peer_has_few_connections(yunnan: Side, gansu: Puller) -> None:
    """One peer cannot use up the broker's connections."""
    opened = [pika.BlockingConnection(parameters(yunnan)) for _ in range(PEER_CONNECTIONS_MAX)]

    with pytest.raises(AMQPError):
        pika.BlockingConnection(parameters(yunnan))

    for connection in opened:
        connection.close()


def test_a_peer_that_was_made_may_do_nothing_yet(yunnan: Side) -> None:
    """Before it is known who pulls, the user cannot even enter the vhost."""
    yunnan.broker.make_peer("gansu", PASSWORD)

    with pytest.raises((ProbableAccessDeniedError, AMQPConnectionError)):
        pika.BlockingConnection(parameters(yunnan))


def test_a_dismissed_peer_is_out_at_once(
    yunnan: Side, gansu: Puller, channel: BlockingChannel, queue: str
) -> None:
    """Its connection is closed, its queue is gone, and it cannot come back."""
    own(channel, queue)

    yunnan.broker.dismiss("gansu", gansu)

    until(lambda: not still_open(channel), "the peer's connection to close")
    names = [q["name"] for q in yunnan.management.get(f"queues/{yunnan.vhost}")]
    assert queue not in names
    with pytest.raises(ProbableAuthenticationError):
        pika.BlockingConnection(parameters(yunnan))


def still_open(channel: BlockingChannel) -> bool:
    try:
        channel.connection.process_data_events()
    except AMQPError:
        return False
    return bool(channel.connection.is_open)


def test_dismissing_twice_is_as_good(yunnan: Side, gansu: Puller) -> None:
    """Who is gone already is no error."""
    yunnan.broker.dismiss("gansu", gansu)
    yunnan.broker.dismiss("gansu", gansu)

    assert yunnan.broker.links() == []


@pytest.mark.parametrize("name", ["", "gan su", "a:b", "gansu\n", "$(x)", "x" * 101])
def test_a_name_that_could_be_another_s_is_refused(name: str) -> None:
    """Colons and spaces would let one peer's queue name contain another's."""
    with pytest.raises(BadAddress):
        Puller.checked(name, "gansu")
    with pytest.raises(BadAddress):
        Puller.checked("gansu", name)
