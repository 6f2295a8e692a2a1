"""What a service tells others: from many greenthreads, over one connection, without waiting.

Messages are hints. Whoever publishes has committed already, so nothing here may fail him or hold
him up: a message goes into a bounded queue, and when that is full, because the broker is away or
slow, the oldest one is dropped and counted. Followers learn from heads what they have missed.
"""

from __future__ import annotations

import logging
from time import monotonic
from typing import Any, Final

import eventlet
from amqp import Channel, Message
from amqp.exceptions import AMQPError
from eventlet.event import Event
from nameko.constants import AMQP_URI_CONFIG_KEY
from nameko.extensions import SharedExtension

from hinterland.bus.connection import Connection, stay_connected
from hinterland.bus.outbox import Outbox, Outgoing
from hinterland.bus.queues import feeds_exchange, local_exchange

__all__ = ["Publisher"]

log = logging.getLogger(__name__)

FLUSH_WAIT_S: Final = 2.0  # for what is unsent when the service stops
FLUSH_LOOK_S: Final = 0.02
DROPS_LOGGED_EVERY_S: Final = 10.0  # one line in the log for all drops in between
TRANSIENT: Final = 1


class Publisher(SharedExtension):  # type: ignore[misc]  # nameko is untyped
    """Sends what a service publishes. Shared by all that publish."""

    def __init__(self) -> None:
        super().__init__()
        self.connected = False
        self._outbox = Outbox()
        self._more = Event()
        self._sender: Any = None
        self._drops_logged_at = float("-inf")

    @property
    def dropped(self) -> int:
        """How many messages the broker would not take, since the start."""
        return self._outbox.dropped

    def publish(self, exchange: str, routing_key: str, body: bytes, **properties: Any) -> None:
        """Queues a message. It is sent at most once, unless its connection breaks meanwhile."""
        dropped = self._outbox.put(Outgoing(exchange, routing_key, body, properties))
        if dropped is not None and monotonic() - self._drops_logged_at > DROPS_LOGGED_EVERY_S:
            self._drops_logged_at = monotonic()
            log.warning(
                "the broker does not take messages; %d dropped since the start, the last one %s",
                self.dropped,
                dropped.routing_key,
            )
        if not self._more.ready():
            self._more.send()

    def start(self) -> None:
        if self._sender is None:
            self._sender = self.container.spawn_managed_thread(self._run, identifier="publisher")

    def stop(self) -> None:
        """Sends what is still waiting, for a moment."""
        with eventlet.Timeout(FLUSH_WAIT_S, False):
            while self._outbox and self.connected:
                eventlet.sleep(FLUSH_LOOK_S)
        self.kill()

    def kill(self) -> None:
        if self._sender is not None:
            self._sender.kill()
            self._sender = None

    def _run(self) -> None:
        stay_connected(
            self.container.config[AMQP_URI_CONFIG_KEY],
            f"{self.container.config['NODE']}/{self.container.service_name} publisher",
            self._use,
            eventlet.sleep,
        )

    def _use(self, connection: Connection) -> None:
        channel = connection.channel()
        for exchange in (feeds_exchange(), local_exchange()):
            exchange(channel).declare()
        writer = eventlet.spawn(self._write, connection, channel)
        self.connected = True
        try:
            while True:
                connection.drain_events()
        finally:
            self.connected = False
            writer.kill()

    def _write(self, connection: Connection, channel: Channel) -> None:
        try:
            while True:
                self._more = Event()
                while self._outbox:
                    message = self._outbox.oldest()
                    self._send(channel, message)
                    self._outbox.sent(message)
                self._more.wait()
        except (OSError, AMQPError) as error:
            log.info("a message waits for the next connection: %s", error)
            connection.abandon()

    @staticmethod
    def _send(channel: Channel, message: Outgoing) -> None:
        channel.basic_publish(
            Message(message.body, delivery_mode=TRANSIENT, **message.properties),
            exchange=message.exchange,
            routing_key=message.routing_key,
        )
