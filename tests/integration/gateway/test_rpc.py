"""The gateway's one connection to a real broker: calls, replies, changes, and losing it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from gateway import limits
from gateway.live import Change, Changed
from hinterland.actors import ANONYMOUS, Actor
from hinterland.errors import Busy, StaleVersion, Unavailable
from hinterland.ground import Management
from hinterland.testing import Vhost
from hinterland.wire import ServiceFailed
from tests.integration.gateway.conftest import Connected

pytestmark = pytest.mark.anyio

CHANGED = Changed("directory", 7, (Change("yunnan.ngo.1", "ngo", "public", "put"),))


def echo(_method: str, params: Any) -> Any:
    return {"result": params, "error": None}


def silent(_method: str, _params: Any) -> Any:
    return None


async def eventually(what: Callable[[], Any]) -> None:
    """Waits for something that the broker brings about."""
    async with asyncio.timeout(20):
        while not what():  # noqa: ASYNC110  # the broker has no event to wait for
            await asyncio.sleep(0.01)


async def test_a_call_reaches_the_service_and_its_result_comes_back(
    connect: Any, new_stub: Any
) -> None:
    """Actor and parameters travel as nameko has them."""
    stub = new_stub("directory", echo)
    actor = Actor("a1", frozenset({"editor"}), "yunnan")
    async with connect() as connected:
        result = await connected.rpc.call("directory", "get_ngos", actor, {"ids": ["云南"]})

    assert result == {"ids": ["云南"]}
    assert stub.calls == [("get_ngos", [actor.to_wire(), {"ids": ["云南"]}])]


async def test_replies_find_their_calls_in_whatever_order_they_come(
    connect: Any, new_stub: Any
) -> None:
    """Many calls are under way at once on one channel."""
    new_stub("directory", echo)
    async with connect() as connected:
        results = await asyncio.gather(
            *(connected.rpc.call("directory", "echo", ANONYMOUS, {"n": n}) for n in range(300))
        )

    assert results == [{"n": n} for n in range(300)]


async def test_an_error_of_the_service_is_raised_here(connect: Any, new_stub: Any) -> None:
    """By its code; what has none tells the caller nothing."""
    errors = {
        "update_ngo": {"exc_args": ["Too late.", {"code": "STALE_VERSION", "field": "version"}]},
        "get_ngos": {"exc_type": "KeyError", "exc_args": ["secret"], "value": "secret"},
    }
    new_stub("directory", lambda method, _: {"result": None, "error": errors[method]})
    async with connect() as connected:
        with pytest.raises(StaleVersion, match=r"Too late\."):
            await connected.rpc.call("directory", "update_ngo", ANONYMOUS, {})
        with pytest.raises(ServiceFailed):
            await connected.rpc.call("directory", "get_ngos", ANONYMOUS, {})


async def test_a_service_that_nobody_runs_is_an_error_without_waiting(connect: Any) -> None:
    """The broker gives the message back."""
    async with connect() as connected, asyncio.timeout(limits.CALL_S_MAX / 2):
        with pytest.raises(Unavailable) as raised:
            await connected.rpc.call("map", "list_places", ANONYMOUS, {})

    assert raised.value.details == {"code": "UNAVAILABLE", "service": "map"}


async def test_a_service_that_does_not_answer_is_given_up(connect: Any, new_stub: Any) -> None:
    """And a reply that comes after all hurts nobody."""
    new_stub("directory", silent)
    async with connect() as connected:
        with pytest.raises(Unavailable, match="did not answer within"):
            await connected.rpc.call("directory", "get_ngos", ANONYMOUS, {}, seconds_max=0.05)


async def test_the_number_of_calls_under_way_has_a_bound(
    connect: Any, new_stub: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one too many is told to come back later, at once."""
    monkeypatch.setattr(limits, "CALLS_IN_FLIGHT_MAX", 3)
    new_stub("directory", silent)
    async with connect() as connected:
        calls = [
            asyncio.create_task(connected.rpc.call("directory", "get_ngos", ANONYMOUS, {}))
            for _ in range(3)
        ]
        await asyncio.sleep(0)
        with pytest.raises(Busy):
            await connected.rpc.call("directory", "get_ngos", ANONYMOUS, {})
        for call in calls:
            call.cancel()
        await asyncio.gather(*calls, return_exceptions=True)


async def test_changes_are_heard(connect: Any, new_stub: Any) -> None:
    """And what is no change is not, and does not get in the way."""
    stub = new_stub("directory", echo)
    async with connect() as connected:
        stub.say(CHANGED._replace(head=None))  # type: ignore[arg-type]
        stub.say(CHANGED)
        await eventually(lambda: connected.heard.changes)

        assert connected.heard.changes == [CHANGED]


def connections_of_the_gateway(management: Management, vhost: Vhost) -> list[str]:
    return [
        connection["name"]
        for connection in management.get(f"vhosts/{vhost.name}/connections")
        if connection.get("user_provided_name") == "gateway under test"
    ]


async def cut(management: Management, vhost: Vhost, connected: Connected) -> None:
    """Closes the gateway's connection from the other side, and waits until it has noticed."""
    await eventually(lambda: connections_of_the_gateway(management, vhost))
    for name in connections_of_the_gateway(management, vhost):
        management.delete(f"connections/{name}")
    await eventually(lambda: not connected.broker.open)


async def test_a_lost_connection_comes_back(
    connect: Any, new_stub: Any, management: Management, vhost: Vhost
) -> None:
    """Calls under way are told at once; who listens is told that it may have missed something."""
    replies = {"get_ngos": silent, "echo": echo}
    stub = new_stub("directory", lambda method, params: replies[method](method, params))
    async with connect() as connected:
        lost = connected.heard.sights_lost
        call = asyncio.create_task(connected.rpc.call("directory", "get_ngos", ANONYMOUS, {}))
        await eventually(lambda: stub.calls)
        await cut(management, vhost, connected)
        with pytest.raises(Unavailable, match="lost"):
            await call
        with pytest.raises(Unavailable, match="cannot be reached"):
            await connected.rpc.call("directory", "echo", ANONYMOUS, {})
        assert connected.heard.sights_lost == lost + 1

        await connected.broker.wait_open()

        assert await connected.rpc.call("directory", "echo", ANONYMOUS, {"n": 1}) == {"n": 1}
        assert connected.heard.sights_lost == lost + 2
        stub.say(CHANGED)
        await eventually(lambda: connected.heard.changes)


async def test_a_gateway_starts_before_its_broker_and_stops_without_it() -> None:
    """Whoever starts a node need not know the order."""
    connected = Connected("amqp://nobody:nothing@127.0.0.1:1/")
    connected.broker.start()
    with pytest.raises(Unavailable):
        await connected.rpc.call("directory", "get_ngos", ANONYMOUS, {})
    async with asyncio.timeout(10):
        await connected.broker.stop()


async def test_nothing_of_the_gateway_stays_at_the_broker(
    connect: Any, management: Management, vhost: Vhost
) -> None:
    """Its queues go with it, also when it is killed."""
    async with connect():
        assert len(management.get(f"queues/{vhost.name}")) == 2
    await eventually(lambda: not management.get(f"queues/{vhost.name}"))
