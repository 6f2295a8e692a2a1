"""What an HTTP request asks: GraphQL's four parameters, out of a query string or a JSON body."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar, Final, NamedTuple

import orjson
from starlette.requests import Request

from gateway import limits
from gateway.errors import BadRequest
from gateway.http.negotiation import JSON

__all__ = ["HEAD_HEADER", "BodyTooLarge", "Question", "UnsupportedMediaType", "wanted_heads"]

HEAD_HEADER: Final = "Hinterland-Head"
HEADS_MAX: Final = 16  # in one header
HEAD: Final = re.compile(r"([a-z_]{2,30})=([0-9]{1,16})")
CHARSET: Final = re.compile(r'charset="?([^";\s]+)', re.IGNORECASE)


class BodyTooLarge(BadRequest):
    """The request is too large."""

    code: ClassVar[str] = "BODY_TOO_LARGE"


class UnsupportedMediaType(BadRequest):
    """Send the request's body as Content-Type: application/json, in UTF-8."""

    code: ClassVar[str] = "UNSUPPORTED_MEDIA_TYPE"


class BatchRefused(BadRequest):
    """Several requests in one are not taken. Send them one by one, or ask for several fields."""

    code: ClassVar[str] = "BATCH_REFUSED"


class Question(NamedTuple):
    query: str
    operation: str | None
    variables: Mapping[str, Any]

    @classmethod
    def of_parameters(cls, parameters: Mapping[str, Any]) -> Question:
        """Raises BadRequest on a parameter that is missing or not of its type."""
        query = parameters.get("query")
        if not isinstance(query, str) or not query.strip():
            raise BadRequest("The parameter query is missing, or not text.", field="query")
        operation = parameters.get("operationName")
        if not isinstance(operation, str | None):
            raise BadRequest("The parameter operationName is not text.", field="operationName")
        variables = parameters.get("variables")
        if not isinstance(variables, dict | None):
            raise BadRequest("The parameter variables is not an object.", field="variables")
        if not isinstance(parameters.get("extensions"), dict | None):
            raise BadRequest("The parameter extensions is not an object.", field="extensions")
        return cls(query, operation or None, variables or {})

    @classmethod
    def of_query_string(cls, request: Request) -> Question:
        parameters: dict[str, Any] = dict(request.query_params)
        for name in ("variables", "extensions"):
            if name in parameters:
                try:
                    parameters[name] = orjson.loads(parameters[name] or "null")
                except orjson.JSONDecodeError as error:
                    message = f"The parameter {name} is not JSON: {error}"
                    raise BadRequest(message, field=name) from error
        return cls.of_parameters(parameters)

    @classmethod
    async def of_body(cls, request: Request) -> Question:
        content_type = request.headers.get("content-type", "")
        charset = CHARSET.search(content_type)
        if content_type.partition(";")[0].strip().lower() != JSON or (
            charset is not None and charset[1].lower() not in ("utf-8", "utf8")
        ):
            raise UnsupportedMediaType()
        try:
            parameters = orjson.loads(await _body(request))
        except orjson.JSONDecodeError as error:
            raise BadRequest(f"The request's body is not JSON: {error}") from error
        if isinstance(parameters, list):
            raise BatchRefused()
        if not isinstance(parameters, dict):
            raise BadRequest("The request's body is not a JSON object.")
        return cls.of_parameters(parameters)


async def _body(request: Request) -> bytes:
    parts = bytearray()
    async for part in request.stream():
        parts += part
        if len(parts) > limits.BODY_BYTES_MAX:
            raise BodyTooLarge(f"A request holds at most {limits.BODY_BYTES_MAX} bytes.")
    return bytes(parts)


def wanted_heads(header: str | None) -> dict[str, int]:
    """`directory=1763872345678901, …`: what the caller has seen. Raises BadRequest."""
    parts = header.split(",", HEADS_MAX) if header else ()
    matches = [HEAD.fullmatch(part.strip()) for part in parts]
    if None in matches:
        raise BadRequest(f"{HEAD_HEADER} is not as this node sends it.", field=HEAD_HEADER)
    return {match[1]: int(match[2]) for match in matches if match is not None}
