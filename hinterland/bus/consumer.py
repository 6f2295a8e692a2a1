"""The queues that one service reads, on one connection that comes back by itself.

A provider (the RPC consumer, the follower, the reactions) has a `queue`, a `prefetch_count` and a
`handle_message`, which is called by the one greenthread that reads the connection and so must not
block: it hands the message to somebody, who acknowledges it later, on the channel it came from.

This replaces the insides of nameko's `QueueConsumer`, whose shape it keeps. The original decodes
each body before anybody asked, starts a greenthread only to start another, cannot stop while the
broker is away, retries without jitter, and closes the connection before the running workers have
answered.
"""

from __future__ import annotations

import contextlib
import logging
from typing import Any, Final, Protocol

import eventlet
from amqp import Channel, Message
from amqp.exceptions import AMQPError
from greenlet import GreenletExit
from kombu import Queue
from nameko.constants import AMQP_URI_CONFIG_KEY
from nameko.extensions import ProviderCollector
from nameko.messaging import QueueConsumer as NamekoQueueConsumer

from hinterland.bus.connection import Connection, stay_connected

__all__ = ["Provider", "QueueConsumer", "ack", "requeue"]

log = logging.getLogger(__name__)

DRAINED_PER_YIELD: Final = 16  # messages taken off the socket before others get their turn


class Provider(Protocol):
    """What reads one queue of a service."""

    @property
    def queue(self) -> Queue: ...

    @property
    def prefetch_count(self) -> int:
        """How many messages it may hold that it has not acknowledged yet."""
        ...

    def handle_message(self, message: Message) -> None: ...


def ack(message: Message) -> None:
    """Says that the work is done. On a lost connection nothing: the broker delivers again."""
    _settle(message, "basic_ack", ())


def requeue(message: Message) -> None:
    """Gives the message back, for another instance or another time."""
    _settle(message, "basic_reject", (True,))


def _settle(message: Message, method: str, arguments: tuple[Any, ...]) -> None:
    channel = message.channel
    if channel.connection is None:
        return
    try:
        getattr(channel, method)(message.delivery_tag, *arguments)
    except (OSError, AMQPError) as error:
        log.info("a message will be delivered again: %s", error)


class QueueConsumer(NamekoQueueConsumer):  # type: ignore[misc]  # nameko is untyped
    """Reads the queues of all providers of a service. Shared by them."""

    def __init__(self) -> None:
        super().__init__()
        self._gt: Any = None
        self._channel: Channel | None = None
        self._tags: dict[Provider, str] = {}

    @property
    def channel(self) -> Channel | None:
        """The channel that everything arrives on; None while there is no connection."""
        return self._channel

    def start(self) -> None:
        """Returns when every queue is being read. Called once for each provider."""
        if not self._providers:
            return
        if self._gt is None:
            self._gt = self.container.spawn_managed_thread(self.run)
        self._consumers_ready.wait()

    def run(self) -> None:
        stay_connected(
            self.container.config[AMQP_URI_CONFIG_KEY],
            f"{self.container.config['NODE']}/{self.container.service_name} consumer",
            self._consume,
            eventlet.sleep,
        )

    def _consume(self, connection: Connection) -> None:
        channel = connection.channel()
        channel.auto_decode = False  # bodies are bytes, and whoever wants text says so
        try:
            for provider in list(self._providers):
                self._start(provider, channel)
            self._channel = channel
            if not self._consumers_ready.ready():
                self._consumers_ready.send(None)
            while True:
                for _ in range(DRAINED_PER_YIELD):
                    connection.drain_events()
                eventlet.sleep(0)
        finally:
            self._channel = None
            self._tags.clear()

    def _start(self, provider: Provider, channel: Channel) -> None:
        provider.queue(channel).declare()
        channel.basic_qos(0, provider.prefetch_count, False)
        self._tags[provider] = channel.basic_consume(
            provider.queue.name, callback=provider.handle_message
        )

    def cancel(self, provider: Provider) -> None:
        """Takes no more messages for `provider`; those already on their way go back."""
        self._providers.discard(provider)
        channel, tag = self._channel, self._tags.pop(provider, None)
        if channel is None or tag is None:
            return
        channel.callbacks[tag] = requeue
        try:
            channel.basic_cancel(tag, nowait=True)
        except (OSError, AMQPError) as error:
            log.info("cancelling on a lost connection: %s", error)

    def unregister_provider(self, provider: Provider) -> None:
        self.cancel(provider)
        if not self._providers and not self._last_provider_unregistered.ready():
            self._last_provider_unregistered.send()

    def stop(self) -> None:
        ProviderCollector.wait_for_providers(self)
        self.kill()

    def kill(self) -> None:
        """Closes the connection. Unacknowledged messages go back to their queues."""
        reader, self._gt = self._gt, None
        if reader is not None:
            reader.kill()
            with contextlib.suppress(GreenletExit):
                reader.wait()
        if not self._consumers_ready.ready():
            self._consumers_ready.send(None)
