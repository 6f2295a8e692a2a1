"""What the map's files and tiles answer alike: tags, and refusals by name."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

import orjson
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from gateway.context import audience
from gateway.errors import as_json
from gateway.http.endpoint import EXTRA_HEADERS, STATUS
from hinterland.actors import Actor
from hinterland.errors import BadInput, HinterlandError, NotAllowed, NotFound

__all__ = ["headers_of", "is_known", "refusing"]

STATUSES: Final[Mapping[type[HinterlandError], int]] = {
    **STATUS,
    BadInput: 400,
    NotAllowed: 403,
    NotFound: 404,
}
TAG_BYTES: Final = 16

Answering = Callable[[Request], Awaitable[Response]]


def headers_of(request: Request, actor: Actor, head: Any) -> dict[str, str]:
    """The tag of an answer: what was asked, by whom, and the heads that it was made of. It is weak,
    as compressed answers have it, too."""
    parts = [request.url.path, sorted(request.query_params.multi_items()), audience(actor), head]
    tag = hashlib.blake2b(orjson.dumps(parts), digest_size=TAG_BYTES).hexdigest()
    return {
        "ETag": f'W/"{tag}"',
        "Cache-Control": "private, no-cache",
        "Vary": "Accept-Encoding, Authorization",
    }


def is_known(request: Request, headers: Mapping[str, str]) -> bool:
    """Whether the caller has this very answer (RFC 9110, 13.1.2)."""
    known = request.headers.get("if-none-match", "")
    return known == "*" or headers["ETag"] in known


def refusing(answering: Answering) -> Answering:
    """The same, with what it raises on purpose as an answer."""

    async def answer(request: Request) -> Response:
        try:
            return await answering(request)
        except HinterlandError as error:
            status = next((STATUSES[kind] for kind in type(error).__mro__ if kind in STATUSES), 500)
            headers = {**EXTRA_HEADERS.get(status, {}), "Vary": "Authorization"}
            return JSONResponse({"errors": as_json(error)}, status_code=status, headers=headers)

    return answer
