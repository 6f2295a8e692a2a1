"""Calls to the node's services, in nameko's format over the one connection of this process.

Replies come to a queue that lives as long as its channel. Calls are not persistent and replies are
not acknowledged: a call that is lost runs into its deadline, and its caller repeats it (a command
carries an id, so that nothing is done twice).
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol

import pika

from gateway import limits
from hinterland import wire
from hinterland.actors import Actor
from hinterland.errors import Busy, Unavailable

__all__ = ["Calls", "Rpc"]

log = logging.getLogger(__name__)

CALLER: Final = "gateway"
TRANSIENT: Final = 1
ID_BYTES: Final = 16  # of the random name of a reply queue


class Calls(Protocol):
    """What most of the gateway needs of `Rpc`."""

    async def call(
        self,
        service: str,
        method: str,
        actor: Actor,
        params: Mapping[str, Any],
        seconds_max: float = ...,
    ) -> Any: ...


class Rpc:
    """Calls over a channel that `gateway.broker.Broker` opens."""

    def __init__(self) -> None:
        self._channel: Any = None
        self._reply_to = ""
        self._waiting: dict[str, asyncio.Future[bytes]] = {}
        self._calls = 0

    async def call(
        self,
        service: str,
        method: str,
        actor: Actor,
        params: Mapping[str, Any],
        seconds_max: float = limits.CALL_S_MAX,
    ) -> Any:
        """What the method returns. Raises what it raises, Unavailable or Busy."""
        channel = self._channel
        if channel is None:
            raise Unavailable("This node's broker cannot be reached. Try again in a few seconds.")
        if len(self._waiting) >= limits.CALLS_IN_FLIGHT_MAX:
            raise Busy()
        self._calls += 1
        call_id = f"{self._calls:x}"
        reply: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._waiting[call_id] = reply
        try:
            channel.basic_publish(
                exchange=wire.RPC_EXCHANGE,
                routing_key=wire.routing_key(service, method),
                body=wire.encode_call(actor, params),
                properties=pika.BasicProperties(
                    content_type=wire.CONTENT_TYPE,
                    content_encoding=wire.CONTENT_ENCODING,
                    delivery_mode=TRANSIENT,
                    correlation_id=call_id,
                    reply_to=self._reply_to,
                    # A call that nobody waits for any more need not be answered.
                    expiration=str(round(seconds_max * 1000)),
                ),
                mandatory=True,
            )
            async with asyncio.timeout(seconds_max):
                body = await reply
        except TimeoutError:
            raise Unavailable(
                f"The service {service} did not answer within {seconds_max:g} s. Try again.",
                service=service,
            ) from None
        finally:
            self._waiting.pop(call_id, None)
        return wire.decode_reply(body)

    def opened(self, channel: Any, ready: Callable[[], None]) -> None:
        reply_to = os.urandom(ID_BYTES).hex()
        queue = wire.reply_queue(CALLER, reply_to)

        def consume(_frame: Any) -> None:
            channel.basic_consume(queue, self._on_reply, auto_ack=True, callback=consuming)

        def consuming(_frame: Any) -> None:
            self._reply_to = reply_to
            self._channel = channel
            ready()

        def bind(_frame: Any) -> None:
            channel.queue_bind(queue, wire.RPC_EXCHANGE, routing_key=reply_to, callback=consume)

        def declare(_frame: Any) -> None:
            channel.queue_declare(queue, exclusive=True, auto_delete=True, callback=bind)

        channel.add_on_return_callback(self._on_returned)
        channel.exchange_declare(wire.RPC_EXCHANGE, "topic", durable=True, callback=declare)

    def lost(self) -> None:
        self._channel = None
        for reply in self._waiting.values():
            if not reply.done():
                reply.set_exception(
                    Unavailable("The connection to this node's broker was lost. Try again.")
                )

    def _on_reply(self, _channel: Any, _method: Any, properties: Any, body: bytes) -> None:
        reply = self._waiting.get(properties.correlation_id or "")
        if reply is None:
            log.info("a reply came after its deadline")
        elif not reply.done():
            reply.set_result(body)

    def _on_returned(self, _channel: Any, method: Any, properties: Any, _body: bytes) -> None:
        """No queue is bound to this routing key: the service has never run here."""
        reply = self._waiting.get(properties.correlation_id or "")
        if reply is not None and not reply.done():
            service = method.routing_key.partition(".")[0]
            reply.set_exception(
                Unavailable(f"This node runs no service {service}.", service=service)
            )
