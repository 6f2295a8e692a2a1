"""Calling the other services of this node: `self.calls.call("federation", "membership", {})`.

nameko's own proxy waits for ever. Here every call has a deadline, one to a service that is not
there fails at once, and an error comes back as the class that raised it.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Mapping
from typing import Any, Final

import eventlet
from amqp import Message
from amqp.exceptions import AMQPError
from eventlet.event import Event
from kombu import Queue
from nameko.extensions import DependencyProvider, SharedExtension

from hinterland.actors import Actor
from hinterland.bus.consumer import QueueConsumer, ack
from hinterland.bus.names import RPC_EXCHANGE
from hinterland.bus.queues import reply_queue
from hinterland.errors import Busy, Unavailable
from hinterland.wire import CONTENT_ENCODING, CONTENT_TYPE, decode_reply, encode_call, routing_key

__all__ = ["CALLS_WAITING_MAX", "CALL_TIMEOUT_S", "Caller", "Calls"]

log = logging.getLogger(__name__)

CALL_TIMEOUT_S: Final = 5.0  # unless the caller says otherwise
CALLS_WAITING_MAX: Final = 1_000  # of one process; the next one is refused as BUSY
REPLY_PREFETCH: Final = 100
TRANSIENT: Final = 1


class Caller(SharedExtension):  # type: ignore[misc]  # nameko is untyped
    """Calls methods of other services, with this service's own queue for the answers."""

    queue_consumer = QueueConsumer()
    queue: Queue
    prefetch_count = REPLY_PREFETCH

    def __init__(self) -> None:
        super().__init__()
        self._waiting: dict[str, Event] = {}

    def setup(self) -> None:
        self._reply_to = uuid.uuid4().hex
        self.queue = reply_queue(self.container.service_name, self._reply_to)
        # What a service asks of its neighbours, it asks for the node and its operator.
        node = self.container.config["NODE"]
        self._actor = Actor(roles=frozenset({"operator"}), node=node)
        self.queue_consumer.register_provider(self)

    def stop(self) -> None:
        self.queue_consumer.unregister_provider(self)

    def call(
        self,
        service: str,
        method: str,
        params: Mapping[str, Any],
        *,
        actor: Actor | None = None,
        timeout_s: float = CALL_TIMEOUT_S,
    ) -> Any:
        """The result of `service.method`; by default as an operator of this node.

        Raises what the method raised; Unavailable when nobody answers, Busy when too many wait.
        """
        channel = self.queue_consumer.channel
        if channel is None:
            raise Unavailable("The broker of this node does not answer.")
        if len(self._waiting) >= CALLS_WAITING_MAX:
            raise Busy()
        correlation_id = uuid.uuid4().hex
        answered = self._waiting[correlation_id] = Event()
        channel.events["basic_return"].add(self._on_return)
        message = Message(
            encode_call(actor or self._actor, params),
            content_type=CONTENT_TYPE,
            content_encoding=CONTENT_ENCODING,
            reply_to=self._reply_to,
            correlation_id=correlation_id,
            delivery_mode=TRANSIENT,
            expiration=str(round(timeout_s * 1000)),
        )
        connection = channel.connection
        sent = False
        try:
            with eventlet.Timeout(timeout_s, Unavailable(f"{service} does not answer.")):
                channel.basic_publish(
                    message,
                    exchange=RPC_EXCHANGE,
                    routing_key=routing_key(service, method),
                    mandatory=True,
                )
                sent = True
                body: bytes | None = answered.wait()
        except (OSError, AMQPError) as error:
            raise Unavailable("The broker of this node does not answer.") from error
        finally:
            del self._waiting[correlation_id]
            if not sent:
                connection.abandon()  # half a frame may be on its way
        if body is None:
            raise Unavailable(f"{service} is not running on this node.")
        return decode_reply(body)

    def handle_message(self, message: Message) -> None:
        ack(message)
        self._answer(message, message.body)

    def _on_return(self, error: Any, exchange: str, key: str, message: Message) -> None:
        """The broker knows nobody who would take this call."""
        self._answer(message, None)

    def _answer(self, message: Message, body: bytes | None) -> None:
        answered = self._waiting.get(message.properties.get("correlation_id", ""))
        if answered is not None and not answered.ready():
            answered.send(body)


class Calls(DependencyProvider):  # type: ignore[misc]  # nameko is untyped
    """Injects the service's `Caller`."""

    caller = Caller()

    def get_dependency(self, worker_ctx: Any) -> Caller:
        return self.caller
