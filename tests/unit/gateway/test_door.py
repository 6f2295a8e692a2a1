"""The door, where invited nodes knock."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

import httpx
import pytest

from gateway import limits
from gateway.door import Door
from hinterland.actors import ANONYMOUS, Actor
from hinterland.errors import HinterlandError
from services.federation.contract import DOOR_PATH

pytestmark = pytest.mark.anyio


class Federation:
    """Stands where `gateway.rpc.Rpc` stands."""

    def __init__(self) -> None:
        self.asked: list[Any] = []
        self.refuses: HinterlandError | None = None

    async def call(
        self,
        service: str,
        method: str,
        actor: Actor,
        params: Mapping[str, Any],
        seconds_max: float,
    ) -> Any:
        self.asked.append((service, method, actor, params))
        if self.refuses is not None:
            raise self.refuses
        return {"member": params["node"]}


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def federation() -> Federation:
    return Federation()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def door(federation: Federation, clock: Clock) -> Door:
    return Door(federation, clock)  # type: ignore[arg-type]


@pytest.fixture
async def client(door: Door) -> AsyncIterator[httpx.AsyncClient]:
    async with knocking_from(door, "10.0.0.1") as client:
        yield client


def knocking_from(door: Door, address: str) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(door.app, client=(address, 1))
    return httpx.AsyncClient(transport=transport, base_url="https://door")


async def test_a_knock_is_passed_on_to_the_service_federation(
    federation: Federation, client: httpx.AsyncClient
) -> None:
    """By nobody in particular: the invitation is what counts."""
    response = await client.post(DOOR_PATH, json={"node": "gansu"})

    assert (response.status_code, response.json()) == (200, {"member": "gansu"})
    assert federation.asked == [("federation", "admit", ANONYMOUS, {"node": "gansu"})]


@pytest.mark.parametrize(
    ("code", "status"),
    [("NOT_ALLOWED", 403), ("BAD_INPUT", 400), ("UNAVAILABLE", 503), ("INVITATION_EXPIRED", 409)],
)
async def test_a_refusal_keeps_its_code(
    federation: Federation, client: httpx.AsyncClient, code: str, status: int
) -> None:
    """The node that knocks shows its operator what the coordinator said."""
    federation.refuses = HinterlandError("Not so.", code=code, hint="ask again")

    response = await client.post(DOOR_PATH, json={"node": "gansu"})

    assert response.status_code == status
    assert response.json() == {
        "error": {"message": "Not so.", "details": {"code": code, "hint": "ask again"}}
    }


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"x" * (limits.DOOR_BODY_BYTES_MAX + 1)])
async def test_garbage_stays_outside(
    federation: Federation, client: httpx.AsyncClient, body: bytes
) -> None:
    """The service never sees it."""
    assert (await client.post(DOOR_PATH, content=body)).status_code == 400
    assert federation.asked == []


async def test_nothing_else_is_behind_the_door(client: httpx.AsyncClient) -> None:
    """No queries, no pages, no other methods."""
    assert (await client.get(DOOR_PATH)).status_code == 405
    assert (await client.post("/graphql", json={"query": "{a}"})).status_code == 404


async def test_one_address_cannot_knock_all_day(
    federation: Federation, client: httpx.AsyncClient, door: Door, clock: Clock
) -> None:
    """Others can, meanwhile, and so can it in a minute."""
    for _ in range(limits.DOOR_ATTEMPTS_PER_MINUTE_MAX):
        assert (await client.post(DOOR_PATH, json={"node": "gansu"})).status_code == 200

    assert (await client.post(DOOR_PATH, json={"node": "gansu"})).status_code == 429
    async with knocking_from(door, "10.0.0.2") as other:
        assert (await other.post(DOOR_PATH, json={"node": "gansu"})).status_code == 200
    clock.now += 61
    assert (await client.post(DOOR_PATH, json={"node": "gansu"})).status_code == 200


async def test_all_addresses_together_cannot_either(federation: Federation, door: Door) -> None:
    """An attacker has many."""
    for number in range(limits.DOOR_ATTEMPTS_PER_MINUTE_ALL_MAX + 5):
        async with knocking_from(door, f"10.0.1.{number}") as client:
            last = await client.post(DOOR_PATH, json={"node": "gansu"})

    assert last.status_code == 429
    assert len(federation.asked) == limits.DOOR_ATTEMPTS_PER_MINUTE_ALL_MAX
