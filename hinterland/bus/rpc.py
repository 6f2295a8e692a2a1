"""The entrypoint of a method that others call: `@rpc`, on the wire what nameko's `rpc` is.

nameko's own spends most of a call around the method: it decodes and encodes JSON twice, fetches a
publisher from a pool and waits for the broker to confirm each reply. This one decodes once with
orjson, runs one greenthread per message, and writes the reply to the channel that the call came on,
just before acknowledging it: an answered call is never run again, one whose service died is.

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
import secrets
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final, TypeVar, get_type_hints

import eventlet
import orjson
from amqp import Message
from amqp.exceptions import AMQPError
from eventlet.event import Event
from kombu import Queue
from nameko.exceptions import (
    BadRequest,
    ContainerBeingKilled,
    IncorrectSignature,
    MalformedRequest,
    MethodNotFound,
    get_module_path,
)
from nameko.rpc import Rpc as NamekoRpc
from nameko.rpc import RpcConsumer as NamekoRpcConsumer
from pydantic import BaseModel, ValidationError

from hinterland.actors import Actor
from hinterland.bus.consumer import QueueConsumer, ack, requeue
from hinterland.bus.names import RPC_EXCHANGE
from hinterland.bus.queues import rpc_queue
from hinterland.errors import BadInput, HinterlandError
from hinterland.wire import CONTENT_ENCODING, CONTENT_TYPE, REPLY_BYTES_MAX

__all__ = ["REQUEST_BYTES_MAX", "STOP_WAIT_S", "Rpc", "RpcConsumer", "bad_input", "rpc"]

log = logging.getLogger(__name__)

REQUEST_BYTES_MAX: Final = 16 * 1024 * 1024  # of one call, before it is decoded
INPUT_ERRORS_MAX: Final = 20  # named in one BadInput
STOP_WAIT_S: Final = 10.0  # for calls that are running when the service is told to stop
REFERENCE_BYTES: Final = 6  # under which the log has what the caller must not see
TRANSIENT: Final = 1

F = TypeVar("F", bound=Callable[..., Any])
ExcInfo = tuple[type[BaseException], BaseException, Any]


def bad_input(error: ValidationError) -> BadInput:
    """What is wrong with the arguments of a call: the first fault, and all in `errors`."""
    errors = [
        {"field": ".".join(map(str, fault["loc"])), "message": fault["msg"]}
        for fault in error.errors(include_url=False, include_context=False, include_input=False)
    ]
    return BadInput(
        errors[0]["message"].removeprefix("Value error, "),
        field=errors[0]["field"],
        errors=errors[:INPUT_ERRORS_MAX],
    )


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
                _reply_body(result, error),
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
        self._decoders = _decoders(method, self._signature)
        self._positional = len(self._signature.parameters) - 1
        super().setup()

    def handle_message(self, message: Message) -> None:
        """Starts a worker; raises what is wrong with the call."""
        args, kwargs = _read_call(message)
        args, kwargs = self._decode(args, kwargs)
        self.container.spawn_worker(
            self,
            args,
            kwargs,
            context_data=_context(message),
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


def _read_call(message: Message) -> tuple[list[Any], dict[str, Any]]:
    body = message.body
    if len(body) > REQUEST_BYTES_MAX:
        raise MalformedRequest(f"a call of {len(body)} bytes; at most {REQUEST_BYTES_MAX} are read")
    if message.properties.get("content_type") != CONTENT_TYPE:
        raise MalformedRequest(f"calls are {CONTENT_TYPE}")
    try:
        call = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise MalformedRequest(f"not JSON: {error}") from error
    match call:
        case {"args": list(args), "kwargs": dict(kwargs)}:
            return args, kwargs
    raise MalformedRequest("Message missing `args` or `kwargs`")


def _context(message: Message) -> dict[str, Any]:
    """What travels along with a call in nameko's headers, for instance its `call_id_stack`."""
    headers = message.properties.get("application_headers") or {}
    return {key.removeprefix("nameko."): value for key, value in headers.items()}


def _decoders(
    method: Callable[..., Any], signature: inspect.Signature
) -> dict[str, Callable[[Any], Any]]:
    """For each parameter of `method` but self, what turns JSON into what it is annotated with."""
    hints = get_type_hints(method)
    decoders: dict[str, Callable[[Any], Any]] = {}
    for name in list(signature.parameters)[1:]:
        hint = hints.get(name)
        if hint is Actor:
            decoders[name] = _decode_actor
        elif isinstance(hint, type) and issubclass(hint, BaseModel):
            decoders[name] = partial(_decode_model, hint)
        else:
            decoders[name] = _as_it_is
    return decoders


def _as_it_is(value: Any) -> Any:
    return value


def _decode_actor(value: Any) -> Actor:
    try:
        return Actor.from_wire(value)
    except (AttributeError, TypeError) as error:
        raise BadInput("This is no actor.", field="actor") from error


def _decode_model(model: type[BaseModel], value: Any) -> BaseModel:
    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise bad_input(error) from error


def _reply_body(result: Any, error: BaseException | None) -> bytes:
    if error is None:
        try:
            body = orjson.dumps({"result": result, "error": None})
        except TypeError as fault:
            error = fault
        else:
            if len(body) <= REPLY_BYTES_MAX:
                return body
            error = HinterlandError(
                f"The answer has {len(body)} bytes; at most {REPLY_BYTES_MAX} are sent."
            )
    return orjson.dumps({"result": None, "error": _error_to_wire(error)}, default=str)


def _error_to_wire(error: BaseException) -> Mapping[str, Any]:
    """nameko's serialised exception; its `exc_args` are the message and the details."""
    if not isinstance(error, HinterlandError | BadRequest):
        reference = secrets.token_hex(REFERENCE_BYTES)
        log.error("unexpected error, reference %s", reference, exc_info=error)
        error = HinterlandError(
            f"Something went wrong inside this node; its log says more under {reference}.",
            reference=reference,
        )
    return {
        "exc_type": type(error).__name__,
        "exc_path": get_module_path(type(error)),
        "exc_args": list(error.args),
        "value": str(error),
    }
