"""Who may do what: role × scope × kind, in one table that the service enforces."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from hinterland.actors import Actor
from hinterland.rooms.access import EVERYBODY, MODERATORS, OPERATORS, STAFF, AccessTable, Scope

__all__ = ["ACCESS", "Action", "Scope", "may", "readable_scopes", "require"]

Action = Literal["read", "write", "verify", "withdraw", "import"]

_NGO: Final[Mapping[Action, frozenset[str]]] = {
    "read": STAFF,
    "write": STAFF,  # register, update, confirm
    "verify": MODERATORS,
    "withdraw": MODERATORS,
}

# (kind, scope) -> action -> roles. What is not listed nobody may do. Every right, but to read what
# is shared, ends at the node whose account it is.
ACCESS: Final[Mapping[tuple[str, Scope], Mapping[Action, frozenset[str]]]] = {
    ("ngo", "public"): {**_NGO, "read": EVERYBODY},
    ("ngo", "members"): _NGO,
    ("ngo", "private"): _NGO,
    ("suggestion", "members"): {"read": STAFF, "write": STAFF, "withdraw": STAFF},
    ("decision", "members"): {"read": STAFF, "write": STAFF},
    ("ngo_policy", "private"): {"read": STAFF, "write": OPERATORS},
    ("ngo_import", "private"): {"read": STAFF, "import": STAFF, "withdraw": MODERATORS},
}

_TABLE: Final = AccessTable[Action](ACCESS)
may = _TABLE.may
require = _TABLE.require


def readable_scopes(actor: Actor, kind: str, node: str) -> tuple[Scope, ...]:
    """The scopes of `kind` that `actor` may read at `node`, widest audience first."""
    return _TABLE.readable_scopes(actor, kind, node, "read")
