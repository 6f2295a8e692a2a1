"""Calls from the command line to the node's services, in nameko's format, one at a time."""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pika
from pika.exceptions import AMQPError

from hinterland import wire
from hinterland.actors import Actor
from hinterland.errors import Unavailable

__all__ = ["CALL_S_MAX", "Caller"]

CALLER: Final = "cli"
CALL_S_MAX: Final = 60.0
CONNECT_S_MAX: Final = 5.0
ID_BYTES: Final = 16
TRANSIENT: Final = 1


class Caller:
    """One connection to the broker of the node in `folder`, for one command after another."""

    def __init__(self, amqp_uri: str, folder: Path) -> None:
        """Raises Unavailable when the broker cannot be reached."""
        parameters = pika.URLParameters(amqp_uri)
        parameters.socket_timeout = parameters.stack_timeout = CONNECT_S_MAX
        # A command may read its file for longer than a heartbeat lasts.
        parameters.heartbeat = 0
        self._reply_to = secrets.token_hex(ID_BYTES)
        self._replies: dict[str, bytes] = {}
        self._unknown: set[str] = set()
        self._calls = 0
        try:
            self._connection = pika.BlockingConnection(parameters)
        except (AMQPError, OSError) as error:
            raise Unavailable(
                f"The broker at {parameters.host}:{parameters.port} cannot be reached "
                f"({type(error).__name__}). Is the node running? Start it with "
                f"`hinterland --dir {folder} up`."
            ) from error
        self._channel = self._connection.channel()
        self._open_reply_queue()

    def call(
        self,
        service: str,
        method: str,
        actor: Actor,
        params: Mapping[str, Any],
        seconds_max: float = CALL_S_MAX,
    ) -> Any:
        """What the method returns. Raises what it raises, or Unavailable."""
        self._calls += 1
        call_id = f"{self._calls:x}"
        properties = pika.BasicProperties(
            content_type=wire.CONTENT_TYPE,
            content_encoding=wire.CONTENT_ENCODING,
            delivery_mode=TRANSIENT,
            correlation_id=call_id,
            reply_to=self._reply_to,
            expiration=str(round(seconds_max * 1000)),
        )
        try:
            self._channel.basic_publish(
                wire.RPC_EXCHANGE,
                wire.routing_key(service, method),
                wire.encode_call(actor, params),
                properties,
                mandatory=True,
            )
            return wire.decode_reply(self._reply(call_id, service, seconds_max))
        except (AMQPError, OSError) as error:
            raise Unavailable(
                f"The connection to the broker was lost ({type(error).__name__}). Run the same "
                "command again: what was done already is not done twice."
            ) from error

    def close(self) -> None:
        if self._connection.is_open:
            self._connection.close()

    def _reply(self, call_id: str, service: str, seconds_max: float) -> bytes:
        deadline = time.monotonic() + seconds_max
        while call_id not in self._replies:
            if call_id in self._unknown:
                raise Unavailable(
                    f"This node runs no service {service} at the moment. "
                    "`hinterland status` says what is up."
                )
            remaining_s = deadline - time.monotonic()
            if remaining_s <= 0:
                raise Unavailable(f"The service {service} did not answer in {seconds_max:g} s.")
            self._connection.process_data_events(time_limit=remaining_s)
        return self._replies.pop(call_id)

    def _open_reply_queue(self) -> None:
        queue = wire.reply_queue(CALLER, self._reply_to)
        self._channel.exchange_declare(wire.RPC_EXCHANGE, "topic", durable=True)
        self._channel.queue_declare(queue, exclusive=True, auto_delete=True)
        self._channel.queue_bind(queue, wire.RPC_EXCHANGE, routing_key=self._reply_to)
        self._channel.basic_consume(queue, self._on_reply, auto_ack=True)
        self._channel.add_on_return_callback(self._on_returned)

    def _on_reply(self, _channel: Any, _method: Any, properties: Any, body: bytes) -> None:
        self._replies[properties.correlation_id or ""] = body

    def _on_returned(self, _channel: Any, _method: Any, properties: Any, _body: bytes) -> None:
        """No queue is bound to this routing key: the service does not run here."""
        self._unknown.add(properties.correlation_id or "")
