"""From an API key to an actor."""

from __future__ import annotations

from typing import Any

import pytest

from gateway import limits
from gateway.live import Changed
from hinterland.actors import ANONYMOUS, Actor
from hinterland.errors import HinterlandError, Unavailable
from services.accounts.contract import KeyRefused
from tests.unit.gateway.conftest import Parts

pytestmark = pytest.mark.anyio

KEY = "hk_yunnan_01J0000000000000000000000_" + "s" * 43
EDITOR = Actor("a1", frozenset({"editor"}), "yunnan")
ASKED = "accounts.authenticate"


@pytest.fixture
def keys(parts: Parts) -> dict[str, Actor]:
    """The keys that `accounts` knows; all others it refuses."""
    known = {KEY: EDITOR}

    def authenticate(_actor: Actor, params: Any) -> Any:
        if params["key"] not in known:
            raise HinterlandError("This key was revoked.", code="KEY_REFUSED")
        return {"actor": known[params["key"]].to_wire()}

    parts.calls.answers[ASKED] = authenticate
    return known


async def test_without_a_key_one_is_anonymous(parts: Parts) -> None:
    """And nobody is asked."""
    assert await parts.auth.actor(None) == ANONYMOUS
    assert parts.calls.asked == []


@pytest.mark.parametrize("header", [f"Bearer {KEY}", f"bearer  {KEY} "])
async def test_a_key_is_asked_for_once(parts: Parts, keys: dict[str, Actor], header: str) -> None:
    """Then its actor is known for a while."""
    assert await parts.auth.actor(header) == EDITOR
    assert await parts.auth.actor(header) == EDITOR
    assert parts.calls.count(ASKED) == 1


async def test_a_revoked_key_is_refused_at_once(parts: Parts, keys: dict[str, Actor]) -> None:
    """Whatever changes in accounts empties the cache."""
    await parts.auth.actor(f"Bearer {KEY}")
    del keys[KEY]
    parts.auth.changed(Changed("accounts", 9, ()))

    with pytest.raises(KeyRefused):
        await parts.auth.actor(f"Bearer {KEY}")


@pytest.mark.parametrize("how", ["too old", "sight lost"])
async def test_a_revoked_key_is_refused_in_the_end_though_the_hint_is_lost(
    parts: Parts, keys: dict[str, Actor], how: str
) -> None:
    """An age limit, and a new connection to the broker, each make it be asked for again."""
    await parts.auth.actor(f"Bearer {KEY}")
    del keys[KEY]
    if how == "too old":
        parts.now += limits.ACTOR_AGE_S_MAX + 0.1
    else:
        parts.auth.lost_sight()

    with pytest.raises(KeyRefused):
        await parts.auth.actor(f"Bearer {KEY}")


async def test_an_answer_from_before_a_revocation_is_not_kept(
    parts: Parts, keys: dict[str, Actor]
) -> None:
    """The revocation overtook it on the way."""
    authenticate = parts.calls.answers[ASKED]

    def overtaken(actor: Actor, params: Any) -> Any:
        parts.auth.changed(Changed("accounts", 9, ()))
        return authenticate(actor, params)

    parts.calls.answers[ASKED] = overtaken
    await parts.auth.actor(f"Bearer {KEY}")
    await parts.auth.actor(f"Bearer {KEY}")

    assert parts.calls.count(ASKED) == 2


async def test_a_wrong_key_is_asked_for_once(parts: Parts, keys: dict[str, Actor]) -> None:
    """Somebody's broken script does not become the service's load."""
    wrong = "hk_yunnan_01J0000000000000000000000_" + "w" * 43
    for _ in range(3):
        with pytest.raises(KeyRefused, match="revoked"):
            await parts.auth.actor(f"Bearer {wrong}")

    assert parts.calls.count(ASKED) == 1


@pytest.mark.parametrize(
    ("header", "says"),
    [
        ("", "Bearer"),
        ("Basic dXNlcjpwYXNz", "Bearer"),
        ("Bearer", "not an API key"),
        ("Bearer password", "not an API key"),
        (f"Bearer {KEY} {KEY}", "not an API key"),
        ("Bearer " + KEY.replace("yunnan", "gansu"), "is for the node gansu, and this is yunnan"),
    ],
)
async def test_what_cannot_be_a_key_of_this_node_is_refused_without_asking(
    parts: Parts, header: str, says: str
) -> None:
    """The message says what is wrong with it."""
    with pytest.raises(KeyRefused, match=says):
        await parts.auth.actor(header)
    assert parts.calls.asked == []


async def test_a_key_is_not_refused_because_accounts_is_away(parts: Parts) -> None:
    """Try again is another answer than go away."""
    with pytest.raises(Unavailable):
        await parts.auth.actor(f"Bearer {KEY}")


async def test_a_refused_key_is_a_401_in_the_form_of_graphql(
    parts: Parts, keys: dict[str, Actor]
) -> None:
    """Also for a query that anybody might ask: who sends a key wants to know that it is void."""
    keys.clear()
    async with parts.client() as client:
        response = await client.post(
            "/graphql",
            json={"query": "{ viewer { node } }"},
            headers={"Authorization": f"Bearer {KEY}"},
        )

    assert response.status_code == 401
    assert response.headers["www-authenticate"] == "Bearer"
    assert response.json()["errors"][0]["extensions"]["code"] == "KEY_REFUSED"
