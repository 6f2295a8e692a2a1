"""Who is asking: the actor that the gateway passes along with every call."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

__all__ = ["ANONYMOUS", "ROLES", "STAFF_ROLES", "Actor"]

STAFF_ROLES: Final = ("editor", "moderator", "operator", "coordinator")
ROLES: Final = ("partner", *STAFF_ROLES)


@dataclass(frozen=True, slots=True)
class Actor:
    """One account at one node, with its roles; `account` is None for somebody unknown."""

    account: str | None = None
    roles: frozenset[str] = frozenset()
    node: str = ""

    @property
    def staff(self) -> bool:
        """Whether the actor works for a member node and so may read the scope `members`."""
        return not self.roles.isdisjoint(STAFF_ROLES)

    def has(self, *roles: str) -> bool:
        return not self.roles.isdisjoint(roles)

    def to_wire(self) -> dict[str, Any]:
        return {"account": self.account, "roles": sorted(self.roles), "node": self.node}

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> Actor:
        roles = frozenset(wire.get("roles") or ()) & frozenset(ROLES)
        return cls(account=wire.get("account"), roles=roles, node=str(wire.get("node") or ""))


ANONYMOUS: Final = Actor()
