"""Exchanges and queues as they are declared, each queue with its limit.

Whoever declares one of these declares it from here: a second opinion about an argument is a
connection error.
"""

from __future__ import annotations

from typing import Any, Final

from kombu import Exchange, Queue, binding

from hinterland.bus.names import (
    FEEDS_EXCHANGE,
    LOCAL_EXCHANGE,
    RPC_EXCHANGE,
    changed_key,
    feed_key,
    follow_queue_name,
    give_key,
    heads_key,
    reactions_queue_name,
    rpc_queue_name,
    want_key,
)
from hinterland.identity import FEDERATION_SERVICE

__all__ = [
    "FOLLOW_QUEUE_BYTES_MAX",
    "REACTIONS_QUEUE_MESSAGES_MAX",
    "REPLY_QUEUE_EXPIRES_MS",
    "RPC_QUEUE_BYTES_MAX",
    "RPC_QUEUE_EXPIRES_MS",
    "RPC_QUEUE_MESSAGES_MAX",
    "feeds_exchange",
    "follow_queue",
    "local_exchange",
    "reactions_queue",
    "reply_queue",
    "rpc_exchange",
    "rpc_queue",
]

# A full queue drops its oldest messages. That hurts nobody: feeds repair themselves from heads, a
# reaction computes from current state, and who called first has given up first.
FOLLOW_QUEUE_BYTES_MAX: Final = 64 * 1024 * 1024
REACTIONS_QUEUE_MESSAGES_MAX: Final = 1_000  # hints; one would do
RPC_QUEUE_MESSAGES_MAX: Final = 10_000  # calls to one service that nobody has taken yet
RPC_QUEUE_BYTES_MAX: Final = 64 * 1024 * 1024

# The queue of a service that nobody serves any more goes away, so that its callers are told at
# once ("no such service") instead of waiting for an answer.
RPC_QUEUE_EXPIRES_MS: Final = 60_000
REPLY_QUEUE_EXPIRES_MS: Final = 60_000  # after its caller has gone


def rpc_exchange() -> Exchange:
    return Exchange(RPC_EXCHANGE, type="topic", durable=True)


def feeds_exchange() -> Exchange:
    return Exchange(FEEDS_EXCHANGE, type="topic", durable=True)


def local_exchange() -> Exchange:
    return Exchange(LOCAL_EXCHANGE, type="topic", durable=True)


def rpc_queue(service: str) -> Queue:
    """Calls to any instance of `service`."""
    return Queue(
        rpc_queue_name(service),
        rpc_exchange(),
        routing_key=f"{service}.*",
        durable=True,
        queue_arguments={
            "x-max-length": RPC_QUEUE_MESSAGES_MAX,
            "x-max-length-bytes": RPC_QUEUE_BYTES_MAX,
            "x-expires": RPC_QUEUE_EXPIRES_MS,
        },
    )


def reply_queue(caller: str, reply_to: str) -> Queue:
    """Answers to one process; `reply_to` is its own routing key."""
    return Queue(
        f"rpc.reply-{caller}-{reply_to}",
        rpc_exchange(),
        routing_key=reply_to,
        durable=False,
        auto_delete=False,
        queue_arguments={"x-expires": REPLY_QUEUE_EXPIRES_MS},
    )


def follow_queue(service: str, node: str) -> Queue:
    """Everything that concerns the replication of `service` at `node`.

    Of all instances of the service one is served, the others stand by: batches are applied in
    order, by one.
    """
    keys = (
        feed_key(service, "*"),
        heads_key("*"),
        want_key(service, node),
        give_key(service, node),
    )
    return _in_order(
        follow_queue_name(service),
        [
            *(binding(feeds_exchange(), routing_key=key) for key in keys),
            # Another membership changes who may write here.
            binding(local_exchange(), routing_key=changed_key(FEDERATION_SERVICE)),
        ],
        {"x-max-length-bytes": FOLLOW_QUEUE_BYTES_MAX},
    )


def reactions_queue(service: str, sources: tuple[str, ...]) -> Queue:
    """Hints that one of `sources`, rooms of the same node, has changed."""
    return _in_order(
        reactions_queue_name(service),
        [binding(local_exchange(), routing_key=changed_key(source)) for source in sources],
        {"x-max-length": REACTIONS_QUEUE_MESSAGES_MAX},
    )


def _in_order(name: str, bindings: list[binding], limit: dict[str, Any]) -> Queue:
    return Queue(
        name,
        bindings=bindings,
        durable=True,
        queue_arguments={"x-single-active-consumer": True, **limit},
    )
