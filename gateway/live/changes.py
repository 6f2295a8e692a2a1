"""What services say after each commit, on the exchange `hinterland.local`.

These messages are hints: one may be lost, and whoever listens has a way to live with that. While
there is no connection all of them are lost, which listeners are told.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, Final, NamedTuple, Protocol

import orjson

from hinterland import wire

__all__ = ["Change", "Changed", "Changes", "Listener"]

log = logging.getLogger(__name__)

PRIVATE: Final = "private"  # the scope, and the end of such a feed's name
UNREAD_MAX: Final = 1_000  # messages that wait in the broker; the oldest are dropped


class Change(NamedTuple):
    """One record: `op` is put, delete or erase. `scope` is None for a shared record that is gone:
    nobody knows any more who might have read it."""

    id: str
    kind: str
    scope: str | None
    op: str


class Changed(NamedTuple):
    """One commit of a service: `head` is its version after it."""

    service: str
    head: int
    changes: tuple[Change, ...]


class Listener(Protocol):
    def changed(self, changed: Changed) -> None: ...

    def lost_sight(self) -> None:
        """From now on changes may be missed, until the next one comes."""


class Changes:
    """Hears over a channel that `gateway.broker.Broker` opens, and tells its listeners."""

    def __init__(self, listeners: tuple[Listener, ...]) -> None:
        self._listeners = listeners

    def opened(self, channel: Any, ready: Callable[[], None]) -> None:
        queue = ""

        def consuming(_frame: Any) -> None:
            # What was changed between the last connection and this one was not heard either.
            self.lost()
            ready()

        def consume(_frame: Any) -> None:
            channel.basic_consume(queue, self._on_message, auto_ack=True, callback=consuming)

        def bind(frame: Any) -> None:
            nonlocal queue
            queue = frame.method.queue
            channel.queue_bind(queue, wire.LOCAL_EXCHANGE, wire.changed_key(), callback=consume)

        def declare(_frame: Any) -> None:
            channel.queue_declare(
                "",
                exclusive=True,
                auto_delete=True,
                arguments={"x-max-length": UNREAD_MAX},
                callback=bind,
            )

        channel.exchange_declare(wire.LOCAL_EXCHANGE, "topic", durable=True, callback=declare)

    def lost(self) -> None:
        for listener in self._listeners:
            listener.lost_sight()

    def _on_message(self, _channel: Any, method: Any, _properties: Any, body: bytes) -> None:
        try:
            changed = parse(body)
        except (ValueError, KeyError, TypeError) as fault:
            log.error("a message under %s is not a change: %s", method.routing_key, fault)
            return
        for listener in self._listeners:
            listener.changed(changed)


def parse(body: bytes) -> Changed:
    """Raises ValueError, KeyError or TypeError on anything but a change."""
    message = orjson.loads(body)
    unknown = PRIVATE if str(message["feed"]).endswith(f"/{PRIVATE}") else None
    return Changed(
        service=str(message["service"]),
        head=int(message["head"]),
        changes=tuple(
            Change(str(one["id"]), str(one["kind"]), one["scope"] or unknown, str(one["op"]))
            for one in message["changes"]
        ),
    )
