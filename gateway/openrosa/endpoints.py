"""OpenRosa's addresses, each twice.

    /openrosa/formList …          as the setting `openrosa_open` says: for anybody, or with a key
    /openrosa/members/formList …  with a key always; a phone names one only where it is asked to

A phone is given the part before `/formList` as its server's address.
"""

from __future__ import annotations

import asyncio
import logging
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any, Final
from urllib.parse import quote

from starlette.datastructures import MutableHeaders
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute, Mount, Route, Router
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway import limits
from gateway.openrosa.authentication import Passwords
from gateway.openrosa.documents import form_list, manifest, response
from gateway.openrosa.multipart import Posted, PostTooLarge, PostTooSlow, posted, received
from gateway.rpc import Rpc
from hinterland.actors import Actor
from hinterland.errors import BadInput, Busy, HinterlandError, NotAllowed, NotFound, Unavailable
from hinterland.files.media_types import serving_headers
from hinterland.wire import ServiceFailed
from services.accounts.contract import KeyRefused
from services.map.contract import SERVICE
from services.map.contract.errors import FormUnknown, TooManyReports

__all__ = ["OPENROSA_PATH", "OpenRosa"]

log = logging.getLogger(__name__)

OPENROSA_PATH: Final = "/openrosa"
MEMBERS_PATH: Final = "/members"
VERSION: Final = "1.0"
XML: Final = "text/xml; charset=utf-8"
ACCEPTED: Final = {"X-OpenRosa-Accept-Content-Length": str(limits.OPENROSA_BODY_BYTES_MAX)}
# The status that phones understand; for any other error that names its reason, 400.
STATUS: Final = {
    KeyRefused.code: 401,
    NotAllowed.code: 403,
    NotFound.code: 404,
    FormUnknown.code: 404,
    PostTooLarge.code: 413,
    PostTooSlow.code: 408,
    Busy.code: 429,
    TooManyReports.code: 429,
    Unavailable.code: 503,
    HinterlandError.code: 500,
}
OTHER_STATUS: Final = 400

Handler = Callable[[Request, Actor], Awaitable[Response]]


class OpenRosa:
    """`route` is what an application mounts. `open_to_all` is the setting; `public_url`, where
    phones reach this gateway, if that is not the address that they asked."""

    def __init__(
        self, calls: Rpc, passwords: Passwords, *, open_to_all: bool, public_url: str | None = None
    ) -> None:
        self._calls = calls
        self._passwords = passwords
        self._public_url = public_url
        self._posts = 0
        self._submitting = asyncio.Semaphore(limits.OPENROSA_SUBMITTED_MAX)
        members = Mount(MEMBERS_PATH, routes=self._routes(open_to_all=False))
        router = Router([members, *self._routes(open_to_all=open_to_all)])
        self.route: BaseRoute = Mount(OPENROSA_PATH, _versioned(ExceptionMiddleware(router)))

    def _routes(self, *, open_to_all: bool) -> list[BaseRoute]:
        def answering(handler: Handler) -> Callable[[Request], Awaitable[Response]]:
            async def endpoint(request: Request) -> Response:
                return await self._answer(request, handler, open_to_all)

            return endpoint

        return [
            Route("/formList", answering(self._list), methods=["GET"]),
            Route("/submission", answering(self._submission), methods=["HEAD", "POST"]),
            Route("/forms/{id}/form.xml", answering(self._form), methods=["GET"]),
            Route("/forms/{id}/manifest.xml", answering(self._manifest), methods=["GET"]),
            Route("/forms/{id}/media/{name}", answering(self._media), methods=["GET"]),
        ]

    async def _answer(self, request: Request, handler: Handler, open_to_all: bool) -> Response:
        try:
            actor = await self._passwords.actor(request)
            if actor.account is None and not open_to_all:
                raise KeyRefused("Name and password are needed: the password is an API key.")
            answer = await handler(request, actor)
        except HinterlandError as error:
            answer = self._refusal(request, error)
        except ClientDisconnect:
            answer = Response(status_code=400)
        return answer

    def _refusal(self, request: Request, error: HinterlandError) -> Response:
        if isinstance(error, ServiceFailed):
            log.error("a service failed: %s", error.cause)
        status = STATUS.get(error.details["code"], OTHER_STATUS)
        answer = _xml(response(_sentence(error), error=True), status)
        if status == STATUS[KeyRefused.code]:
            for challenge in self._passwords.challenges(request):
                answer.headers.append("WWW-Authenticate", challenge)
        if "retry_after_s" in error.details:
            answer.headers["Retry-After"] = str(error.details["retry_after_s"])
        return answer

    async def _list(self, request: Request, actor: Actor) -> Response:
        params: dict[str, Any] = {
            "all_versions": request.query_params.get("listAllVersions") == "true"
        }
        if request.query_params.get("formID"):
            params["form_id"] = request.query_params["formID"]
        found = await self._call("list_forms", actor, params)
        verbose = request.query_params.get("verbose") == "true"
        listed = [form for form in found["items"] if form["md5"]]
        return _xml(form_list(listed, self._base(request, "/formList"), verbose))

    async def _form(self, request: Request, actor: Actor) -> Response:
        found = await self._call("get_form", actor, {"id": request.path_params["id"]})
        return Response(b64decode(found["xform"]), media_type=XML)

    async def _manifest(self, request: Request, actor: Actor) -> Response:
        found = await self._call("get_form", actor, {"id": request.path_params["id"]})
        base = self._base(request, "/manifest.xml")
        names = [each["name"] for each in found["media"]]
        address_of = {name: f"{base}/media/{quote(name, safe='')}" for name in names}
        return _xml(manifest(found["media"], address_of))

    async def _media(self, request: Request, actor: Actor) -> Response:
        params = {"id": request.path_params["id"], "name": request.path_params["name"]}
        first = await self._call("get_form_media", actor, params)

        async def pieces() -> AsyncIterator[bytes]:
            content, sent = b64decode(first["content"]), 0
            while content:
                yield content
                sent += len(content)
                if sent >= first["size"]:
                    return
                piece = await self._call("get_form_media", actor, {**params, "start": sent})
                content = b64decode(piece["content"])

        headers = serving_headers(first["type"], params["name"])
        headers["Content-Length"] = str(first["size"])
        return StreamingResponse(pieces(), headers=headers)

    async def _submission(self, request: Request, actor: Actor) -> Response:
        if request.method == "HEAD":
            return Response(status_code=204, headers=ACCEPTED)
        if self._posts >= limits.OPENROSA_POSTS_MAX:
            raise Busy()
        self._posts += 1
        try:
            async with received(request) as parts, self._submitting:
                post = await posted(parts)
                taken = await self._submit(request, actor, post)
        finally:
            self._posts -= 1
        return self._taken(request, taken, post.incomplete)

    async def _submit(self, request: Request, actor: Actor, post: Posted) -> Any:
        params = {
            "xml": b64encode(post.xml).decode(),
            "attachments": [
                {"name": name, "content": b64encode(content).decode()}
                for name, content in post.files.items()
            ],
            "address": request.client.host if request.client else None,
        }
        return await self._call("submit_form", actor, params, limits.OPENROSA_SUBMIT_S_MAX)

    def _taken(self, request: Request, taken: Mapping[str, Any], incomplete: bool) -> Response:
        message = "The report has arrived."
        if taken["missing"]:
            message += f" Still to come: {', '.join(taken['missing'])}."
        metadata = {
            "id": taken["form_id"],
            "version": taken["form_version"],
            "instanceID": taken["instance_id"],
            "isComplete": "false" if incomplete or taken["missing"] else "true",
        }
        answer = _xml(response(message, metadata=metadata), 201)
        answer.headers.update({"Location": self._url(request), **ACCEPTED})
        return answer

    async def _call(
        self,
        method: str,
        actor: Actor,
        params: dict[str, Any],
        seconds_max: float = limits.CALL_S_MAX,
    ) -> Any:
        return await self._calls.call(SERVICE, method, actor, params, seconds_max)

    def _base(self, request: Request, end: str) -> str:
        return self._url(request).removesuffix(end)

    def _url(self, request: Request) -> str:
        """The address that was asked, without its query, as phones reach it."""
        if self._public_url is None:
            return str(request.url.replace(query=""))
        return self._public_url.rstrip("/") + request.url.path


def _versioned(app: ASGIApp) -> ASGIApp:
    """Every answer says which OpenRosa it is of, also that there is no such address."""

    async def versioned(scope: Scope, receive: Receive, send: Send) -> None:
        async def send_version(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["X-OpenRosa-Version"] = VERSION
            await send(message)

        await app(scope, receive, send_version)

    return versioned


def _sentence(error: HinterlandError) -> str:
    """All faults, each with its field, for whoever holds the phone."""
    errors = error.details.get("errors")
    if not errors or not all("field" in each for each in errors):
        return str(error) if isinstance(error, BadInput) else error.message
    return "\n".join(f"{each['field']}: {each['message']}" for each in errors)


def _xml(content: bytes, status: int = 200) -> Response:
    headers = {"Cache-Control": "no-store"}
    return Response(content, status_code=status, media_type=XML, headers=headers)
