"""One connection: its handshake, its operations, and how it ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Any, Final, NamedTuple

import orjson
from graphql import OperationType
from starlette.websockets import WebSocket, WebSocketDisconnect

from gateway import limits
from gateway.auth import Auth
from gateway.context import Context, Node
from gateway.documents import Documents
from gateway.errors import as_json
from gateway.execution import Execution
from gateway.http.question import Question
from hinterland.actors import Actor
from hinterland.errors import Busy
from services.accounts.contract import KeyRefused

__all__ = ["PROTOCOL", "Closing", "Services", "Socket"]

PROTOCOL: Final = "graphql-transport-ws"


class Closing(NamedTuple):
    """Why the server closes: codes and words are the protocol's."""

    code: int
    reason: str


NORMAL: Final = Closing(1000, "")
TOO_SLOW: Final = Closing(1013, "Too slow: read again, then subscribe")
BAD_MESSAGE: Final = Closing(4400, "Invalid message")
UNAUTHORIZED: Final = Closing(4401, "Unauthorized")
FORBIDDEN: Final = Closing(4403, "Forbidden")
INIT_TIMEOUT: Final = Closing(4408, "Connection initialisation timeout")
TOO_MANY_INITS: Final = Closing(4429, "Too many initialisation requests")


class Services(NamedTuple):
    """What all connections share."""

    node: Node
    auth: Auth
    documents: Documents
    execution: Execution


class Close(Exception):
    def __init__(self, closing: Closing) -> None:
        super().__init__(closing)
        self.closing = closing


class Socket:
    def __init__(self, websocket: WebSocket, services: Services) -> None:
        self._websocket = websocket
        self._services = services
        self._authorization = websocket.headers.get("authorization")
        self._acknowledged = False
        self._operations: dict[str, asyncio.Task[None]] = {}
        self._outbox: asyncio.Queue[bytes] = asyncio.Queue(limits.OUTBOX_MESSAGES_MAX)
        self._end: asyncio.Future[Closing] = asyncio.get_running_loop().create_future()

    async def run(self) -> Closing:
        """Until either side has had enough. Returns how to close; the caller does it."""
        parts = [
            asyncio.create_task(self._read(), name="socket reader"),
            asyncio.create_task(self._write(), name="socket writer"),
            asyncio.create_task(self._require_init(), name="socket handshake"),
        ]
        for part in parts:
            part.add_done_callback(self._on_part_done)
        try:
            return await self._end
        finally:
            await _cancel([*parts, *self._operations.values()])

    def end(self, closing: Closing) -> None:
        if not self._end.done():
            self._end.set_result(closing)

    async def check_key(self) -> None:
        """Something has changed in `accounts`: a key that is void now ends the connection."""
        if self._authorization is None or not self._acknowledged:
            return
        try:
            await self._services.auth.actor(self._authorization)
        except KeyRefused:
            self.end(FORBIDDEN)

    def _on_part_done(self, part: asyncio.Task[None]) -> None:
        if part.cancelled():
            return
        error = part.exception()
        if isinstance(error, Close):
            self.end(error.closing)
        elif isinstance(error, WebSocketDisconnect | OSError):
            self.end(NORMAL)
        elif error is not None and not self._end.done():
            self._end.set_exception(error)

    async def _require_init(self) -> None:
        await asyncio.sleep(limits.INIT_S_MAX)
        if not self._acknowledged:
            raise Close(INIT_TIMEOUT)

    async def _write(self) -> None:
        while True:
            text = await self._outbox.get()
            try:
                async with asyncio.timeout(limits.SEND_S_MAX):
                    await self._websocket.send_text(text.decode())
            except TimeoutError:
                raise Close(TOO_SLOW) from None

    async def _send(self, type_: str, **message: Any) -> None:
        await self._outbox.put(orjson.dumps({"type": type_, **message}))

    async def _read(self) -> None:
        while True:
            message = _parse(await self._receive())
            match message:
                case {"type": "connection_init"}:
                    await self._init(message.get("payload"))
                case {"type": "ping"}:
                    await self._send("pong")
                case {"type": "pong"}:
                    pass
                case {"type": "subscribe", "id": str(name), "payload": dict(payload)} if name:
                    self._subscribe(name, payload)
                case {"type": "complete", "id": str(name)}:
                    operation = self._operations.pop(name, None)
                    if operation is not None:
                        operation.cancel()
                case _:
                    raise Close(BAD_MESSAGE)

    async def _receive(self) -> str:
        message = await self._websocket.receive()
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message.get("code") or NORMAL.code)
        text = message.get("text")
        if not isinstance(text, str):
            raise Close(BAD_MESSAGE)
        return text

    async def _init(self, payload: Any) -> None:
        if self._acknowledged:
            raise Close(TOO_MANY_INITS)
        if isinstance(payload, dict):
            for name, value in payload.items():
                if name.lower() == "authorization" and isinstance(value, str):
                    self._authorization = value
        try:
            await self._services.auth.actor(self._authorization)
        except KeyRefused:
            raise Close(FORBIDDEN) from None
        self._acknowledged = True
        await self._send("connection_ack")

    def _subscribe(self, name: str, payload: Mapping[str, Any]) -> None:
        if not self._acknowledged:
            raise Close(UNAUTHORIZED)
        if name in self._operations:
            raise Close(Closing(4409, f"Subscriber for {name[:40]} already exists"))
        if len(self._operations) >= limits.SUBSCRIPTIONS_PER_SOCKET_MAX:
            error = Busy(
                f"A connection carries {limits.SUBSCRIPTIONS_PER_SOCKET_MAX} operations at a time."
            )
            task = self._send("error", id=name, payload=as_json(error))
        else:
            task = self._operate(name, payload)
        self._operations[name] = asyncio.create_task(task, name="socket operation")

    async def _operate(self, name: str, payload: Mapping[str, Any]) -> None:
        try:
            actor = await self._services.auth.actor(self._authorization)
            async with aclosing(self._answers(payload, actor)) as answers:
                async for answer in answers:
                    await self._send("next", id=name, payload=answer)
            await self._send("complete", id=name)
        except KeyRefused:
            self.end(FORBIDDEN)
        except Exception as error:  # noqa: BLE001  # `as_json` tells the log what it hides here
            await self._send("error", id=name, payload=as_json(error))
        finally:
            if self._operations.get(name) is asyncio.current_task():
                del self._operations[name]

    async def _answers(
        self, payload: Mapping[str, Any], actor: Actor
    ) -> AsyncGenerator[dict[str, Any], None]:
        services = self._services
        question = Question.of_parameters(payload)
        operation = services.documents.get(question.query).operation(question.operation)
        client = self._websocket.client
        context = Context(services.node, actor, client.host if client else None)
        if operation.type is OperationType.SUBSCRIPTION:
            stream = services.execution.stream(operation, question.variables, context)
            async with aclosing(stream) as answers:
                async for answer in answers:
                    yield answer
        else:
            yield await services.execution.answer(operation, question.variables, context)


def _parse(text: str) -> Mapping[str, Any]:
    try:
        message = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise Close(BAD_MESSAGE) from None
    if not isinstance(message, dict):
        raise Close(BAD_MESSAGE)
    return message


async def _cancel(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
