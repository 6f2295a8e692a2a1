"""/map/files: photos and other files, taken before a report refers to them, and given out."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import AsyncIterator
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from gateway import limits
from gateway.auth import Auth
from gateway.context import Node
from hinterland.errors import BadInput, Busy
from hinterland.files.media_types import serving_headers
from services.map.contract import SERVICE
from services.map.contract.file_calls import UPLOAD_BYTES_MAX

__all__ = ["Files"]

# A name that says what is in it never means anything else.
KEPT_S: Final = 365 * 24 * 3600


class Files:
    def __init__(self, node: Node, auth: Auth) -> None:
        self._node = node
        self._auth = auth
        self._uploads = 0

    async def upload(self, request: Request) -> Response:
        """201 with what `submitReport` takes in `files`. The body is the file itself; `?name=` is
        what its owner calls it."""
        actor = await self._auth.actor(request.headers.get("authorization"))
        if self._uploads >= limits.UPLOADS_AT_ONCE_MAX:
            raise Busy()
        self._uploads += 1
        try:
            content = await _body(request)
            params: dict[str, Any] = {
                "content": b64encode(content).decode(),
                "address": request.client.host if request.client else None,
            }
            if name := request.query_params.get("name"):
                params["name"] = name
            made = await self._node.calls.call(
                SERVICE, "upload_file", actor, params, limits.UPLOAD_S_MAX
            )
        finally:
            self._uploads -= 1
        return JSONResponse(made["file"], status_code=201)

    async def download(self, request: Request) -> Response:
        """The file, under headers with which it can do no harm in a browser."""
        actor = await self._auth.actor(request.headers.get("authorization"))
        sha256 = request.path_params["sha256"]
        params = {"sha256": sha256}
        first = await self._node.calls.call(SERVICE, "read_file", actor, params)

        async def pieces() -> AsyncIterator[bytes]:
            piece, sent = first, 0
            while True:
                content = b64decode(piece["content"])
                yield content
                sent += len(content)
                if sent >= first["size"] or not content:
                    return
                asked = {**params, "start": sent}
                piece = await self._node.calls.call(SERVICE, "read_file", actor, asked)

        headers = {
            **serving_headers(first["type"], request.query_params.get("name")),
            "Content-Length": str(first["size"]),
            "Cache-Control": f"private, max-age={KEPT_S}, immutable",
            "ETag": f'"{sha256}"',
            "Vary": "Authorization",
        }
        return StreamingResponse(pieces(), headers=headers)


async def _body(request: Request) -> bytes:
    parts = bytearray()
    async for part in request.stream():
        parts += part
        if len(parts) > UPLOAD_BYTES_MAX:
            raise BadInput(f"A file has at most {UPLOAD_BYTES_MAX} bytes.", field="file")
    if not parts:
        raise BadInput("The body of the request is the file; it is empty.", field="file")
    return bytes(parts)
