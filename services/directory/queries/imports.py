"""What imports have written."""

from __future__ import annotations

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


def imports_latest_first(collection: Records, count: int) -> list[Document]:
    """This node's imports, for an operator who looks for the one to undo."""
    chunks = {"$size": "$body.ngos"}
    pipeline: list[dict[str, Any]] = [
        {"$match": {"kind": "ngo_import", "ix.import": {"$exists": True}}},
        {
            "$group": {
                "_id": "$ix.import",
                "file": {"$max": "$body.file"},
                "at": {"$min": "$body.imported_at"},
                "by": {"$max": "$by"},
                "rows": {"$sum": "$body.rows"},
                "imported": {"$sum": chunks},
                "duplicates": {"$sum": "$body.duplicates"},
                "refused": {"$sum": "$body.refused"},
                "undone": {"$max": "$ix.undone"},
            }
        },
        {"$sort": {"at": -1, "_id": 1}},
        {"$limit": count},
    ]
    return list(collection.aggregate(pipeline))
