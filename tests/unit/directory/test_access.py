"""The directory's role × scope × kind table, line by line."""

from __future__ import annotations

import pytest

from hinterland.actors import ROLES, Actor
from hinterland.errors import NotAllowed
from services.directory.contract import KINDS
from services.directory.contract.access import ACCESS, Action, Scope, may, readable_scopes, require

HERE = "yunnan"

# kind, scope, action: anonymous, partner, editor, moderator, operator, coordinator
TABLE: list[tuple[str, Scope, Action, str]] = [
    ("ngo", "public", "read", "111111"),
    ("ngo", "public", "write", "001111"),
    ("ngo", "public", "verify", "000111"),
    ("ngo", "public", "withdraw", "000111"),
    ("ngo", "members", "read", "001111"),
    ("ngo", "members", "write", "001111"),
    ("ngo", "members", "verify", "000111"),
    ("ngo", "members", "withdraw", "000111"),
    ("ngo", "private", "read", "001111"),
    ("ngo", "private", "write", "001111"),
    ("ngo", "private", "verify", "000111"),
    ("ngo", "private", "withdraw", "000111"),
    ("suggestion", "members", "read", "001111"),
    ("suggestion", "members", "write", "001111"),
    ("suggestion", "members", "withdraw", "001111"),
    ("decision", "members", "read", "001111"),
    ("decision", "members", "write", "001111"),
    ("ngo_policy", "private", "read", "001111"),
    ("ngo_policy", "private", "write", "000011"),
    ("ngo_import", "private", "read", "001111"),
    ("ngo_import", "private", "import", "001111"),
    ("ngo_import", "private", "withdraw", "000111"),
]


def actor(role: str | None, node: str = HERE) -> Actor:
    return Actor("account", frozenset({role} if role else ()), node)


@pytest.mark.parametrize(("kind", "scope", "action", "allowed"), TABLE)
def test_each_line_of_the_table(kind: str, scope: Scope, action: Action, allowed: str) -> None:
    """Every role may do what its column says, and nothing else."""
    answers = [may(actor(role), action, kind, scope, HERE) for role in (None, *ROLES)]

    assert allowed == "".join("1" if answer else "0" for answer in answers)


def test_the_table_here_has_every_line_of_the_contract_s() -> None:
    """No right is granted that is not tested above, and every kind and scope has its rights."""
    written = {(kind, scope, action) for kind, scope, action, _ in TABLE}

    assert written == {(*key, action) for key, actions in ACCESS.items() for action in actions}
    assert set(ACCESS) == {(kind.name, scope) for kind in KINDS.values() for scope in kind.scopes}


@pytest.mark.parametrize("role", ROLES)
def test_an_account_of_another_node_is_anonymous_here(role: str) -> None:
    """Roles end at the node whose account it is."""
    stranger = actor(role, node="gansu")

    assert readable_scopes(stranger, "ngo", HERE) == ("public",)
    assert not may(stranger, "write", "ngo", "public", HERE)


def test_a_refusal_names_who_could() -> None:
    """The error says which roles it takes, and carries its code."""
    with pytest.raises(NotAllowed, match="moderator, operator, coordinator") as raised:
        require(actor("editor"), "verify", "ngo", "public", HERE)

    assert raised.value.details["code"] == "NOT_ALLOWED"
