"""Whole answers that are kept, and when they are not given out again."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from gateway import limits
from gateway.encoding import Encoded
from gateway.live import Changed, Heads
from gateway.responses import Key, Responses
from tests.unit.gateway.conftest import Parts, ngo, page_of

pytestmark = pytest.mark.anyio

LIST = {"query": "{ ngos(first: 1) { nodes { name } } }"}
KEY = "hk_yunnan_01J0000000000000000000000_" + "s" * 43


@pytest.fixture
def versions(parts: Parts) -> dict[str, Any]:
    """A directory whose one NGO has a name that shows the head of the answer."""
    state = {"head": 1}

    def answer(*_: object) -> dict[str, Any]:
        return page_of(ngo(1, names={"en": f"at {state['head']}"}), head=state["head"])

    parts.calls.answers["directory.list_ngos"] = answer
    return state


async def ask(client: httpx.AsyncClient, **headers: str) -> httpx.Response:
    return await client.post("/graphql", json=LIST, headers=headers)


def name(response: httpx.Response) -> str:
    return str(response.json()["data"]["ngos"]["nodes"][0]["name"])


async def test_an_answer_is_kept_until_a_newer_head_is_known(
    parts: Parts, client: httpx.AsyncClient, versions: dict[str, int]
) -> None:
    """The service is asked once for each head."""
    assert [name(await ask(client)), name(await ask(client))] == ["at 1", "at 1"]
    assert parts.calls.count("directory.list_ngos") == 1

    versions["head"] = 2
    parts.heads.changed(Changed("directory", 2, ()))

    assert name(await ask(client)) == "at 2"
    assert parts.calls.count("directory.list_ngos") == 2


async def test_a_change_of_another_service_leaves_an_answer_alone(
    parts: Parts, client: httpx.AsyncClient, versions: dict[str, int]
) -> None:
    """Only the heads that it was computed from count."""
    await ask(client)
    parts.heads.changed(Changed("accounts", 99, ()))
    await ask(client)

    assert parts.calls.count("directory.list_ngos") == 1


async def test_an_answer_is_not_older_than_its_limit_though_every_hint_is_lost(
    parts: Parts, client: httpx.AsyncClient, versions: dict[str, int]
) -> None:
    """Hints are only hints."""
    await ask(client)
    versions["head"] = 2
    parts.now += limits.RESPONSE_AGE_S_MAX + 0.1

    assert name(await ask(client)) == "at 2"


async def test_a_caller_who_has_seen_a_newer_head_is_never_given_an_older_answer(
    parts: Parts, client: httpx.AsyncClient, versions: dict[str, int]
) -> None:
    """He may have written through another process of this node, whose hint is still under way."""
    await ask(client)
    versions["head"] = 2

    assert name(await ask(client, **{"Hinterland-Head": "directory=2"})) == "at 2"


async def test_a_head_that_is_never_reached_is_an_error_and_not_an_old_answer(
    client: httpx.AsyncClient, versions: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """For instance one of another node."""
    monkeypatch.setattr(limits, "HEAD_WAIT_S_MAX", 0.0)

    response = await ask(client, **{"Hinterland-Head": "directory=99"})

    assert response.status_code == 503
    assert response.json()["errors"][0]["extensions"]["code"] == "BEHIND"


async def test_a_head_that_is_no_head_is_refused(client: httpx.AsyncClient) -> None:
    """It is sent back as it came, or not at all."""
    for header in ("7", "directory=-1", "directory=1=2", ", ".join(["directory=1"] * 99)):
        assert (await ask(client, **{"Hinterland-Head": header})).status_code == 400


async def test_accounts_never_share_an_answer(
    parts: Parts, client: httpx.AsyncClient, versions: dict[str, int]
) -> None:
    """What a role may read is known by the service alone."""
    actor = {"account": "a1", "roles": ["editor"], "node": "yunnan"}
    parts.calls.answers["accounts.authenticate"] = lambda *_: {"actor": actor}

    await ask(client)
    await ask(client, Authorization=f"Bearer {KEY}")
    await ask(client, Authorization=f"Bearer {KEY}")

    assert parts.calls.count("directory.list_ngos") == 2


async def test_two_keys_of_one_account_share_no_answer_if_their_roles_differ(
    parts: Parts, client: httpx.AsyncClient, versions: dict[str, int]
) -> None:
    """A key has one of its account's roles."""
    roles = {"e": "editor", "p": "partner"}
    parts.calls.answers["accounts.authenticate"] = lambda _, params: {
        "actor": {"account": "a1", "roles": [roles[params["key"][-1]]], "node": "yunnan"}
    }
    for last in "epep":
        await ask(client, Authorization=f"Bearer {KEY[:-1]}{last}")

    assert parts.calls.count("directory.list_ngos") == 2


async def test_who_asks_the_same_at_once_is_answered_by_one_call(
    parts: Parts, client: httpx.AsyncClient, versions: dict[str, int]
) -> None:
    """Each new head would otherwise send all who ask to the service."""
    answers = await asyncio.gather(*(ask(client) for _ in range(20)))

    assert {name(answer) for answer in answers} == {"at 1"}
    assert parts.calls.count("directory.list_ngos") == 1


async def test_an_answer_that_was_overtaken_is_not_shared(
    parts: Parts, client: httpx.AsyncClient, versions: dict[str, int]
) -> None:
    """Who came to it after the change asks for himself."""
    parts.calls.held = asyncio.Event()
    first = asyncio.create_task(ask(client))
    await parts.calls.called.wait()
    versions["head"] = 2
    parts.heads.changed(Changed("directory", 2, ()))
    second = asyncio.create_task(ask(client))
    await asyncio.sleep(0)
    parts.calls.held.set()

    assert [name(await first), name(await second)] == ["at 1", "at 2"]


async def test_the_federation_is_looked_at_once_for_all_who_ask(
    parts: Parts, client: httpx.AsyncClient
) -> None:
    """It asks every service, and anybody may ask for it."""
    overview = {"head": 1, "node": {"id": "yunnan"}, "federation": None, "services": []}
    parts.calls.answers["federation.overview"] = lambda *_: overview
    for text in ("{ federation { id } }", "{ federation { title } }"):
        await client.post("/graphql", json={"query": text})
    assert parts.calls.count("federation.overview") == 1

    parts.now += limits.STATUS_AGE_S_MAX + 0.1
    await client.post("/graphql", json={"query": "{ federation { id } }"})

    assert parts.calls.count("federation.overview") == 2


async def test_an_answer_with_an_error_is_not_kept(parts: Parts, client: httpx.AsyncClient) -> None:
    """The service may be back in a moment."""
    assert "errors" in (await ask(client)).json()
    parts.calls.answers["directory.list_ngos"] = lambda *_: page_of(ngo(1))

    assert "errors" not in (await ask(client)).json()


async def test_an_answer_that_depends_on_more_than_records_is_not_kept(
    parts: Parts, client: httpx.AsyncClient
) -> None:
    """A result without a head says so."""
    parts.calls.answers["directory.get_policy"] = lambda *_: {"policy": {}}
    query = {"query": "{ policy { autoAccept { node } } }"}

    await client.post("/graphql", json=query)
    await client.post("/graphql", json=query)

    assert parts.calls.count("directory.get_policy") == 2


def key(number: int) -> Key:
    return Key(f"{{ a{number}: viewer {{ node }} }}", None, b"{}", "public")


def test_what_is_kept_has_a_bound() -> None:
    """What was used longest ago goes first."""
    responses = Responses(Heads(), bytes_max=10_000, clock=lambda: 0.0)
    for number in range(10):
        responses.put(key(number), Encoded(b"x" * 1_000), {})
        responses.get(key(0), {})

    kept = [number for number in range(10) if responses.get(key(number), {})]

    assert kept == [0, 7, 8, 9]


def test_an_answer_from_before_the_newest_head_is_not_kept() -> None:
    """It was overtaken while it was computed."""
    heads = Heads()
    responses = Responses(heads)
    heads.observe("directory", 2)
    responses.put(key(1), Encoded(b"old"), {"directory": 1})

    assert responses.get(key(1), {}) is None
