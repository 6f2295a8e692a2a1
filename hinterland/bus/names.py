"""Names on RabbitMQ: exchanges, queues and routing keys. `queues` declares what they name.

Two exchanges belong to Hinterland. `hinterland.feeds` is all that crosses between nodes, carried by
RabbitMQ's federation plugin; `hinterland.local` never leaves its vhost. Calls use nameko's own
exchange (`hinterland.wire`).
"""

from __future__ import annotations

from typing import Final

from hinterland.wire import LOCAL_EXCHANGE, RPC_EXCHANGE, changed_key

__all__ = [
    "FEEDS_EXCHANGE",
    "LOCAL_EXCHANGE",
    "NUDGE",
    "RPC_EXCHANGE",
    "TICK",
    "changed_key",
    "feed_key",
    "follow_queue_name",
    "give_key",
    "heads_key",
    "reactions_queue_name",
    "rpc_queue_name",
    "want_key",
]

FEEDS_EXCHANGE: Final = "hinterland.feeds"  # topic, durable, federated

# What a service sends to its own queue, past every exchange; the AMQP property `type` tells it.
TICK: Final = "tick"  # time has passed
NUDGE: Final = "nudge"  # the service has written something itself


def feed_key(service: str, node: str) -> str:
    """A batch of the feed that `service` of `node` shares."""
    return f"feed.{service}.{node}"


def heads_key(node: str) -> str:
    """What `node` holds."""
    return f"heads.{node}"


def want_key(service: str, node: str) -> str:
    """A request to `service` of `node` for batches of anybody's feed."""
    return f"want.{service}.{node}"


def give_key(service: str, node: str) -> str:
    """Batches that `service` of `node` has asked for."""
    return f"give.{service}.{node}"


def rpc_queue_name(service: str) -> str:
    """As nameko has it."""
    return f"rpc-{service}"


def follow_queue_name(service: str) -> str:
    return f"follow.{service}"


def reactions_queue_name(service: str) -> str:
    return f"reactions.{service}"
