"""The bodies that are here, and which records refer to them.

A record's document lists the hashes of its files (`files`), and the feeds call `settle` in the
transaction that applies an entry. So a body is here or known to be missing as long as a record
refers to it, and no longer: a head beyond an erase says that its files are gone, too.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from typing import Any, Final

from bson import ObjectId
from pymongo.client_session import ClientSession
from pymongo.collection import Collection
from pymongo.database import Database
from pymongo.errors import DuplicateKeyError

from hinterland.clock import Clock, system_clock
from hinterland.files.bodies import BUCKET, Bodies, Body, BodyGone, Document
from hinterland.files.bodies import INDEXES as BODY_INDEXES
from hinterland.files.missing import HOME_BYTES_MAX, Missing
from hinterland.files.missing import INDEXES as MISSING_INDEXES
from hinterland.files.pieces import CHUNK_BYTES
from hinterland.files.prepared import Prepared
from hinterland.files.reference import FileReference
from hinterland.transactions import transact

__all__ = ["SWEPT_MAX", "UNREFERENCED_KEPT_S", "Library"]

UNREFERENCED_KEPT_S: Final = 24 * 3600  # an upload, until a record refers to it
SWEPT_MAX: Final = 100  # uploads at once
CHUNKS_WRITTEN_AT_ONCE_MAX: Final = 8
SHARED_SCOPES: Final = ("members", "public")


class Library:
    """The files of one service of one node, in its own database."""

    def __init__(
        self,
        database: Database[Document],
        *,
        node: str,
        clock: Clock = system_clock,
        home_bytes_max: int = HOME_BYTES_MAX,
    ) -> None:
        self.bodies = Bodies(database)
        self.missing = Missing(
            database, self.bodies, node=node, clock=clock, home_bytes_max=home_bytes_max
        )
        self._node = node
        self._database = database
        self._records = database["records"]
        self._clock = clock

    def ensure_indexes(self) -> None:
        declared = BODY_INDEXES | {"missing": MISSING_INDEXES}
        existing = set(self._database.list_collection_names())
        for suffix, indexes in declared.items():
            name = f"{BUCKET}.{suffix}"
            if indexes:
                self._database[name].create_indexes(indexes)
            elif name not in existing:
                self._database.create_collection(name)
        self.bury()

    # For the room

    def add(self, prepared: Prepared) -> None:
        """Keep a body, so that a record may refer to it within `UNREFERENCED_KEPT_S`.

        Adding it again changes nothing, but starts that time anew.
        """
        now = self._clock()
        if self._files.find_one_and_update(
            {"filename": prepared.sha256}, {"$set": {"metadata.at": now}}
        ):
            return
        key = ObjectId()
        # What a crash leaves of an upload goes a day later.
        until = now + timedelta(seconds=UNREFERENCED_KEPT_S)
        self.bodies.loose.insert_one({"_id": key, "until": until})
        self._write(key, prepared)
        body = Body(prepared.sha256, len(prepared.data), prepared.type, self._node, key)

        def work(session: ClientSession) -> None:
            awaited = bool(self.missing.known([body.sha256], session))
            self.missing.forget(session, [body.sha256])
            self.bodies.complete(session, body, referenced=awaited, now=self._clock())
            self.bodies.count(session, {body.home: body.size})
            self.bodies.loose.delete_one({"_id": key}, session=session)

        try:
            transact(self._database, work)
        except DuplicateKeyError:
            # The same bytes came twice at the same time, and the others were faster.
            self._discard(key)

    def open(self, sha256: str) -> Body | None:
        """The body, for `stream`; None while it is not here."""
        return self.bodies.find(sha256)

    def stream(self, body: Body, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """The bytes from `start` up to, not including, `end`, a piece at a time.

        Raises BodyGone midway if the file is erased in the meantime.
        """
        return self.bodies.stream(body, start, end)

    def scopes(self, sha256: str) -> frozenset[str]:
        """Scopes of the records here that refer to a file: who may see one of them may have it."""
        return frozenset(self._records.distinct("scope", {"files": sha256}))

    def is_shared(self, sha256: str) -> bool:
        """Whether other nodes may have it: not for private records and unused uploads alone."""
        condition = {"files": sha256, "scope": {"$in": list(SHARED_SCOPES)}}
        return self._records.find_one(condition, {"_id": 1}) is not None

    def read_shared(self, sha256: str, start: int, length: int) -> tuple[int, bytes]:
        """Size and a piece of what other nodes may have; (0, b"") of all else."""
        body = self.bodies.find(sha256)
        if body is None or not self.is_shared(sha256):
            return 0, b""
        try:
            return body.size, self.bodies.read(body, start, length)
        except BodyGone:
            return 0, b""

    def lacking(self, hashes: Iterable[str], session: ClientSession | None = None) -> set[str]:
        """Which of these are neither here nor on their way: nobody may begin to refer to them."""
        lacking = set(hashes)
        if lacking:
            lacking -= self.bodies.here(lacking, session)
        if lacking:
            lacking -= self.missing.known(lacking, session)
        return lacking

    def status(self) -> dict[str, Any]:
        """JSON values: `{bodies, bytes, missing, missing_bytes, full}`; `full` are homes that have
        used up their space here.
        """
        usage = sum(each["bytes"] for each in self.bodies.usage.find())
        sums = {"$group": {"_id": None, "n": {"$sum": 1}, "bytes": {"$sum": "$size"}}}
        missing = next(iter(self.missing.collection.aggregate([sums])), {"n": 0, "bytes": 0})
        return {
            "bodies": self._files.estimated_document_count(),
            "bytes": usage,
            "missing": missing["n"],
            "missing_bytes": missing["bytes"],
            "full": self.missing.full_homes(),
        }

    # For the feeds

    def settle(
        self,
        session: ClientSession,
        home: str,
        references: Mapping[str, FileReference],
        released: Iterable[str],
    ) -> None:
        """Records of `home` were written that refer to `references`, by hash, and versions are gone
        that referred to `released`. The records' own documents must have been written before.
        """
        if references:
            # Also makes this transaction conflict with a sweep of the same upload.
            self._files.update_many(
                {"filename": {"$in": list(references)}, "metadata.referenced": False},
                {"$set": {"metadata.referenced": True}},
                session=session,
            )
            here = self.bodies.here(references, session)
            away = [reference for sha256, reference in references.items() if sha256 not in here]
            self.missing.expect(session, home, away)
        self._release(session, set(released) - references.keys())

    def _release(self, session: ClientSession, hashes: set[str]) -> None:
        if not hashes:
            return
        others = self._records.find(
            {"files": {"$in": list(hashes)}}, {"files": 1, "_id": 0}, session=session
        )
        unused = hashes.difference(*(each["files"] for each in others))
        if unused:
            self.bodies.remove(session, unused)
            self.missing.forget(session, unused)

    # Housekeeping

    def sweep(self) -> int:
        """Remove uploads that no record came to refer to, some at a time; returns how many."""
        cut_off = self.bodies.bury(self._clock(), sweep=True)
        before = self._clock() - timedelta(seconds=UNREFERENCED_KEPT_S)
        unused = {"metadata.referenced": False, "metadata.at": {"$lt": before}}
        hashes = [each["filename"] for each in self._files.find(unused).limit(SWEPT_MAX)]

        def work(session: ClientSession) -> int:
            condition = {"filename": {"$in": hashes}, **unused}
            still = {each["filename"] for each in self._files.find(condition, session=session)}
            self._release(session, still)
            # A record that came while the upload was being completed kept the rest.
            kept = self._files.update_many(
                condition, {"$set": {"metadata.referenced": True}}, session=session
            )
            return len(still) - kept.modified_count

        swept = transact(self._database, work) if hashes else 0
        self.bury()
        return cut_off + swept

    def bury(self) -> None:
        """Remove the bytes of what a transaction has let go, where these were too many for it."""
        self.bodies.bury(self._clock())

    def _discard(self, key: ObjectId) -> None:
        self.bodies.chunks.delete_many({"files_id": key})
        self.bodies.loose.delete_one({"_id": key})

    def _write(self, key: ObjectId, prepared: Prepared) -> None:
        digest = hashlib.sha256()
        step = CHUNKS_WRITTEN_AT_ONCE_MAX * CHUNK_BYTES
        for start in range(0, len(prepared.data), step):
            data = prepared.data[start : start + step]
            digest.update(data)
            self.bodies.write(key, start, data)
        if digest.hexdigest() != prepared.sha256:
            self._discard(key)
            raise ValueError("these are not the bytes that were prepared")

    @property
    def _files(self) -> Collection[Document]:
        return self.bodies.files
