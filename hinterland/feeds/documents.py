"""How feeds lie in MongoDB: collections, keys, indexes, and documents from and to values.

feeds     one document a feed: where it ends
batches   frames; keyed so that they sort by feed, epoch and number
records   the accepted version of every live record
tombs     what was deleted or erased, so that it can be restated and elided
pending   entries that count and could not be applied: holes and quarantine
commands  the first result of each command
hidden    what an expelled writer had written beyond its last position that counts
meta      the service's version, the number of its own writes, the membership that it believes
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from bson import Binary
from pymongo import ASCENDING, IndexModel

from hinterland.batch import DIGEST_OF_NOTHING, Batch, encode
from hinterland.feeds.plan import NOTHING, Pending, Standing, Version, Why
from hinterland.replica import Held

__all__ = [
    "COMMAND_KEPT_S",
    "INDEXES",
    "Document",
    "batch_document",
    "batch_key",
    "feed_range",
    "held_of",
    "pending_document",
    "pending_key",
    "standing_of",
]

Document = dict[str, Any]

COMMAND_KEPT_S: Final = 60 * 24 * 3600  # a phone may retry for weeks

INDEXES: Final[dict[str, list[IndexModel]]] = {
    "records": [
        # Rebuilds, verification and erasure walk one feed's records.
        IndexModel([("feed", ASCENDING), ("_id", ASCENDING)], name="feed"),
        # A poller reads what arrived since; also the order in which reactions look.
        IndexModel([("kind", ASCENDING), ("arrived", ASCENDING), ("_id", ASCENDING)], name="kind"),
        # Whether any other record refers to a file, and whether a shared one does; most have none.
        IndexModel([("files", ASCENDING)], name="files", sparse=True),
        # Compaction finds records with superseded payloads; most have none.
        IndexModel(
            [("past", ASCENDING)],
            name="past",
            partialFilterExpression={"past": {"$exists": True}},
        ),
    ],
    "tombs": [
        # The receipts of a home's erasures are listed the latest first.
        IndexModel([("feed", ASCENDING), ("op", ASCENDING), ("n", ASCENDING)], name="feed_op"),
        IndexModel([("feed", ASCENDING), ("_id", ASCENDING)], name="feed"),
        IndexModel(
            [("past", ASCENDING)],
            name="past",
            partialFilterExpression={"past": {"$exists": True}},
        ),
    ],
    "pending": [
        # Followers load a feed's holes; operators list the quarantine.
        IndexModel([("feed", ASCENDING), ("why", ASCENDING), ("n", ASCENDING)], name="feed_why"),
    ],
    "commands": [
        IndexModel([("at", ASCENDING)], name="at", expireAfterSeconds=COMMAND_KEPT_S),
    ],
}


def batch_key(feed: str, epoch: int, first: int) -> str:
    """Sorts by feed, epoch and number: a position up to 2⁵³ has sixteen digits."""
    return f"{feed} {epoch:016d} {first:016d}"


def feed_range(feed: str) -> dict[str, str]:
    """The condition on `_id` that all batches of one feed fulfil."""
    return {"$gt": f"{feed} ", "$lt": f"{feed}!"}


def batch_document(batch: Batch) -> Document:
    header = batch.header
    return {
        "_id": batch_key(header.feed, header.epoch, header.first),
        "feed": header.feed,
        "epoch": header.epoch,
        "first": header.first,
        "last": header.last,
        "hash": header.hash,
        "frame": Binary(encode(batch)),
    }


def pending_key(feed: str, record_id: str) -> str:
    return f"{feed} {record_id}"


def pending_document(feed: str, record_id: str, pending: Pending, since: datetime) -> Document:
    return {
        "_id": pending_key(feed, record_id),
        "feed": feed,
        "record": record_id,
        "epoch": pending.epoch,
        "n": pending.n,
        "sum": pending.sum,
        "why": str(pending.why),
        "reason": pending.reason,
        "since": since,
    }


def standing_of(
    feed: str,
    record: Mapping[str, Any] | None,
    tomb: Mapping[str, Any] | None,
    pending: Mapping[str, Any] | None,
) -> Standing:
    """How a record stands in `feed`, from what is stored; another feed's record is none of it."""
    if record is not None and record["feed"] != feed:
        record = None
    if tomb is not None and tomb["feed"] != feed:
        tomb = None
    if record is None and tomb is None and pending is None:
        return NOTHING
    held = record or tomb or {}
    return Standing(
        accepted=Version(record["epoch"], record["n"], record["sum"]) if record else None,
        pending=Pending(
            pending["epoch"],
            pending["n"],
            pending["sum"],
            Why(pending["why"]),
            pending["reason"],
        )
        if pending
        else None,
        past=tuple(held.get("past") or ()) + tuple((pending or {}).get("past") or ()),
        gone=tomb["op"] if tomb and not record else None,
        ended=tomb["n"] if tomb and not record else None,
        files=tuple(record.get("files") or ()) if record else (),
    )


def held_of(document: Mapping[str, Any], holes: dict[int, str]) -> Held:
    return Held(
        feed=document["_id"],
        epoch=document["epoch"],
        n=document["n"],
        hash=document["hash"],
        digest=document.get("digest", DIGEST_OF_NOTHING),
        holes=holes,
        hole_count=document.get("holes", 0),
        frozen=document.get("frozen"),
        recover_to=document.get("recover_to", 0),
    )
