"""From what a method returned or raised to the bytes of nameko's reply."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Mapping
from typing import Any, Final

import orjson
from nameko.exceptions import BadRequest, get_module_path

from hinterland.errors import HinterlandError
from hinterland.wire import REPLY_BYTES_MAX

__all__ = ["reply_body"]

log = logging.getLogger(__name__)

REFERENCE_BYTES: Final = 6  # under which the log has what the caller must not see


def reply_body(result: Any, error: BaseException | None) -> bytes:
    """The reply; a result that is not JSON or too large is an error of the service."""
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
