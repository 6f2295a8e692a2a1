"""Proves that a replica is what its feed says: recomputed from what is stored."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from hinterland.batch import (
    DIGEST_OF_NOTHING,
    BadBatch,
    Batch,
    NeedsUpgrade,
    Position,
    decode,
    digest_add,
    read_payload,
)
from hinterland.feeds.documents import feed_range
from hinterland.feeds.store import FeedStore
from hinterland.identity import verify

__all__ = ["Verification", "verify_feed"]

PROBLEMS_MAX: Final = 20


@dataclass(slots=True)
class Verification:
    """What was found of one feed. `problems` is empty where the replica is what its home signed.

    `digest` is recomputed from the records, `signed` is the one in the last signed header.
    """

    feed: str
    position: str
    digest: str = DIGEST_OF_NOTHING
    signed: str = DIGEST_OF_NOTHING
    batches: int = 0
    records: int = 0
    holes: int = 0
    quarantined: int = 0
    problems: list[str] = field(default_factory=list)

    @property
    def equal(self) -> bool:
        return not self.problems and not self.holes and not self.quarantined

    def to_dict(self) -> dict[str, Any]:
        return {**asdict(self), "equal": self.equal}

    def note(self, problem: str) -> None:
        if len(self.problems) < PROBLEMS_MAX:
            self.problems.append(problem)


def verify_feed(store: FeedStore, feed: str) -> Verification:
    """Recompute the chain, the signatures, every payload's hash, and the digest of the records.

    Reads the whole feed; the feed should not grow meanwhile, or the end will differ.
    """
    held = store.held_one(feed)
    found = Verification(feed, str(held.position))
    _check_chain(store, feed, found, held.hash)
    _count_records(store, feed, found)
    if found.digest != found.signed:
        found.note("the digest of the records is not the one that the home signed")
    return found


def _check_chain(store: FeedStore, feed: str, found: Verification, head: str) -> None:
    last = ""
    number = 0
    for document in store.collection("batches").find({"_id": feed_range(feed)}, sort={"_id": 1}):
        try:
            batch = decode(bytes(document["frame"]))
        except (BadBatch, NeedsUpgrade) as error:
            found.note(f"batch at {document['first']}: {error.message}")
            return
        header = batch.header
        if header.first != number + 1 or header.prev != last:
            found.note(f"the batch at {header.first} does not continue the one before it")
        if not verify(header.key, batch.signature, batch.signed_bytes):
            found.note(f"the signature of the batch at {header.first} does not fit")
        _compare_records(store, feed, batch, found)
        last, number = header.hash, header.last
        found.signed = header.digest
        found.batches += 1
    if last != head:
        found.note("the head is not the last batch")


def _compare_records(store: FeedStore, feed: str, batch: Batch, found: Verification) -> None:
    """Accepted records that stand at this batch say just what its payloads say."""
    header = batch.header
    condition = {
        "_id": {"$in": [entry.id for entry in header.entries]},
        "feed": feed,
        "n": {"$gte": header.first, "$lte": header.last},
    }
    for record in store.collection("records").find(condition, {"body": 1, "scope": 1, "n": 1}):
        line = batch.payloads[record["n"] - header.first]
        if not line:
            found.note(f"{record['_id']} is shown, but its payload is not held")
            continue
        payload = read_payload(line)
        if (payload.id, payload.scope, payload.body) != (
            record["_id"],
            record["scope"],
            record["body"],
        ):
            found.note(f"{record['_id']} is not what its payload says")


def _count_records(store: FeedStore, feed: str, found: Verification) -> None:
    pending = {
        document["record"]: document
        for document in store.collection("pending").find({"feed": feed})
    }
    for document in pending.values():
        found.holes += document["why"] == "hole"
        found.quarantined += document["why"] == "quarantine"
    for document in _counted(store, feed, pending):
        position = Position(document["epoch"], document["n"])
        record_id = str(document.get("record", document["_id"]))
        found.digest = digest_add(found.digest, record_id, position, document["sum"])
        found.records += 1


def _counted(
    store: FeedStore, feed: str, pending: dict[str, dict[str, Any]]
) -> Iterator[dict[str, Any]]:
    projection = {"epoch": 1, "n": 1, "sum": 1}
    for record in store.collection("records").find({"feed": feed}, projection):
        if record["_id"] not in pending:
            yield record
    for document in pending.values():
        if document["sum"]:
            yield document
