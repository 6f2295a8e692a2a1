"""The service as a process, on a broker and a database: called as the gateway calls it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import orjson
import pika
import pytest

from hinterland.actors import ANONYMOUS
from hinterland.errors import BadInput, HinterlandError
from hinterland.testing import NewNode
from hinterland.wire import LOCAL_EXCHANGE, changed_key
from services.accounts.contract import KeyRefused
from tests.integration.service_process import ServiceProcess


@pytest.fixture
def accounts(new_node: NewNode, tmp_path: Path) -> Iterator[ServiceProcess]:
    settings = new_node("yunnan")
    command = ["-m", "hinterland.serve", "accounts", "--dir", str(settings.dir)]
    service = ServiceProcess(settings, "accounts", tmp_path / "accounts.log", command)
    service.wait_until_it_says("serving")
    yield service
    service.kill()


def test_a_key_works_until_it_is_revoked(accounts: ServiceProcess) -> None:
    """From the command line's call to the gateway's, and back to nothing."""
    made = accounts.call("create_key", command_id="command-one", name="app", role="partner")
    known = accounts.call("authenticate", actor=ANONYMOUS, key=made["key"])
    accounts.call("revoke_key", command_id="command-two", id=made["id"])

    with pytest.raises(KeyRefused):
        accounts.call("authenticate", actor=ANONYMOUS, key=made["key"])

    assert known["actor"] == {"account": made["account"], "roles": ["partner"], "node": "yunnan"}


def test_a_revoked_key_is_news_to_the_gateway(accounts: ServiceProcess) -> None:
    """Every change is told on the local exchange, with the head that it led to."""
    connection = pika.BlockingConnection(pika.URLParameters(accounts.settings.amqp_uri))
    channel = connection.channel()
    queue = channel.queue_declare("", exclusive=True).method.queue
    channel.queue_bind(queue, LOCAL_EXCHANGE, changed_key())
    made = accounts.call("create_key", command_id="command-one", name="app", role="partner")
    revoked = accounts.call("revoke_key", command_id="command-two", id=made["id"])

    hints = []
    for method, _, body in channel.consume(queue, auto_ack=True):
        hints.append((method.routing_key, orjson.loads(body)))
        if len(hints) == 2:
            break
    connection.close()

    assert [key for key, _ in hints] == ["changed.accounts"] * 2
    assert [hint["head"] for _, hint in hints] == [made["head"], revoked["head"]]
    assert hints[1][1]["changes"] == [
        {"id": made["id"], "kind": "key", "scope": "private", "op": "put", "n": 3}
    ]


def test_a_private_room_follows_nobody(accounts: ServiceProcess) -> None:
    """It has no feeds to show, and no queue in which peers' messages would gather."""
    status = accounts.call("feed_status")
    connection = pika.BlockingConnection(pika.URLParameters(accounts.settings.amqp_uri))

    with pytest.raises(pika.exceptions.ChannelClosedByBroker) as missing:
        connection.channel().queue_declare("follow.accounts", passive=True)

    assert (status["service"], status["feeds"]) == ("accounts", [])
    assert missing.value.reply_code == 404
    connection.close()


def test_wrong_arguments_are_named(accounts: ServiceProcess) -> None:
    """The contract is enforced before anything else happens."""
    with pytest.raises(BadInput) as refused:
        accounts.call("create_key", command_id="command-one", name="app", role="emperor")

    assert refused.value.field == "role"


def test_status_is_for_staff(accounts: ServiceProcess) -> None:
    """An anonymous caller learns nothing about the feeds."""
    with pytest.raises(HinterlandError) as refused:
        accounts.call("feed_status", actor=ANONYMOUS)

    assert refused.value.details["code"] == "NOT_ALLOWED"
