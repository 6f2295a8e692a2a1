"""What the resolvers of one request share."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from gateway import limits
from hinterland.actors import Actor
from hinterland.errors import StaleVersion
from tests.unit.gateway.conftest import Parts, ngo, page_of

pytestmark = pytest.mark.anyio

KEY = "hk_yunnan_01J0000000000000000000000_" + "s" * 43


async def ask(client: httpx.AsyncClient, query: str, **variables: Any) -> Any:
    response = await client.post("/graphql", json={"query": query, "variables": variables})
    return response.json()


def suggestion(number: int) -> dict[str, Any]:
    return {
        "id": f"gansu.suggestion.{number}",
        "version": "1.1",
        "home": "gansu",
        "state": "open",
        "ngo_id": f"yunnan.ngo.{number % 2}",
        "ngo_home": "yunnan",
        "ngo_version": "1.1",
        "differences": [],
        "at": "2026-01-31T08:05:00Z",
        "arrived": "2026-01-31T08:05:00Z",
    }


async def test_ids_that_are_asked_for_one_by_one_are_fetched_together(
    parts: Parts, client: httpx.AsyncClient
) -> None:
    """Fewer calls beat faster calls."""
    parts.calls.answers["directory.list_suggestions"] = lambda *_: page_of(
        *(suggestion(number) for number in range(5))
    )
    parts.calls.answers["directory.get_ngos"] = lambda _, params: {
        "head": 1,
        "items": [ngo(id=one) for one in params["ids"]],
    }

    answer = await ask(client, "{ suggestions { nodes { ngo { id } } } }")

    assert [node["ngo"]["id"][-1] for node in answer["data"]["suggestions"]["nodes"]] == list(
        "01010"
    )
    assert parts.calls.asked[1:] == [
        ("directory.get_ngos", {"ids": ["yunnan.ngo.0", "yunnan.ngo.1"]})
    ]


async def test_a_total_is_counted_only_for_who_asks(
    parts: Parts, client: httpx.AsyncClient
) -> None:
    """Under an alias, in a fragment, but not where it is skipped."""
    parts.calls.answers["directory.list_ngos"] = lambda *_: page_of(ngo(), total=1)
    queries = {
        "{ ngos { nodes { id } } }": False,
        "{ ngos { n: totalCount } }": True,
        "{ ngos { ... { totalCount } } }": True,
        "{ ngos { totalCount @skip(if: true) nodes { id } } }": False,
        # Left to graphql-core for its second field.
        "{ ngos { totalCount } __schema { queryType { name } } }": True,
        "{ ngos { nodes { id } } __schema { queryType { name } } }": False,
    }

    for query in queries:
        assert "errors" not in await ask(client, query)

    asked = [params["count"] for name, params in parts.calls.asked if name.endswith("list_ngos")]
    assert asked == list(queries.values())


async def test_one_request_cannot_make_calls_without_end(
    parts: Parts, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bound holds whatever the document's cost was thought to be."""
    monkeypatch.setattr(limits, "CALLS_PER_REQUEST_MAX", 3)
    parts.calls.answers["directory.list_ngos"] = lambda *_: page_of(ngo())
    fields = " ".join(f'a{n}: ngos(city: "{n}") {{ nodes {{ id }} }}' for n in range(5))

    answer = await ask(client, f"{{ {fields} }}")

    assert {error["extensions"]["code"] for error in answer["errors"]} == {"TOO_COSTLY"}
    assert parts.calls.count("directory.list_ngos") == 3


class Commands:
    """A directory that takes commands."""

    def __init__(self, parts: Parts) -> None:
        self.taken: list[Any] = []
        actor = {"account": "a1", "roles": ["editor"], "node": "yunnan"}
        parts.calls.answers |= {
            "accounts.authenticate": lambda *_: {"actor": actor},
            "directory.register_ngo": self.take,
            "directory.update_ngo": self.refuse,
            "directory.get_ngos": lambda _, params: {
                "head": 9,
                "items": [ngo(id=one) for one in params["ids"]],
            },
        }

    def take(self, _actor: Actor, params: Any) -> Any:
        self.taken.append(params)
        return {"id": "yunnan.ngo.9", "version": "1.1", "head": 9, "similar": ["yunnan.ngo.3"]}

    def refuse(self, _actor: Actor, params: Any) -> Any:
        self.taken.append(params)
        raise StaleVersion(field="version")


REGISTER = """
mutation($input: RegisterNgoInput!) {
  registerNgo(input: $input) { clientMutationId head ngo { id } similar { id } }
}
"""
NGO = {"names": [{"language": "en", "text": "A"}], "causes": ["health"], "region": "CN-YN"}


async def test_a_command_takes_what_was_given_and_returns_the_head(
    parts: Parts, client: httpx.AsyncClient
) -> None:
    """Lists with keys become objects; the caller's own id names the command, within his account."""
    commands = Commands(parts)
    client.headers["Authorization"] = f"Bearer {KEY}"
    given = {**NGO, "social": [{"platform": "weibo", "handle": "a"}], "legalForm": "foundation"}

    answer = await ask(
        client,
        REGISTER,
        input={"clientMutationId": "m1", "commandId": "12345678", "ngo": given, "scope": "MEMBERS"},
    )

    assert answer["data"]["registerNgo"] == {
        "clientMutationId": "m1",
        "head": "directory=9",
        "ngo": {"id": "yunnan.ngo.9"},
        "similar": [{"id": "yunnan.ngo.3"}],
    }
    assert commands.taken == [
        {
            "command_id": "a1:12345678",
            "scope": "members",
            "ngo": {
                "names": {"en": "A"},
                "causes": ["health"],
                "region": "CN-YN",
                "social": {"weibo": "a"},
                "legal_form": "foundation",
            },
        }
    ]


async def test_a_command_without_an_id_gets_one_of_its_own(
    parts: Parts, client: httpx.AsyncClient
) -> None:
    """Two of them are two commands."""
    commands = Commands(parts)
    for _ in range(2):
        await ask(client, REGISTER, input={"ngo": NGO})
    first, second = (params["command_id"] for params in commands.taken)

    assert first != second


async def test_a_command_id_that_is_too_short_is_refused(
    parts: Parts, client: httpx.AsyncClient
) -> None:
    """A counter would meet itself after a restart."""
    commands = Commands(parts)
    answer = await ask(client, REGISTER, input={"commandId": "1", "ngo": NGO})

    assert answer["errors"][0]["extensions"] == {"code": "BAD_INPUT", "field": "commandId"}
    assert commands.taken == []


async def test_null_removes_and_what_is_left_out_stays(
    parts: Parts, client: httpx.AsyncClient
) -> None:
    """The difference between the two reaches the service."""
    commands = Commands(parts)
    changes = {"city": None, "names": [{"language": "en", "text": None}]}
    answer = await ask(
        client,
        "mutation($c: NgoChangesInput!) { updateNgo(input: "
        '{id: "yunnan.ngo.1", version: "1.1", changes: $c}) { head } }',
        c=changes,
    )

    assert commands.taken[0]["changes"] == {"city": None, "names": {"en": None}}
    assert answer["errors"][0]["extensions"] == {"code": "STALE_VERSION", "field": "version"}
    assert answer["data"] == {"updateNgo": None}
