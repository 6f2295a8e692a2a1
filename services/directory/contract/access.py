"""Who may do what: role × scope × kind, in one table that the service enforces."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from hinterland.actors import ROLES, STAFF_ROLES, Actor
from hinterland.errors import NotAllowed

__all__ = ["ACCESS", "Action", "Scope", "may", "readable_scopes", "require"]

Scope = Literal["public", "members", "private"]
Action = Literal["read", "write", "verify", "withdraw", "import"]

ANONYMOUS_ROLE: Final = "anonymous"
_ALL: Final = frozenset({ANONYMOUS_ROLE, *ROLES})
_STAFF: Final = frozenset(STAFF_ROLES)
_MODERATORS: Final = frozenset({"moderator", "operator", "coordinator"})
_OPERATORS: Final = frozenset({"operator", "coordinator"})
_NGO: Final[Mapping[Action, frozenset[str]]] = {
    "read": _STAFF,
    "write": _STAFF,  # register, update, confirm
    "verify": _MODERATORS,
    "withdraw": _MODERATORS,
}

# (kind, scope) -> action -> roles. What is not listed nobody may do. Every right, but to read what
# is shared, ends at the node whose account it is.
ACCESS: Final[Mapping[tuple[str, Scope], Mapping[Action, frozenset[str]]]] = {
    ("ngo", "public"): {**_NGO, "read": _ALL},
    ("ngo", "members"): _NGO,
    ("ngo", "private"): _NGO,
    ("suggestion", "members"): {"read": _STAFF, "write": _STAFF, "withdraw": _STAFF},
    ("decision", "members"): {"read": _STAFF, "write": _STAFF},
    ("ngo_policy", "private"): {"read": _STAFF, "write": _OPERATORS},
    ("ngo_import", "private"): {"read": _STAFF, "import": _STAFF, "withdraw": _MODERATORS},
}


def may(actor: Actor, action: Action, kind: str, scope: Scope, node: str) -> bool:
    """Whether `actor` may do `action` at `node`; an actor of elsewhere counts as anonymous."""
    roles = actor.roles if actor.node == node else frozenset[str]()
    allowed = ACCESS.get((kind, scope), {}).get(action, frozenset())
    return not allowed.isdisjoint(roles or {ANONYMOUS_ROLE})


def require(actor: Actor, action: Action, kind: str, scope: Scope, node: str) -> None:
    """Raises NotAllowed, naming who could."""
    if may(actor, action, kind, scope, node):
        return
    allowed = ACCESS.get((kind, scope), {}).get(action, frozenset())
    who = ", ".join(role for role in (ANONYMOUS_ROLE, *ROLES) if role in allowed) or "nobody"
    raise NotAllowed(
        f"to {action} a record of kind {kind} with scope {scope} takes one of these roles at "
        f"{node}: {who}. Ask the node's operator for a key with that role.",
        action=action,
        kind=kind,
        scope=scope,
    )


def readable_scopes(actor: Actor, kind: str, node: str) -> tuple[Scope, ...]:
    """The scopes of `kind` that `actor` may read at `node`, widest audience first."""
    scopes: tuple[Scope, ...] = ("public", "members", "private")
    return tuple(scope for scope in scopes if may(actor, "read", kind, scope, node))
