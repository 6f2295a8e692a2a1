"""Kinds of records: what a room declares of each, and which service it belongs to, for ever.

Light, so that contracts can be imported anywhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from pydantic import BaseModel

__all__ = ["OWNER_OF_KIND", "Kind", "foreign_kinds"]

# A kind is never given to another service, not even by a later version: an entry of a kind in the
# wrong feed is refused on the strength of this table.
OWNER_OF_KIND: Final[dict[str, str]] = {
    "account": "accounts",
    "key": "accounts",
    "charter": "federation",
    "federation": "federation",
    "invitation": "federation",
    "member": "federation",
    "peer": "federation",
    "decision": "directory",
    "ngo": "directory",
    "ngo_import": "directory",
    "ngo_policy": "directory",
    "suggestion": "directory",
    "category": "map",
    "confirmation": "map",
    "form": "map",
    "intake": "map",
    "layer": "map",
    "map_import": "map",
    "merge": "map",
    "merge_refusal": "map",
    "place": "map",
    "report": "map",
}


def foreign_kinds(service: str) -> frozenset[str]:
    """Kinds that another service than `service` owns; unknown kinds are not among them."""
    return frozenset(kind for kind, owner in OWNER_OF_KIND.items() if owner != service)


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of record: `model` is what a body must satisfy to be applied, here or at a follower;
    `scopes` are those that it may be written with."""

    name: str
    model: type[BaseModel]
    scopes: frozenset[str]
