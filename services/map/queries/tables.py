"""Categories, and what else is small enough to be read as a whole."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from pymongo import DESCENDING
from pymongo.collection import Collection

from services.map.contract import limits

__all__ = [
    "categories",
    "categories_below",
    "is_category_used",
    "own_places",
    "stamp",
]

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


def own_places(collection: Records, node: str) -> Iterator[Document]:
    """This node's places, by whose names texts are placed."""
    yield from collection.find({"kind": "place", "home": node, "body": {"$exists": True}})


def stamp(collection: Records, kind: str) -> tuple[int, int]:
    """Another one whenever a record of this kind is written or withdrawn, for what is kept in
    between: when the latest came, and how many there are."""
    newest = collection.find_one({"kind": kind}, {"arrived": 1}, sort=[("arrived", DESCENDING)])
    return (int(newest["arrived"]) if newest else 0), collection.count_documents({"kind": kind})
