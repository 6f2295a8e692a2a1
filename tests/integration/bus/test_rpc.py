"""Calls: what arrives, what comes back, and that it is nameko's format on the wire."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import orjson
import pika
import pytest

from hinterland.errors import BadInput, HinterlandError, Inapplicable, Unavailable
from hinterland.wire import RPC_EXCHANGE
from tests.integration.service_process import LIMIT_S, OPERATOR, ServiceProcess

NAMEKO_CLIENT = """
import sys
from nameko.standalone.rpc import ClusterRpcProxy
with ClusterRpcProxy({"AMQP_URI": sys.argv[1]}, timeout=20) as cluster:
    print(cluster.notes.add(20, two=22))
    for call in (cluster.notes.nothing, cluster.notes.add, lambda: cluster.notes.refuse({}, {})):
        try:
            call()
        except Exception as error:
            print(type(error).__name__, error)
"""


class RawCaller:
    """Publishes any bytes as a call, and returns the reply as it is."""

    def __init__(self, amqp_uri: str) -> None:
        self.connection = pika.BlockingConnection(pika.URLParameters(amqp_uri))
        self.channel = self.connection.channel()
        self.queue = self.channel.queue_declare("", exclusive=True).method.queue
        self.channel.queue_bind(self.queue, RPC_EXCHANGE, "raw")

    def call(
        self, method: str, body: bytes, content_type: str = "application/json"
    ) -> tuple[Any, Any]:
        """The reply's properties, and its body as JSON."""
        properties = pika.BasicProperties(
            content_type=content_type, reply_to="raw", correlation_id="one"
        )
        self.channel.basic_publish(RPC_EXCHANGE, f"notes.{method}", body, properties)
        for _, replied, reply in self.channel.consume(self.queue, auto_ack=True):
            return replied, orjson.loads(reply)
        raise AssertionError("the queue has ended")


@pytest.fixture
def raw(notes: ServiceProcess) -> Iterator[RawCaller]:
    caller = RawCaller(notes.settings.amqp_uri)
    yield caller
    caller.connection.close()


def test_the_actor_and_the_parameters_arrive(notes: ServiceProcess) -> None:
    """What the caller passes is what the method sees."""
    answer = notes.call("who", question="谁")

    assert answer == {
        "account": OPERATOR.account,
        "roles": ["operator"],
        "params": {"question": "谁"},
    }


def test_a_reply_has_the_format_of_nameko(raw: RawCaller) -> None:
    """nameko's own clients read the reply: its fields, its encoding, its correlation id."""
    properties, reply = raw.call("add", b'{"args": [20], "kwargs": {"two": 22}}')

    assert (properties.content_type, properties.content_encoding) == ("application/json", "utf-8")
    assert properties.correlation_id == "one"
    assert reply == {"result": 42, "error": None}


def test_nameko_itself_calls_the_service(notes: ServiceProcess) -> None:
    """nameko's own client gets results and errors, those of nameko as what they are."""
    ended = subprocess.run(
        [sys.executable, "-c", NAMEKO_CLIENT, notes.settings.amqp_uri],
        capture_output=True,
        text=True,
        check=False,
        timeout=LIMIT_S,
    )

    assert ended.stdout.splitlines() == [
        "42",
        "MethodNotFound nothing",
        "IncorrectSignature missing a required argument: 'one'",
        "RemoteError Inapplicable state: Not in this state.",
    ], ended.stderr


def test_a_refusal_keeps_its_message_and_its_details(notes: ServiceProcess) -> None:
    """An error of ours reaches the caller as the class that was raised."""
    with pytest.raises(Inapplicable) as refused:
        notes.call("refuse")

    assert refused.value.message == "Not in this state."
    assert refused.value.details == {"code": "INAPPLICABLE", "field": "state", "tries": 3}


def test_an_unexpected_error_tells_the_caller_nothing_but_where_to_look(
    notes: ServiceProcess,
) -> None:
    """The traceback is in the log, under the reference that the caller was given."""
    with pytest.raises(HinterlandError) as failed:
        notes.call("fail")

    assert failed.value.details["code"] == "INTERNAL"
    assert "secret" not in str(failed.value.args)
    assert notes.count(failed.value.details["reference"]) == 1
    assert notes.count("KeyError: 'a secret of the service'") == 1


def test_a_result_that_is_not_json_is_an_error_of_the_service(notes: ServiceProcess) -> None:
    """The caller is answered, and the service goes on."""
    with pytest.raises(HinterlandError) as failed:
        notes.call("return_nonsense")

    assert failed.value.details["code"] == "INTERNAL"
    assert notes.call("who")["account"] == OPERATOR.account


def test_wrong_parameters_are_named(notes: ServiceProcess) -> None:
    """A parameter that the contract refuses comes back with its name."""
    with pytest.raises(BadInput) as refused:
        notes.call("write_note", command_id="one", text="x" * 1_001)

    assert refused.value.field == "text"


RUBBISH = [
    (b"{not json", "application/json", "MalformedRequest"),
    (b"[" * 100_000, "application/json", "MalformedRequest"),
    (b"[]", "application/json", "MalformedRequest"),
    (b'{"args": []}', "application/json", "MalformedRequest"),
    (b'{"args": {}, "kwargs": []}', "application/json", "MalformedRequest"),
    (b"\x80\x04.", "application/x-python-serialize", "MalformedRequest"),
    (b'{"args": [], "kwargs": {}}', "application/json", "IncorrectSignature"),
    (b'{"args": [1, 2, 3], "kwargs": {}}', "application/json", "IncorrectSignature"),
    (b'{"args": ["nobody", {}], "kwargs": {}}', "application/json", "BadInput"),
    (b'{"args": [{"roles": [[]]}, {}], "kwargs": {}}', "application/json", "BadInput"),
]


def test_rubbish_is_answered_by_name(raw: RawCaller) -> None:
    """Whatever is sent, the caller learns what was wrong with it, and the service lives."""
    replies = [raw.call("who", body, content_type)[1] for body, content_type, _ in RUBBISH]
    _, sound = raw.call("add", b'{"args": [1], "kwargs": {}}')

    assert [reply["error"]["exc_type"] for reply in replies] == [error for *_, error in RUBBISH]
    assert sound["result"] == 2


def test_an_unknown_method_is_answered_as_nameko_does(raw: RawCaller) -> None:
    """A newer caller than the service learns at once that there is no such method."""
    _, reply = raw.call("nothing", b'{"args": [], "kwargs": {}}')

    assert reply["error"]["exc_path"] == "nameko.exceptions.MethodNotFound"


def test_a_service_calls_another_and_gets_its_errors(notes: ServiceProcess) -> None:
    """An error travels through two services unchanged."""
    answer = notes.call("ask", service="notes", method="who", params={"a": 1})
    with pytest.raises(Inapplicable) as refused:
        notes.call("ask", service="notes", method="refuse", params={})

    assert answer == {"account": None, "roles": ["operator"], "params": {"a": 1}}
    assert refused.value.details["tries"] == 3


def test_a_call_to_a_service_that_is_not_there_fails_at_once(notes: ServiceProcess) -> None:
    """The broker sends the call back, so nobody waits for its deadline."""
    with pytest.raises(Unavailable, match="nobody is not running"):
        notes.call("ask", service="nobody", method="who", params={})


def test_a_repeated_command_returns_its_first_result(notes: ServiceProcess) -> None:
    """A command with a known id changes nothing."""
    first = notes.call("write_note", command_id="one", text="a")
    again = notes.call("write_note", command_id="one", text="b")

    assert again == first
    assert notes.call("get_notes")["notes"] == {first["id"]: "a"}
