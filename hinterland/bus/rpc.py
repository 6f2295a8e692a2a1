"""The entrypoint of a method that others call: `@rpc`, on the wire what nameko's `rpc` is.

nameko's own spends most of a call around the method: it decodes and encodes JSON twice, fetches a
publisher from a pool and waits for the broker to confirm each reply. This one decodes once with
orjson, runs one greenthread per message, and writes the reply to the channel that the call came on,
just before acknowledging it. A call whose service or connection died is delivered and run again;
that is what the ids of commands are for.

A method takes the actor and its parameters. Where these are annotated with `Actor` and a pydantic
model, they arrive as such, and what cannot be read is answered as BAD_INPUT:

    @rpc
    def revoke_key(self, actor: Actor, params: RevokeKey) -> dict[str, Any]:
        return handlers.revoke_key(self.records, actor, params)

A HinterlandError reaches the caller as it is, `(message, details)`. Anything else is a mistake of
ours: its traceback is logged under a reference, and the caller learns the reference and no more.
"""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable
from functools import partial
from typing import Any, Final, TypeVar

import eventlet
from amqp import Message
from amqp.exceptions import AMQPError
from eventlet.event import Event
from kombu import Queue
from nameko.exceptions import (
    ContainerBeingKilled,
    IncorrectSignature,
    MethodNotFound,
)
from nameko.rpc import Rpc as NamekoRpc
from nameko.rpc import RpcConsumer as NamekoRpcConsumer

from hinterland.bus.arguments import context, decoders, read_call
from hinterland.bus.consumer import QueueConsumer, ack, requeue
from hinterland.bus.names import RPC_EXCHANGE
from hinterland.bus.queues import rpc_queue
from hinterland.bus.replies import reply_body
from hinterland.wire import CONTENT_ENCODING, CONTENT_TYPE

__all__ = ["STOP_WAIT_S", "Rpc", "RpcConsumer", "rpc"]

log = logging.getLogger(__name__)

STOP_WAIT_S: Final = 10.0  # for calls that are running when the service is told to stop
TRANSIENT: Final = 1

F = TypeVar("F", bound=Callable[..., Any])
ExcInfo = tuple[type[BaseException], BaseException, Any]


class RpcConsumer(NamekoRpcConsumer):  # type: ignore[misc]  # nameko is untyped
    """Takes the calls to one service, and sends the replies."""

    queue_consumer = QueueConsumer()
    queue: Queue

    def __init__(self) -> None:
        super().__init__()
        self._methods: dict[str, Rpc] = {}
        self._running = 0
        self._idle = Event()
        self._stopping = False

    @property
    def prefetch_count(self) -> int:
        return int(self.container.max_workers)

    def setup(self) -> None:
        if self.queue is None:
            self.queue = rpc_queue(self.container.service_name)
            self.queue_consumer.register_provider(self)

    def register_provider(self, provider: Rpc) -> None:
        super().register_provider(provider)
        self._methods[f"{self.container.service_name}.{provider.method_name}"] = provider

    def unregister_provider(self, provider: Rpc) -> None:
        self._methods.pop(f"{self.container.service_name}.{provider.method_name}", None)
        if not self._methods:
            self._stop_taking_calls()
        super(NamekoRpcConsumer, self).unregister_provider(provider)

    def stop(self) -> None:
        if not self._providers_registered:
            self._stop_taking_calls()

    def _stop_taking_calls(self) -> None:
        """Lets running calls answer before the connection is closed under them."""
        if self._stopping:
            return
        self._stopping = True
        self.queue_consumer.cancel(self)
        if self._running:
            with eventlet.Timeout(STOP_WAIT_S, False):
                self._idle.wait()
        if self._running:
            log.warning("stopping with %d calls unanswered; they are run again", self._running)
        self.queue_consumer.unregister_provider(self)

    def handle_message(self, message: Message) -> None:
        self._running += 1
        routing_key = message.delivery_info["routing_key"]
        method = self._methods.get(routing_key)
        if method is None:
            error = MethodNotFound(routing_key.rpartition(".")[2])
            self.reply(message, None, error)
            return
        try:
            method.handle_message(message)
        except ContainerBeingKilled:
            self._running -= 1
            requeue(message)
        except Exception as error:  # noqa: BLE001  # answered, and logged where it is a surprise
            self.reply(message, None, error)

    def reply(self, message: Message, result: Any, error: BaseException | None) -> None:
        """Answers and acknowledges. On a lost connection neither: the call is delivered again."""
        self._running -= 1
        if self._stopping and not self._running and not self._idle.ready():
            self._idle.send()
        if message.channel.connection is None:
            log.info("a call will be delivered again: its connection is lost")
            return
        reply_to = message.properties.get("reply_to")
        if reply_to:
            answer = Message(
                reply_body(result, error),
                content_type=CONTENT_TYPE,
                content_encoding=CONTENT_ENCODING,
                correlation_id=message.properties.get("correlation_id", ""),
                delivery_mode=TRANSIENT,
            )
            try:
                message.channel.basic_publish(answer, exchange=RPC_EXCHANGE, routing_key=reply_to)
            except (OSError, AMQPError) as lost:
                log.info("a call will be delivered again: %s", lost)
                return
        ack(message)


class Rpc(NamekoRpc):  # type: ignore[misc]  # nameko is untyped
    """One method that others call."""

    rpc_consumer = RpcConsumer()

    def setup(self) -> None:
        method = getattr(self.container.service_cls, self.method_name)
        self._signature = inspect.signature(method)
        self._decoders = decoders(method, self._signature)
        self._positional = len(self._signature.parameters) - 1
        super().setup()

    def handle_message(self, message: Message) -> None:
        """Starts a worker; raises what is wrong with the call."""
        args, kwargs = read_call(message)
        args, kwargs = self._decode(args, kwargs)
        self.container.spawn_worker(
            self,
            args,
            kwargs,
            context_data=context(message),
            handle_result=partial(self.handle_result, message),
        )

    def _decode(self, args: list[Any], kwargs: dict[str, Any]) -> tuple[list[Any], dict[str, Any]]:
        if not kwargs and len(args) == self._positional:
            return [
                decode(value) for decode, value in zip(self._decoders.values(), args, strict=True)
            ], kwargs
        try:
            bound = self._signature.bind(None, *args, **kwargs)
        except TypeError as error:
            raise IncorrectSignature(str(error)) from error
        given = dict(list(bound.arguments.items())[1:])
        return [], {name: self._decoders[name](value) for name, value in given.items()}

    def handle_result(
        self, message: Message, worker_ctx: Any, result: Any, exc_info: ExcInfo | None
    ) -> tuple[Any, ExcInfo | None]:
        self.rpc_consumer.reply(message, result, exc_info[1] if exc_info else None)
        return result, exc_info


def rpc(method: F) -> F:
    """Makes `method` of a service one that others can call."""
    decorated: F = Rpc.decorator(method)
    return decorated
