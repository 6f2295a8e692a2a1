"""Suggestions, their decisions, and those that nobody has answered."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from pymongo.collection import Collection

from hinterland.rooms.paging import Condition, Keyset, Slice
from services.directory.contract.calls import SuggestionFilter

__all__ = [
    "BY_ARRIVAL",
    "decisions_of",
    "decisions_without_ngo",
    "suggestion_page",
    "suggestions_by_id",
    "suggestions_without_ngo",
    "undecided_suggestions",
]

Records = Collection[dict[str, Any]]
Document = dict[str, Any]

BY_ARRIVAL: Final = Keyset("arrival", "arrived", -1, "kind")
READABLE: Final[Condition] = {"kind": "suggestion", "ix.ngo": {"$exists": True}}


def suggestion_page(
    collection: Records, wanted: SuggestionFilter, page: Slice, count: int
) -> list[Document]:
    """Suggestions latest first, along the kernel's index of kind and arrival."""
    parts: list[Condition] = [READABLE]
    if wanted.ngo_ids is not None:
        parts.append({"ix.ngo": {"$in": list(wanted.ngo_ids)}})
    if wanted.suggested_by is not None:
        parts.append({"home": wanted.suggested_by})
    if wanted.home is not None:
        parts.append({"ix.to": wanted.home})
    if page.cursor is not None:
        parts.append(BY_ARRIVAL.beyond(page.cursor, page.backwards))
    found = collection.find({"$and": parts}, {"ix": 0}).sort(BY_ARRIVAL.sort(page.backwards))
    return list(found.limit(count))


def suggestions_by_id(collection: Records, ids: Iterable[str]) -> dict[str, Document]:
    """Single suggestions."""
    found = collection.find({"_id": {"$in": list(ids)}, **READABLE}, {"ix": 0})
    return {document["_id"]: document for document in found}


def decisions_of(collection: Records, suggestions: Iterable[str]) -> dict[str, Document]:
    """The homes' answers by suggestion; only the home of the NGO can have given one."""
    found = collection.find({"ix.decided": {"$in": list(suggestions)}}, {"ix": 0})
    return {
        document["body"]["suggestion"]: document
        for document in found
        if document["body"]["ngo"].partition(".")[0] == document["home"]
    }


def undecided_suggestions(collection: Records, node: str, after: str, count: int) -> list[Document]:
    """Suggestions to this home without an answer, in the order of ids, for its policy to look
    at."""
    pipeline: list[dict[str, Any]] = [
        {"$match": {"ix.to": node, "_id": {"$gt": after}}},
        {"$sort": {"_id": 1}},
        *_missing("_id", "ix.decided"),
        {"$limit": count},
        {"$project": {"ix": 0}},
    ]
    return list(collection.aggregate(pipeline))


def suggestions_without_ngo(collection: Records, node: str, count: int) -> list[str]:
    """This node's suggestions to NGOs that are gone; they hold copies of what was to be
    forgotten."""
    return _orphans(collection, {"kind": "suggestion", "home": node, **READABLE}, count)


def decisions_without_ngo(collection: Records, node: str, count: int) -> list[str]:
    """This node's answers about NGOs that are gone."""
    wanted = {"kind": "decision", "home": node, "ix.decided": {"$exists": True}}
    return _orphans(collection, wanted, count)


def _orphans(collection: Records, wanted: Condition, count: int) -> list[str]:
    pipeline: list[dict[str, Any]] = [
        {"$match": wanted},
        *_missing("ix.ngo", "_id"),
        {"$limit": count},
        {"$project": {"_id": 1}},
    ]
    return [document["_id"] for document in collection.aggregate(pipeline)]


def _missing(local: str, foreign: str) -> list[dict[str, Any]]:
    """Keeps the records whose `local` no other record has as its `foreign`."""
    look_up = {
        "from": "records",
        "localField": local,
        "foreignField": foreign,
        "pipeline": [{"$project": {"_id": 1}}],
        "as": "others",
    }
    return [{"$lookup": look_up}, {"$match": {"others": []}}]
