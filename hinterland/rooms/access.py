"""Who may do what in a room: role × scope × kind, one table for each room, which it enforces."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Generic, Literal, TypeVar

from hinterland.actors import ROLES, STAFF_ROLES, Actor
from hinterland.errors import NotAllowed

__all__ = [
    "ANONYMOUS_ROLE",
    "EVERYBODY",
    "MODERATORS",
    "OPERATORS",
    "STAFF",
    "AccessTable",
    "Scope",
]

Scope = Literal["public", "members", "private"]
Action = TypeVar("Action", bound=str)

ANONYMOUS_ROLE: Final = "anonymous"
EVERYBODY: Final = frozenset({ANONYMOUS_ROLE, *ROLES})
STAFF: Final = frozenset(STAFF_ROLES)
MODERATORS: Final = frozenset({"moderator", "operator", "coordinator"})
OPERATORS: Final = frozenset({"operator", "coordinator"})
SCOPES: Final[tuple[Scope, ...]] = ("public", "members", "private")


@dataclass(frozen=True)
class AccessTable(Generic[Action]):
    """(kind, scope) -> action -> roles. What is not listed nobody may do. Every right, but to read
    what is shared, ends at the node whose account it is.
    """

    rights: Mapping[tuple[str, Scope], Mapping[Action, frozenset[str]]]

    def may(self, actor: Actor, action: Action, kind: str, scope: Scope, node: str) -> bool:
        """Whether `actor` may do `action` at `node`; an actor of elsewhere counts as anonymous."""
        roles = actor.roles if actor.node == node else frozenset[str]()
        return not self._allowed(action, kind, scope).isdisjoint(roles or {ANONYMOUS_ROLE})

    def require(self, actor: Actor, action: Action, kind: str, scope: Scope, node: str) -> None:
        """Raises NotAllowed, naming who could."""
        if self.may(actor, action, kind, scope, node):
            return
        allowed = self._allowed(action, kind, scope)
        who = ", ".join(role for role in (ANONYMOUS_ROLE, *ROLES) if role in allowed) or "nobody"
        raise NotAllowed(
            f"to {action} a record of kind {kind} with scope {scope} takes one of these roles at "
            f"{node}: {who}. Ask the node's operator for a key with that role.",
            action=action,
            kind=kind,
            scope=scope,
        )

    def readable_scopes(
        self, actor: Actor, kind: str, node: str, read: Action
    ) -> tuple[Scope, ...]:
        """The scopes of `kind` in which `actor` may `read` at `node`, widest audience first."""
        return tuple(scope for scope in SCOPES if self.may(actor, read, kind, scope, node))

    def _allowed(self, action: Action, kind: str, scope: Scope) -> frozenset[str]:
        return self.rights.get((kind, scope), {}).get(action, frozenset())
