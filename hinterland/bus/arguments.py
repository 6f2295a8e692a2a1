"""From the bytes of a call to the arguments of a method: what cannot be read is refused by name."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import partial
from typing import Any, Final, get_type_hints

import orjson
from amqp import Message
from nameko.exceptions import MalformedRequest
from pydantic import BaseModel, ValidationError

from hinterland.actors import Actor
from hinterland.errors import BadInput
from hinterland.wire import CONTENT_TYPE

__all__ = ["REQUEST_BYTES_MAX", "bad_input", "context", "decoders", "read_call"]

REQUEST_BYTES_MAX: Final = 16 * 1024 * 1024  # of one call, before it is decoded
INPUT_ERRORS_MAX: Final = 20  # named in one BadInput


def read_call(message: Message) -> tuple[list[Any], dict[str, Any]]:
    """Positional and named arguments, as JSON has them. Raises MalformedRequest."""
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


def context(message: Message) -> dict[str, Any]:
    """What travels along with a call in nameko's headers, for instance its `call_id_stack`."""
    headers = message.properties.get("application_headers") or {}
    return {key.removeprefix("nameko."): value for key, value in headers.items()}


def decoders(
    method: Callable[..., Any], signature: inspect.Signature
) -> dict[str, Callable[[Any], Any]]:
    """For each parameter of `method` but self, what turns JSON into what it is annotated with."""
    hints = get_type_hints(method)
    found: dict[str, Callable[[Any], Any]] = {}
    for name in list(signature.parameters)[1:]:
        hint = hints.get(name)
        if hint is Actor:
            found[name] = _decode_actor
        elif isinstance(hint, type) and issubclass(hint, BaseModel):
            found[name] = partial(_decode_model, hint)
        else:
            found[name] = _as_it_is
    return found


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
