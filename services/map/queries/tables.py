"""Categories, and what else is small enough to be read as a whole."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pymongo.collection import Collection

from services.map.contract import limits

__all__ = ["categories", "categories_below", "is_category_used"]

Records = Collection[dict[str, Any]]
Document = dict[str, Any]


def categories(collection: Records, scopes: Iterable[str]) -> list[Document]:
    """All categories of all homes, in the order of their ids; `CATEGORIES_MAX` at most."""
    found = collection.find({"kind": "category", "scope": {"$in": list(scopes)}}, sort={"_id": 1})
    return list(found.limit(limits.CATEGORIES_MAX))


def is_category_used(collection: Records, category: str) -> bool:
    """Whether a report, a waiting one or another category still names it."""
    for field in ("ix.category", "ix.filed", "ix.parent"):
        if collection.find_one({field: category}, {"_id": 1}) is not None:
            return True
    return False


def categories_below(collection: Records, roots: Iterable[str]) -> list[str]:
    """These categories and all below them, of any home; asked once for each level of the tree."""
    known, edge = set(roots), set(roots)
    for _level in range(limits.DEPTH_MAX):
        found = collection.find({"ix.parent": {"$in": sorted(edge)}}, {"_id": 1})
        edge = {document["_id"] for document in found.limit(limits.CATEGORIES_MAX)} - known
        if not edge:
            break
        known |= edge
    return sorted(known)
