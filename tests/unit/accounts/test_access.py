"""Who may do what in `accounts`, as a table; and what nobody may give away."""

from __future__ import annotations

import pytest

from hinterland.actors import ROLES, Actor
from hinterland.errors import NotAllowed
from services.accounts.contract import ACCESS, KINDS, Action, may, may_grant, require, require_grant

NODE = "yunnan"
ACTIONS: tuple[Action, ...] = ("read", "write")

# Rows: role. Columns: read and write of accounts, read and write of keys, all private.
TABLE = {
    "anonymous": (False, False, False, False),
    "partner": (False, False, False, False),
    "editor": (False, False, False, False),
    "moderator": (False, False, False, False),
    "operator": (True, True, True, True),
    "coordinator": (True, True, True, True),
}
COLUMNS = [(kind, action) for kind in ("account", "key") for action in ACTIONS]

# Rows: who gives. Columns: what he may give, as in ROLES.
GRANT_TABLE = {
    "anonymous": (False, False, False, False, False),
    "partner": (False, False, False, False, False),
    "editor": (False, False, False, False, False),
    "moderator": (False, False, False, False, False),
    "operator": (True, True, True, True, False),
    "coordinator": (True, True, True, True, True),
}


def actor(role: str, node: str = NODE) -> Actor:
    return Actor("somebody", frozenset() if role == "anonymous" else frozenset({role}), node)


@pytest.mark.parametrize("role", TABLE)
def test_each_role_may_do_what_its_row_says(role: str) -> None:
    """The table of the contract is the table above."""
    allowed = tuple(may(actor(role), action, kind, "private", NODE) for kind, action in COLUMNS)

    assert allowed == TABLE[role]


@pytest.mark.parametrize("role", TABLE)
@pytest.mark.parametrize("scope", ["public", "members"])
def test_nothing_here_is_ever_shared(role: str, scope: str) -> None:
    """No role reads or writes an account or a key outside the private scope."""
    assert not any(may(actor(role), action, kind, scope, NODE) for kind, action in COLUMNS)


@pytest.mark.parametrize("role", ROLES)
def test_a_role_of_another_node_is_worth_nothing_here(role: str) -> None:
    """An operator of gansu is nobody in yunnan."""
    stranger = actor(role, node="gansu")

    assert not any(may(stranger, action, kind, "private", NODE) for kind, action in COLUMNS)


@pytest.mark.parametrize("role", GRANT_TABLE)
def test_nobody_gives_more_than_he_has(role: str) -> None:
    """An operator makes keys up to operator, only a coordinator makes coordinators."""
    given = tuple(may_grant(actor(role), each) for each in ROLES)

    assert given == GRANT_TABLE[role]


def test_every_kind_is_private_and_has_its_row() -> None:
    """No kind is left out of the table, and none can be written with another scope."""
    assert {kind for kind, _ in ACCESS} == set(KINDS)
    assert {scope for _, scope in ACCESS} == {"private"}
    assert all(kind.scopes == {"private"} for kind in KINDS.values())


def test_a_refusal_says_who_could() -> None:
    """Who is refused learns which role it takes."""
    with pytest.raises(NotAllowed, match="operator or coordinator at yunnan"):
        require(actor("editor"), "write", "key", NODE)
    with pytest.raises(NotAllowed, match="the role coordinator") as refused:
        require_grant(actor("operator"), "coordinator")

    assert refused.value.field == "role"
