"""`/graphql`: one request in, one answer out."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Mapping
from typing import Final, NamedTuple

import orjson
from graphql import OperationType
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from gateway import limits
from gateway.auth import Auth
from gateway.context import Context, Node, audience
from gateway.documents import Documents, Operation
from gateway.encoding import Encoded, accepted_coding
from gateway.errors import BadRequest, as_json
from gateway.execution import Execution
from gateway.http.negotiation import GRAPHQL, JSON, media_type, wants_html
from gateway.http.question import (
    HEAD_HEADER,
    BodyTooLarge,
    Question,
    UnsupportedMediaType,
    wanted_heads,
)
from gateway.live.heads import behind
from gateway.responses import Key, Responses
from hinterland.actors import Actor
from hinterland.errors import Busy, HinterlandError, Unavailable
from hinterland.wire import ServiceFailed
from services.accounts.contract import KeyRefused

__all__ = ["Endpoint"]

RETRY_AFTER_S: Final = 2  # as callers are told with status 503


class NotAcceptable(BadRequest):
    """Answers come as application/graphql-response+json or application/json. Accept one of them."""

    code = "NOT_ACCEPTABLE"


class MethodRefused(BadRequest):
    """Only queries can be asked with GET; send everything else with POST."""

    code = "METHOD_NOT_ALLOWED"


class Behind(Unavailable):
    """This node has not yet got to the head that you sent. Try again."""

    code = "BEHIND"


# Refusals that are about HTTP, whatever the media type of the answer.
STATUS: Final[Mapping[type[HinterlandError], int]] = {
    KeyRefused: 401,
    MethodRefused: 405,
    NotAcceptable: 406,
    BodyTooLarge: 413,
    UnsupportedMediaType: 415,
    BadRequest: 400,
    ServiceFailed: 500,
    Busy: 503,
    Unavailable: 503,
}
EXTRA_HEADERS: Final[Mapping[int, Mapping[str, str]]] = {
    401: {"WWW-Authenticate": "Bearer"},
    405: {"Allow": "GET, POST"},
    503: {"Retry-After": str(RETRY_AFTER_S)},
}


class Answered(NamedTuple):
    answer: Encoded
    heads: Mapping[str, int]


class Endpoint:
    """An ASGI application. `page` answers a browser."""

    def __init__(
        self,
        node: Node,
        auth: Auth,
        documents: Documents,
        execution: Execution,
        responses: Responses,
        page: Callable[[Request], Awaitable[Response]],
    ) -> None:
        self._node = node
        self._auth = auth
        self._documents = documents
        self._execution = execution
        self._responses = responses
        self._page = page
        self._answering: dict[Key, asyncio.Task[Answered]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            response = await self._respond(request)
        except ClientDisconnect:
            return
        await response(scope, receive, send)

    async def _respond(self, request: Request) -> Response:
        accept = request.headers.get("accept")
        if request.method == "GET" and wants_html(accept) and "query" not in request.query_params:
            return await self._page(request)
        media = media_type(accept)
        try:
            if media is None:
                raise NotAcceptable()
            answered = await self._answer(request)
        except HinterlandError as error:
            return _refusal(error, media or JSON)
        return _response(request, answered, media)

    async def _answer(self, request: Request) -> Answered:
        if request.method not in ("GET", "POST"):
            raise MethodRefused()
        actor = await self._auth.actor(request.headers.get("authorization"))
        wanted = wanted_heads(request.headers.get(HEAD_HEADER))
        if request.method == "GET":
            question = Question.of_query_string(request)
        else:
            question = await Question.of_body(request)
        operation = self._documents.get(question.query).operation(question.operation)
        if operation.type is not OperationType.QUERY:
            if request.method == "GET":
                raise MethodRefused()
            address = request.client.host if request.client else None
            return await self._execute(operation, question, Context(self._node, actor, address))
        return await self._query(operation, question, actor, wanted)

    async def _query(
        self, operation: Operation, question: Question, actor: Actor, wanted: Mapping[str, int]
    ) -> Answered:
        key = Key(
            question.query,
            question.operation,
            orjson.dumps(question.variables, option=orjson.OPT_SORT_KEYS),
            audience(actor),
        )
        kept = self._responses.get(key, wanted)
        if kept is not None:
            return Answered(kept.answer, kept.heads)
        answering = self._answering.get(key) if self._responses.keeps else None
        if answering is not None:
            answered = await asyncio.shield(answering)
            if self._node.heads.current(answered.heads) and not behind(answered.heads, wanted):
                return answered
        answered = await self._shared(operation, question, actor, key)
        if late := behind(answered.heads, wanted):
            await self._node.heads.wait_for(late, limits.HEAD_WAIT_S_MAX)
            answered = await self._execute(operation, question, Context(self._node, actor), key)
            if behind(answered.heads, wanted):
                raise Behind()
        return answered

    async def _shared(
        self, operation: Operation, question: Question, actor: Actor, key: Key
    ) -> Answered:
        """Whoever asks the same meanwhile waits for this answer: each new head would otherwise send
        all of them to the service at once."""
        context = Context(self._node, actor)
        answering = asyncio.create_task(self._execute(operation, question, context, key))
        self._answering[key] = answering
        try:
            return await asyncio.shield(answering)
        finally:
            if self._answering.get(key) is answering:
                del self._answering[key]

    async def _execute(
        self, operation: Operation, question: Question, context: Context, key: Key | None = None
    ) -> Answered:
        answer = await self._execution.answer(operation, question.variables, context)
        encoded = Encoded(orjson.dumps(answer))
        if key is not None and context.cacheable and "errors" not in answer:
            self._responses.put(key, encoded, context.heads)
        return Answered(encoded, context.heads)


def _response(request: Request, answered: Answered, media: str) -> Response:
    coding = accepted_coding(request.headers.get("accept-encoding", ""))
    body, coding = answered.answer.coded(coding)
    headers = {"Vary": "Accept, Accept-Encoding, Authorization"}
    if answered.heads:
        headers[HEAD_HEADER] = ", ".join(
            f"{service}={head}" for service, head in sorted(answered.heads.items())
        )
    if coding is not None:
        headers["Content-Encoding"] = coding
    if request.method == "GET":
        tag = hashlib.blake2b(answered.answer.body, digest_size=16).hexdigest()
        headers["ETag"] = f'W/"{tag}"'
        headers["Cache-Control"] = "private, no-cache"
        if headers["ETag"] in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type=f"{media}; charset=utf-8")


def _refusal(error: HinterlandError, media: str) -> Response:
    """No `data`: nothing was executed. Documents that are wrong have status 200 for old clients."""
    status = next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), None)
    if status is None:
        status = 400 if media == GRAPHQL else 200
    return Response(
        orjson.dumps({"errors": as_json(error)}),
        status_code=status,
        headers={**EXTRA_HEADERS.get(status, {}), "Vary": "Accept, Authorization"},
        media_type=f"{media}; charset=utf-8",
    )
