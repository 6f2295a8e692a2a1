"""Who may do what: role × scope × kind, in one table that the service enforces."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from hinterland.actors import Actor
from hinterland.rooms.access import EVERYBODY, MODERATORS, STAFF, AccessTable, Scope

__all__ = ["ACCESS", "Action", "Scope", "may", "readable_scopes", "require"]

Action = Literal["read", "submit", "review", "publish", "write", "import", "withdraw"]

_TABLES: Final[Mapping[Action, frozenset[str]]] = {"read": STAFF, "write": MODERATORS}
_OPINIONS: Final[Mapping[Action, frozenset[str]]] = {"read": STAFF, "write": STAFF}

# (kind, scope) -> action -> roles. What is not listed nobody may do.
ACCESS: Final[Mapping[tuple[str, Scope], Mapping[Action, frozenset[str]]]] = {
    # Anybody may report; nothing of it is seen by others before a person has looked at it.
    ("intake", "private"): {
        "submit": EVERYBODY,
        "read": STAFF,
        "review": STAFF,
        "publish": MODERATORS,
        "import": STAFF,
        "withdraw": MODERATORS,
    },
    ("report", "public"): {"read": EVERYBODY},
    ("report", "members"): {"read": STAFF},
    ("category", "public"): {**_TABLES, "read": EVERYBODY},
    ("category", "members"): _TABLES,
    ("form", "public"): {**_TABLES, "read": EVERYBODY},
    ("form", "members"): _TABLES,
    ("place", "public"): {**_OPINIONS, "read": EVERYBODY},
    ("place", "members"): _OPINIONS,
    ("layer", "public"): {**_OPINIONS, "read": EVERYBODY},
    ("layer", "members"): _OPINIONS,
    ("confirmation", "public"): {**_OPINIONS, "read": EVERYBODY},
    ("confirmation", "members"): _OPINIONS,
    ("merge", "public"): {**_TABLES, "read": EVERYBODY},
    ("merge", "members"): _TABLES,
    ("merge_refusal", "public"): {**_TABLES, "read": EVERYBODY},
    ("merge_refusal", "members"): _TABLES,
    ("map_import", "private"): {"read": STAFF, "import": STAFF, "withdraw": MODERATORS},
}

_TABLE: Final = AccessTable[Action](ACCESS)
may = _TABLE.may
require = _TABLE.require


def readable_scopes(actor: Actor, kind: str, node: str) -> tuple[Scope, ...]:
    """The scopes of `kind` that `actor` may read at `node`, widest audience first."""
    return _TABLE.readable_scopes(actor, kind, node, "read")
