"""nameko's RPC format on the wire, for callers that are not nameko: the gateway, the command line.

A call is published to the exchange `nameko-rpc` with the routing key `<service>.<method>`; its
answer comes back over the same exchange under the routing key that `reply_to` names, so the reply
queue has to be bound there. Every Hinterland method takes two positional arguments, the actor and
the parameters. Nothing in here does I/O.

The format is that of nameko 2.14.1, `nameko/rpc.py`: `MethodProxy._call` and
`Responder.send_response`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import orjson

from hinterland.actors import Actor
from hinterland.errors import HinterlandError, Unavailable

__all__ = [
    "CONTENT_ENCODING",
    "CONTENT_TYPE",
    "LOCAL_EXCHANGE",
    "REPLY_BYTES_MAX",
    "RPC_EXCHANGE",
    "ServiceFailed",
    "changed_key",
    "decode_reply",
    "encode_call",
    "error_from_wire",
    "reply_queue",
    "routing_key",
]

RPC_EXCHANGE: Final = "nameko-rpc"  # topic, durable
LOCAL_EXCHANGE: Final = "hinterland.local"  # topic, durable: what services of one node tell others
CONTENT_TYPE: Final = "application/json"
CONTENT_ENCODING: Final = "utf-8"
REPLY_BYTES_MAX: Final = 32 * 1024 * 1024  # a page of 100 records of 256 KiB, and some


class ServiceFailed(HinterlandError):
    """A service of this node failed on this call. Its log says why."""

    code = "INTERNAL"

    def __init__(self, cause: str) -> None:
        """`cause` is for logs: it may hold what a caller must not see, so it is no detail."""
        super().__init__()
        self.cause = cause


def routing_key(service: str, method: str) -> str:
    return f"{service}.{method}"


def reply_queue(caller: str, reply_to: str) -> str:
    """The name of the caller's reply queue; it is bound to `RPC_EXCHANGE` under `reply_to`."""
    return f"rpc.reply-{caller}-{reply_to}"


def changed_key(service: str = "*") -> str:
    """The key that a service publishes its changes under; by default, a binding to all."""
    return f"changed.{service}"


def encode_call(actor: Actor, params: Mapping[str, Any]) -> bytes:
    return orjson.dumps({"args": [actor.to_wire(), params], "kwargs": {}})


def decode_reply(body: bytes) -> Any:
    """The result that a service replied with; raises the error that it replied with.

    An error that carries a code comes back as the class that declares this code, or else as a plain
    `HinterlandError` whose details hold it. Everything else is `ServiceFailed`.
    """
    if len(body) > REPLY_BYTES_MAX:
        raise ServiceFailed(f"a reply of {len(body)} bytes")
    try:
        reply = orjson.loads(body)
        error = reply.get("error")
        if error is None:
            return reply["result"]
    except (ValueError, AttributeError, KeyError) as fault:
        raise ServiceFailed(f"a reply that is not nameko's: {fault}") from fault
    raise error_from_wire(error)


def error_from_wire(error: Any) -> HinterlandError:
    """The error that nameko serialised as `{exc_type, exc_path, exc_args, value}`."""
    if not isinstance(error, Mapping):
        return ServiceFailed(f"an error that is not nameko's: {error!r}")
    match error.get("exc_args"):
        case [str(message), {"code": str(code), **details}]:
            kind = _class_of(code)
            return kind.__new__(kind, message, {"code": code, **details})
    if error.get("exc_type") == "MethodNotFound":
        return Unavailable("This node's service is older than the question. Upgrade the node.")
    return ServiceFailed(f"{error.get('exc_path')}: {error.get('value')}")


def _class_of(code: str) -> type[HinterlandError]:
    """By its code alone: the caller need not know, nor be written in, the service's language."""
    for kind in _subclasses(HinterlandError):
        if kind.__dict__.get("code") == code and kind is not ServiceFailed:
            return kind
    return HinterlandError


def _subclasses(kind: type[HinterlandError]) -> Iterator[type[HinterlandError]]:
    for subclass in kind.__subclasses__():
        yield subclass
        yield from _subclasses(subclass)
