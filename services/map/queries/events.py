"""Which reports are one event, by the merges in force."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from pymongo.collection import Collection

from services.map.contract import limits
from services.map.rules.merging import group_of, is_in_force

__all__ = ["group_around", "merges_of"]

Records = Collection[dict[str, Any]]
Document = dict[str, Any]


def merges_of(collection: Records, reports: Iterable[str], scopes: Sequence[str]) -> list[Document]:
    """The merges in force that name one of these reports."""
    wanted = {"kind": "merge", "ix.about": {"$in": list(reports)}, "scope": {"$in": list(scopes)}}
    merges = list(collection.find(wanted).sort("_id", 1).limit(limits.GROUP_MAX))
    refused: dict[str, set[str]] = {}
    ids = [merge["_id"] for merge in merges]
    for refusal in collection.find({"ix.refused": {"$in": ids}}, {"home": 1, "ix.refused": 1}):
        refused.setdefault(refusal["ix"]["refused"], set()).add(refusal["home"])
    return [merge for merge in merges if is_in_force(merge["body"], refused.get(merge["_id"], ()))]


def group_around(collection: Records, report: str, scopes: Sequence[str]) -> list[str]:
    """All reports that are one event with this one, as far as this audience sees the merges."""

    def merged_with(reports: set[str]) -> Iterable[Iterable[str]]:
        return [merge["body"]["reports"] for merge in merges_of(collection, reports, scopes)]

    return group_of(report, merged_with)
