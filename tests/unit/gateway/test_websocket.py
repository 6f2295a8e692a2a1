"""graphql-transport-ws, from connection_init to complete."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any

import orjson
import pytest
from starlette.types import ASGIApp

from gateway import limits
from gateway.live import Change, Changed
from gateway.websocket import Sockets
from gateway.websocket.socket import PROTOCOL, Services
from hinterland.actors import Actor
from hinterland.errors import HinterlandError
from tests.unit.gateway.conftest import Parts, ngo, page_of

pytestmark = pytest.mark.anyio

KEY = "hk_yunnan_01J0000000000000000000000_" + "s" * 43
SUBSCRIBE = {
    "id": "1",
    "type": "subscribe",
    "payload": {"query": '{ngos(region:"CN-YN"){nodes{id}}}'},
}
WATCH = {
    "id": "1",
    "type": "subscribe",
    "payload": {
        "query": "subscription($r: String) { ngoChanged(region: $r) { id ngo { name } } }",
        "variables": {"r": "CN-YN"},
    },
}


class Closed(Exception):
    """The server closed the connection with this code."""


class Session:
    """A WebSocket client without a socket: ASGI's messages, put in and taken out."""

    def __init__(self, app: ASGIApp, subprotocols: list[str], headers: Mapping[str, str]) -> None:
        self._app = app
        self._scope = {
            "type": "websocket",
            "path": "/graphql",
            "query_string": b"",
            "subprotocols": subprotocols,
            "headers": [(key.lower().encode(), value.encode()) for key, value in headers.items()],
        }
        self._to_server: asyncio.Queue[Any] = asyncio.Queue()
        self._from_server: asyncio.Queue[Any] = asyncio.Queue()
        self._reads = True

    async def __aenter__(self) -> Session:
        self._to_server.put_nowait({"type": "websocket.connect"})
        self._task = asyncio.create_task(self._run(), name="session")
        accepted = await self._from_server.get()
        assert accepted["type"] == "websocket.accept"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._to_server.put_nowait({"type": "websocket.disconnect", "code": 1000})
        async with asyncio.timeout(5):
            await self._task

    async def _run(self) -> None:
        await self._app(self._scope, self._to_server.get, self._take)

    async def _take(self, message: Any) -> None:
        if message["type"] == "websocket.send" and not self._reads:
            await asyncio.Event().wait()
        self._from_server.put_nowait(message)

    def stop_reading(self) -> None:
        """From now on a message to this client never leaves."""
        self._reads = False

    def send(self, message: Any) -> None:
        self.send_text(orjson.dumps(message).decode())

    def send_text(self, text: str) -> None:
        self._to_server.put_nowait({"type": "websocket.receive", "text": text})

    def send_bytes(self, content: bytes) -> None:
        self._to_server.put_nowait({"type": "websocket.receive", "bytes": content})

    async def receive(self) -> Any:
        """Raises Closed."""
        async with asyncio.timeout(5):
            message = await self._from_server.get()
        if message["type"] == "websocket.close":
            raise Closed(message["code"])
        return orjson.loads(message["text"])

    async def closed_with(self) -> int:
        """The code that the server closes with, after whatever else it sends."""
        while True:
            try:
                await self.receive()
            except Closed as closed:
                return int(closed.args[0])

    async def pong(self) -> None:
        self.send({"type": "ping"})
        assert await self.receive() == {"type": "pong"}


class Wire:
    """One gateway's WebSocket endpoint, and what its node hears meanwhile."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self.sockets = Sockets(Services(parts.node, parts.auth, parts.documents, parts.execution))

    def connect(self, *subprotocols: str, **headers: str) -> Session:
        return Session(self.sockets, list(subprotocols or [PROTOCOL]), headers)

    def change(self, changed: Changed) -> None:
        """As the broker would tell it."""
        for listener in (self.parts.auth, self.parts.heads, self.sockets, self.parts.interests):
            listener.changed(changed)


@pytest.fixture
def wire(parts: Parts) -> Wire:
    parts.calls.answers["directory.list_ngos"] = lambda _, params: page_of(
        *(ngo(1, id=one) for one in params["filter"].get("ids", ["a"]))
    )
    return Wire(parts)


@pytest.fixture
async def session(wire: Wire) -> AsyncIterator[Session]:
    """A connection that has been acknowledged."""
    async with wire.connect() as session:
        session.send({"type": "connection_init"})
        assert await session.receive() == {"type": "connection_ack"}
        yield session


def put(*ids: str) -> Changed:
    return Changed("directory", 2, tuple(Change(one, "ngo", "public", "put") for one in ids))


async def subscribed(session: Session, wire: Wire, *, times: int = 1) -> None:
    """Waits until as many things are watched."""
    while len(wire.parts.interests) != times:
        await session.pong()


async def test_a_change_reaches_whoever_watches(wire: Wire, session: Session) -> None:
    """Looked up with the filter of the subscription, as the one who subscribed."""
    session.send(WATCH)
    await subscribed(session, wire)
    wire.change(put("yunnan.ngo.7"))

    assert await session.receive() == {
        "type": "next",
        "id": "1",
        "payload": {
            "data": {"ngoChanged": {"id": "yunnan.ngo.7", "ngo": {"name": ngo()["names"]["zh"]}}}
        },
    }
    assert wire.parts.calls.asked[-1] == (
        "directory.list_ngos",
        {"filter": {"region": "CN-YN", "ids": ["yunnan.ngo.7"]}, "first": 100},
    )


async def test_a_withdrawn_record_is_told_without_one(wire: Wire, session: Session) -> None:
    """The app takes it off its list."""
    session.send(WATCH)
    await subscribed(session, wire)
    wire.change(Changed("directory", 2, (Change("a", "ngo", "public", "erase"),)))

    answer = await session.receive()

    assert answer["payload"] == {"data": {"ngoChanged": {"id": "a", "ngo": None}}}


async def test_a_query_is_answered_too(session: Session) -> None:
    """One `next`, and `complete`."""
    session.send(SUBSCRIBE)

    assert (await session.receive())["payload"] == {"data": {"ngos": {"nodes": [{"id": "a"}]}}}
    assert await session.receive() == {"type": "complete", "id": "1"}


async def test_a_completed_subscription_hears_nothing_more(wire: Wire, session: Session) -> None:
    """And its id can be used again."""
    session.send(WATCH)
    await subscribed(session, wire)
    session.send({"type": "complete", "id": "1"})
    await subscribed(session, wire, times=0)
    wire.change(put("a"))
    session.send(SUBSCRIBE)

    assert (await session.receive())["payload"]["data"] == {"ngos": {"nodes": [{"id": "a"}]}}


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        ({"query": "{"}, "GRAPHQL_PARSE_FAILED"),
        ({"query": "subscription { nonsense }"}, "GRAPHQL_VALIDATION_FAILED"),
        (
            {"query": "subscription($n: Int!) { ngoChanged(city: $n) { id } }"},
            "GRAPHQL_VALIDATION_FAILED",
        ),
        ({"query": "subscription($c: String!) { ngoChanged(city: $c) { id } }"}, "BAD_INPUT"),
        ({"nothing": 1}, "BAD_REQUEST"),
    ],
)
async def test_an_operation_that_is_wrong_is_an_error_of_that_operation(
    session: Session, payload: Any, code: str
) -> None:
    """The connection and its other operations go on."""
    session.send({"type": "subscribe", "id": "7", "payload": payload})
    answer = await session.receive()

    assert (answer["type"], answer["id"]) == ("error", "7")
    assert answer["payload"][0]["extensions"]["code"] == code
    session.send({"type": "ping"})
    assert await session.receive() == {"type": "pong"}


async def test_a_filter_that_the_service_refuses_is_refused_at_once(
    wire: Wire, session: Session
) -> None:
    """Not at the first change, a week later."""

    def refuse(*_: Any) -> None:
        raise HinterlandError("No such region.", code="BAD_INPUT", field="region")

    wire.parts.calls.answers["directory.list_ngos"] = refuse
    session.send(WATCH)
    answer = await session.receive()

    assert answer["type"] == "error"
    assert answer["payload"][0]["extensions"] == {"code": "BAD_INPUT", "field": "region"}


async def test_a_subscription_that_may_have_missed_something_ends_with_an_error(
    wire: Wire, session: Session
) -> None:
    """The connection to the broker was lost for a moment."""
    session.send(WATCH)
    await subscribed(session, wire)
    wire.parts.interests.lost_sight()

    assert (await session.receive())["payload"][0]["extensions"]["code"] == "UNAVAILABLE"


async def test_the_number_of_operations_has_a_bound(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one too many is refused, the others go on."""
    monkeypatch.setattr(limits, "SUBSCRIPTIONS_PER_SOCKET_MAX", 2)
    for name in ("1", "2", "3"):
        session.send({**WATCH, "id": name})
    answer = await session.receive()

    assert (answer["type"], answer["id"]) == ("error", "3")
    assert answer["payload"][0]["extensions"]["code"] == "BUSY"


@pytest.mark.parametrize(
    "message",
    [
        *("", "7", "[]", "{}", '{"type": "nonsense"}', '{"type": "complete"}'),
        *('{"type": "subscribe"}', '{"type": "subscribe", "id": "1"}'),
        '{"type": "subscribe", "id": "", "payload": {}}',
    ],
)
async def test_a_message_that_is_none_closes_the_connection(session: Session, message: str) -> None:
    """4400, as the protocol says."""
    session.send_text(message)

    assert await session.closed_with() == 4400


async def test_bytes_close_the_connection(session: Session) -> None:
    """The protocol is text."""
    session.send_bytes(b"{}")

    assert await session.closed_with() == 4400


async def test_another_protocol_is_not_spoken(wire: Wire) -> None:
    """The older graphql-ws for instance, whose messages look alike."""
    async with wire.connect("graphql-ws") as session:
        assert await session.closed_with() == 4406


async def test_nothing_is_done_before_connection_init(wire: Wire) -> None:
    """4401, as the protocol says."""
    async with wire.connect() as session:
        session.send(SUBSCRIBE)
        assert await session.closed_with() == 4401


async def test_connection_init_comes_once_and_in_time(
    wire: Wire, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """4429 and 4408, as the protocol says."""
    session.send({"type": "connection_init"})
    assert await session.closed_with() == 4429

    monkeypatch.setattr(limits, "INIT_S_MAX", 0.01)
    async with wire.connect() as silent:
        assert await silent.closed_with() == 4408


async def test_an_id_is_one_operation(session: Session) -> None:
    """4409, as the protocol says."""
    session.send(WATCH)
    session.send(WATCH)

    assert await session.closed_with() == 4409


async def test_the_number_of_connections_has_a_bound(
    wire: Wire, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A client library tries again later."""
    monkeypatch.setattr(limits, "SOCKETS_MAX", 1)
    async with wire.connect() as one_too_many:
        assert await one_too_many.closed_with() == 1013


async def test_who_does_not_take_his_messages_is_let_go(
    wire: Wire, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection ends, and nothing is kept for it."""
    monkeypatch.setattr(limits, "SEND_S_MAX", 0.01)
    session.stop_reading()
    session.send({"type": "ping"})
    assert await session.closed_with() == 1013


async def test_a_fault_of_ours_is_an_error_of_one_operation(
    wire: Wire, session: Session, caplog: pytest.LogCaptureFixture
) -> None:
    """The caller hears INTERNAL, the log everything."""

    def fail(*_: Any) -> None:
        raise ZeroDivisionError("secret")

    wire.parts.calls.answers["directory.list_ngos"] = fail
    session.send(WATCH)
    answer = await session.receive()

    assert answer["type"] == "error"
    assert answer["payload"][0]["extensions"] == {"code": "INTERNAL"}
    assert "secret" not in str(answer)
    assert "secret" in caplog.text
    await session.pong()


@pytest.fixture
def keys(wire: Wire) -> set[str]:
    known = {KEY}

    def authenticate(_actor: Actor, params: Any) -> Any:
        if params["key"] not in known:
            raise HinterlandError("This key was revoked.", code="KEY_REFUSED")
        return {"actor": Actor("a1", frozenset({"editor"}), "yunnan").to_wire()}

    wire.parts.calls.answers["accounts.authenticate"] = authenticate
    return known


@pytest.mark.parametrize("where", ["header", "payload"])
async def test_a_key_comes_with_the_connection(wire: Wire, keys: set[str], where: str) -> None:
    """As a header, or where a browser cannot set one, in connection_init."""
    bearer = {"Authorization": f"Bearer {KEY}"}
    options = {"authorization": f"Bearer {KEY}"} if where == "header" else {}
    init = {"payload": bearer} if where == "payload" else {}
    async with wire.connect(**options) as session:
        session.send({"type": "connection_init", **init})
        await session.receive()
        session.send({**SUBSCRIBE, "payload": {"query": "{ viewer { account roles } }"}})

        assert (await session.receive())["payload"] == {
            "data": {"viewer": {"account": "a1", "roles": ["editor"]}}
        }


async def test_a_wrong_key_is_refused_at_the_start(wire: Wire, keys: set[str]) -> None:
    """4403, as the protocol says."""
    wrong = {"authorization": "Bearer nonsense"}
    async with wire.connect() as session:
        session.send({"type": "connection_init", "payload": wrong})
        assert await session.closed_with() == 4403


async def test_a_revoked_key_ends_the_connection_at_once(wire: Wire, keys: set[str]) -> None:
    """Also one that only listens."""
    async with wire.connect(authorization=f"Bearer {KEY}") as session:
        session.send({"type": "connection_init"})
        await session.receive()
        session.send(WATCH)
        await subscribed(session, wire)
        keys.clear()
        wire.change(Changed("accounts", 9, ()))

        assert await session.closed_with() == 4403
