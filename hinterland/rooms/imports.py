"""What imports have written: every room that takes files keeps a record of each chunk."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pymongo.collection import Collection

__all__ = ["imports_latest_first", "next_chunk_to_undo"]

Records = Collection[dict[str, Any]]
Document = dict[str, Any]


def next_chunk_to_undo(collection: Records, import_id: str) -> Document | None:
    """The first chunk of an import that has not been undone."""
    return collection.find_one(
        {"ix.import": import_id, "ix.undone": False}, sort=[("ix.import", 1), ("ix.chunk", 1)]
    )


def imports_latest_first(
    collection: Records, kind: str, made: str, counted: Iterable[str], count: int
) -> list[Document]:
    """This node's imports, for an operator who looks for the one to undo. Chunks are of `kind`;
    `made` is their list of what they made, `counted` are numbers that are added up."""
    pipeline: list[dict[str, Any]] = [
        {"$match": {"kind": kind, "ix.import": {"$exists": True}}},
        {
            "$group": {
                "_id": "$ix.import",
                "file": {"$max": "$body.file"},
                "at": {"$min": "$body.imported_at"},
                "by": {"$max": "$by"},
                "imported": {"$sum": {"$size": f"$body.{made}"}},
                "undone": {"$max": "$ix.undone"},
                **{name: {"$sum": f"$body.{name}"} for name in counted},
            }
        },
        {"$sort": {"at": -1, "_id": 1}},
        {"$limit": count},
    ]
    return list(collection.aggregate(pipeline))
