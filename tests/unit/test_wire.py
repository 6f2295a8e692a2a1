"""What crosses between a caller and a nameko service."""

from __future__ import annotations

import orjson
import pytest

from hinterland.actors import ANONYMOUS, Actor
from hinterland.errors import HinterlandError, StaleVersion, Unavailable
from hinterland.wire import ServiceFailed, decode_reply, encode_call, reply_queue, routing_key


def reply(result: object = None, error: object = None) -> bytes:
    return orjson.dumps({"result": result, "error": error})


def failure(exc_type: str, *exc_args: object) -> dict[str, object]:
    """As `nameko.exceptions.serialize` writes it."""
    return {
        "exc_type": exc_type,
        "exc_path": f"somewhere.{exc_type}",
        "exc_args": list(exc_args),
        "value": str(exc_args),
    }


def test_a_call_is_two_positional_arguments() -> None:
    """nameko checks the signature, so both are always there."""
    actor = Actor(account="a1", roles=frozenset({"editor", "partner"}), node="yunnan")

    assert orjson.loads(encode_call(actor, {"ids": ["x"]})) == {
        "args": [
            {"account": "a1", "roles": ["editor", "partner"], "node": "yunnan"},
            {"ids": ["x"]},
        ],
        "kwargs": {},
    }
    assert orjson.loads(encode_call(ANONYMOUS, {}))["args"][1] == {}
    assert routing_key("directory", "get_ngos") == "directory.get_ngos"
    assert reply_queue("gateway", "1f") == "rpc.reply-gateway-1f"


def test_a_result_comes_back() -> None:
    """Also one that is null."""
    assert decode_reply(reply({"head": 7})) == {"head": 7}
    assert decode_reply(reply(None)) is None


def test_an_error_comes_back_as_the_class_of_its_code() -> None:
    """The class is found by the code, whatever the service called it."""
    error = failure("Whatever", "Too late.", {"code": "STALE_VERSION", "field": "version"})

    with pytest.raises(StaleVersion) as raised:
        decode_reply(reply(error=error))

    assert raised.value.message == "Too late."
    assert raised.value.field == "version"
    assert str(raised.value) == "version: Too late."


def test_a_code_that_the_caller_does_not_know_is_kept() -> None:
    """A newer service may say something new."""
    with pytest.raises(HinterlandError) as raised:
        decode_reply(reply(error=failure("New", "Full.", {"code": "NO_SEATS", "left": 0})))

    assert raised.value.details == {"code": "NO_SEATS", "left": 0}


def test_a_failure_without_a_code_tells_the_log_and_not_the_caller() -> None:
    """A traceback's text may hold secrets."""
    with pytest.raises(ServiceFailed) as raised:
        decode_reply(reply(error=failure("KeyError", "mongodb://admin:secret@db")))

    assert "secret" in raised.value.cause
    assert "secret" not in f"{raised.value} {raised.value.args}"


def test_a_method_that_the_service_does_not_know_is_unavailable() -> None:
    """Gateway and services are upgraded one after the other."""
    with pytest.raises(Unavailable):
        decode_reply(reply(error=failure("MethodNotFound", "merge_ngos")))


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b"{}", b"\xff", b'{"error": 3}'])
def test_garbage_is_a_failed_service(body: bytes) -> None:
    """Whatever else a message on the reply queue says."""
    with pytest.raises(ServiceFailed):
        decode_reply(body)
