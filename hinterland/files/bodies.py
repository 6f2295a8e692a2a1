"""Bodies in MongoDB, laid out as GridFS has it, so that every GridFS tool reads them.

files.files    one document a body: its hash as `filename`, its length, what it was found to be
files.chunks   its bytes, `CHUNK_BYTES` a document; also those of parts and uploads under way
files.loose    keys of chunks that belong to no body yet, or no more, and when these are to go
files.usage    how many bytes are here for each home, of bodies and of parts

PyMongo's own GridFS refuses transactions; a body must go with the last record that refers to it, so
the two collections are written here (github.com/mongodb/specifications, GridFS).
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from bson import Binary, ObjectId
from pymongo import ASCENDING, IndexModel, InsertOne, UpdateOne
from pymongo.client_session import ClientSession
from pymongo.database import Database

from hinterland.errors import NotFound
from hinterland.files.media_types import SNIFFED_HEAD_BYTES, SNIFFED_TAIL_BYTES, sniff
from hinterland.files.pieces import CHUNK_BYTES

__all__ = ["BUCKET", "Bodies", "Body", "BodyGone", "Document"]

Document = dict[str, Any]

BUCKET: Final = "files"
CHUNKS_READ_AT_ONCE_MAX: Final = 8  # what a slow reader keeps in memory: 1 MiB
# A transaction must not take as long as somebody has files to erase: the rest goes just after it.
CHUNKS_REMOVED_IN_TRANSACTION_MAX: Final = 512
LONG_AGO: Final = datetime.fromtimestamp(0, UTC)

INDEXES: Final[dict[str, list[IndexModel]]] = {
    "files": [
        IndexModel([("filename", ASCENDING)], name="hash", unique=True),
        # The sweep looks for uploads that nothing ever referred to; most have been.
        IndexModel(
            [("metadata.at", ASCENDING)],
            name="unreferenced",
            partialFilterExpression={"metadata.referenced": False},
        ),
    ],
    "chunks": [
        IndexModel([("files_id", ASCENDING), ("n", ASCENDING)], name="files_id_n", unique=True)
    ],
    "loose": [],
    "usage": [],
}


class BodyGone(NotFound):
    """The file was removed while it was being read. Whoever refers to it no longer does."""

    code = "FILE_GONE"


@dataclass(frozen=True, slots=True)
class Body:
    """A body that is here: `size` in bytes, `type` as this node found it."""

    sha256: str
    size: int
    type: str
    home: str
    key: ObjectId


class Bodies:
    """The bodies of one room of one node."""

    def __init__(self, database: Database[Document]) -> None:
        self.files = database[f"{BUCKET}.files"]
        self.chunks = database[f"{BUCKET}.chunks"]
        self.loose = database[f"{BUCKET}.loose"]
        self.usage = database[f"{BUCKET}.usage"]
        self._something_is_loose = True  # a process that ended before may have left it

    # Reading

    def find(self, sha256: str, session: ClientSession | None = None) -> Body | None:
        found = self.files.find_one({"filename": sha256}, session=session)
        if found is None:
            return None
        about = found["metadata"]
        return Body(sha256, found["length"], about["type"], about["home"], found["_id"])

    def here(self, hashes: Iterable[str], session: ClientSession | None = None) -> set[str]:
        """Which of these bodies are here."""
        condition = {"filename": {"$in": list(hashes)}}
        return {
            found["filename"]
            for found in self.files.find(condition, {"filename": 1}, session=session)
        }

    def stream(self, body: Body, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """The bytes from `start` up to, not including, `end`. Raises BodyGone midway."""
        end = body.size if end is None else min(end, body.size)
        if not 0 <= start < end:
            return
        at = start - start % CHUNK_BYTES
        for chunk in self._chunks(body.key, at // CHUNK_BYTES, (end - 1) // CHUNK_BYTES):
            if chunk["n"] * CHUNK_BYTES != at:
                break
            yield bytes(chunk["data"])[max(start - at, 0) : end - at]
            at += CHUNK_BYTES
        if at < end:
            raise BodyGone()

    def read(self, body: Body, start: int, length: int) -> bytes:
        """At most `length` bytes from `start`. Raises BodyGone."""
        return b"".join(self.stream(body, start, start + length))

    def fingerprint(self, key: ObjectId) -> tuple[str, str]:
        """SHA-256 and type of what was written under `key`, a chunk at a time."""
        digest = hashlib.sha256()
        head = tail = b""
        for chunk in self._chunks(key, 0, None):
            data = bytes(chunk["data"])
            digest.update(data)
            head = head or data[:SNIFFED_HEAD_BYTES]
            tail = (tail + data)[-SNIFFED_TAIL_BYTES:]
        return digest.hexdigest(), sniff(head, tail)

    def _chunks(self, key: ObjectId, first: int, last: int | None) -> Iterator[Document]:
        numbers = {"$gte": first} if last is None else {"$gte": first, "$lte": last}
        return self.chunks.find(
            {"files_id": key, "n": numbers}, sort={"n": 1}, batch_size=CHUNKS_READ_AT_ONCE_MAX
        )

    # Writing

    def write(
        self, key: ObjectId, start: int, data: bytes, session: ClientSession | None = None
    ) -> None:
        """Chunks of a body that is not complete yet; `start` is where a chunk begins."""
        self.chunks.insert_many(
            [
                {
                    "files_id": key,
                    "n": (start + at) // CHUNK_BYTES,
                    "data": Binary(data[at : at + CHUNK_BYTES]),
                }
                for at in range(0, len(data), CHUNK_BYTES)
            ],
            session=session,
        )

    def complete(
        self, session: ClientSession, body: Body, *, referenced: bool, now: datetime
    ) -> None:
        """Make a body of the chunks under its key, whose hash was checked and which were counted.

        Raises DuplicateKeyError where the body is here already.
        """
        self.files.insert_one(
            {
                "_id": body.key,
                "filename": body.sha256,
                "length": body.size,
                "chunkSize": CHUNK_BYTES,
                "uploadDate": now,
                "metadata": {
                    "type": body.type,
                    "home": body.home,
                    "referenced": referenced,
                    "at": now,
                },
            },
            session=session,
        )

    def count(self, session: ClientSession, sizes: Mapping[str, int]) -> None:
        """So many bytes more, or fewer, are here for these homes."""
        self.usage.bulk_write(
            [
                UpdateOne({"_id": home}, {"$inc": {"bytes": size}}, upsert=True)
                for home, size in sizes.items()
            ],
            session=session,
        )

    def remove(self, session: ClientSession, hashes: Iterable[str]) -> None:
        """Forget these bodies. Their bytes are overwritten as the database reuses the space."""
        condition = {"filename": {"$in": list(hashes)}}
        found = list(self.files.find(condition, {"length": 1, "metadata": 1}, session=session))
        if not found:
            return
        self.files.delete_many({"_id": {"$in": [each["_id"] for each in found]}}, session=session)
        freed = Counter[str]()
        for each in found:
            freed[each["metadata"]["home"]] -= each["length"]
        self.count(session, freed)
        self.discard(session, {each["_id"]: each["length"] for each in found})

    def discard(self, session: ClientSession, sizes: dict[ObjectId, int]) -> None:
        """Remove the chunks under these keys, `sizes` bytes each: in this transaction if they are
        few, else by `bury`.
        """
        left = CHUNKS_REMOVED_IN_TRANSACTION_MAX
        removed: list[ObjectId] = []
        for key, size in sorted(sizes.items(), key=lambda item: item[1]):
            left -= size // CHUNK_BYTES + 1
            if left < 0:
                break
            removed.append(key)
        if removed:
            self.chunks.delete_many({"files_id": {"$in": removed}}, session=session)
        if later := sizes.keys() - set(removed):
            self._something_is_loose = True
            self.loose.bulk_write(
                [InsertOne({"_id": key, "until": LONG_AGO}) for key in later], session=session
            )

    def bury(self, now: datetime, *, sweep: bool = False) -> int:
        """Remove the chunks that belong to nothing; returns of how many bodies.

        Called after every transaction, before anybody hears of it: what a head says is gone, is
        gone. With `sweep` also if no transaction of this process has let anything go.
        """
        if not (sweep or self._something_is_loose):
            return 0
        count = 0
        for each in self.loose.find({"until": {"$lte": now}}):
            self.chunks.delete_many({"files_id": each["_id"]})
            self.loose.delete_one({"_id": each["_id"]})
            count += 1
        self._something_is_loose = False
        return count
