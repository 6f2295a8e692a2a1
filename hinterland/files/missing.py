"""Bodies that records here refer to and that are still elsewhere, and the parts that have come.

files.missing  one document a body: for whom, how much of it is here, when to ask for it again

What has come of a body survives a restart. It is only a body once all of it hashes to its name.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Final, TypeVar

from bson import ObjectId
from pymongo import ASCENDING, IndexModel, UpdateOne
from pymongo.client_session import ClientSession
from pymongo.database import Database
from pymongo.errors import DuplicateKeyError

from hinterland.files.bodies import BUCKET, Bodies, Body, Document
from hinterland.files.pieces import CHUNK_BYTES, Kept, MissingFile, Outcome
from hinterland.files.reference import FileReference
from hinterland.transactions import transact

__all__ = ["HOME_BYTES_MAX", "POSTPONED_S_MAX", "Missing"]

T = TypeVar("T")

# What a node keeps for one other home, in each of its rooms, parts included.
HOME_BYTES_MAX: Final = 16 * 1024 * 1024 * 1024
# What seems to be postponed for longer was so before the clock was put back.
POSTPONED_S_MAX: Final = 3600.0

INDEXES: Final[list[IndexModel]] = [
    IndexModel([("size", ASCENDING), ("_id", ASCENDING)], name="smallest")
]


class Missing:
    """The missing bodies of one room of one node."""

    def __init__(
        self,
        database: Database[Document],
        bodies: Bodies,
        *,
        node: str,
        clock: Callable[[], datetime],
        home_bytes_max: int = HOME_BYTES_MAX,
    ) -> None:
        self.collection = database[f"{BUCKET}.missing"]
        self._database = database
        self._bodies = bodies
        self._node = node
        self._clock = clock
        self._home_bytes_max = home_bytes_max

    # Which

    def expect(
        self, session: ClientSession, home: str, references: Iterable[FileReference]
    ) -> None:
        """Records of `home` refer to these, and they are not here."""
        now = self._clock()
        operations = [
            UpdateOne(
                {"_id": reference.sha256},
                {
                    "$setOnInsert": {
                        "home": home,
                        "size": reference.size,
                        "since": now,
                        "due": now,
                    }
                },
                upsert=True,
            )
            for reference in references
        ]
        if operations:
            self.collection.bulk_write(operations, ordered=False, session=session)

    def forget(self, session: ClientSession, hashes: Iterable[str]) -> None:
        """Nothing refers to these any more, or they are here: drop their parts."""
        condition = {"_id": {"$in": list(hashes)}}
        wanted = {"part": 1, "got": 1, "home": 1}
        found = list(self.collection.find(condition, wanted, session=session))
        if found:
            self.collection.delete_many(condition, session=session)
            self._discard(session, found)

    def known(self, hashes: Iterable[str], session: ClientSession | None = None) -> set[str]:
        """Which of these are missing and will be fetched."""
        condition = {"_id": {"$in": list(hashes)}}
        return {
            found["_id"] for found in self.collection.find(condition, {"_id": 1}, session=session)
        }

    def next(self) -> MissingFile | None:
        """What to fetch now: the smallest that is due, of a home that has not used up its space."""
        while True:
            now = self._clock()
            latest = now + timedelta(seconds=POSTPONED_S_MAX)
            condition: Document = {"$nor": [{"due": {"$gt": now, "$lte": latest}}]}
            if full := self.full_homes():
                condition["home"] = {"$nin": full}
            found = self.collection.find_one(condition, sort=[("size", 1), ("_id", 1)])
            if found is None:
                return None
            if self._bodies.find(found["_id"]) is not None:
                # Somebody has uploaded the same bytes here in the meantime.
                self._drop(found["_id"])
            elif found.get("total") and found["got"] == found["total"]:
                # This process ended between the last part and the check.
                self._finish(found)
            else:
                return _file(found)

    def full_homes(self) -> list[str]:
        """Homes for which no more is kept here: their records are shown without new files."""
        condition = {"bytes": {"$gte": self._home_bytes_max}, "_id": {"$ne": self._node}}
        return [found["_id"] for found in self._bodies.usage.find(condition)]

    # Parts

    def keep(self, sha256: str, start: int, total: int, data: bytes, giver: str) -> Kept:
        """Keep what `giver` gave of a body of `total` bytes, from `start`.

        `data` is whole chunks, or goes to the end.
        """
        if start % CHUNK_BYTES or (start + len(data) != total and len(data) % CHUNK_BYTES):
            raise ValueError("a part begins and ends with chunks")

        def work(session: ClientSession) -> Document | Kept:
            found = self.collection.find_one({"_id": sha256}, session=session)
            if found is None:
                return Kept(Outcome.GONE)
            if found.get("got", 0) != start or found.get("total", 0) not in (0, total):
                return Kept(Outcome.STALE, _file(found))
            part = found.get("part") or ObjectId()
            self._bodies.write(part, start, data, session)
            self._bodies.count(session, {found["home"]: len(data)})
            givers = sorted({*found.get("givers", ()), giver})
            more = {"part": part, "got": start + len(data), "total": total, "givers": givers}
            if not found.get("alone"):
                more["tries"] = 0  # else whoever gives rubbish would be asked again and again
            self.collection.update_one({"_id": sha256}, {"$set": more}, session=session)
            return {**found, **more}

        found = self._transact(work)
        if isinstance(found, Kept):
            return found
        return self._finish(found) if found["got"] == total else Kept(Outcome.PART, _file(found))

    def _finish(self, found: Document) -> Kept:
        """Check a body of which all parts have come."""
        sha256, part, givers = found["_id"], found["part"], tuple(found["givers"])
        digest, media_type = self._bodies.fingerprint(part)
        if digest != sha256:
            return Kept(Outcome.WRONG, self.restart(sha256), givers)
        body = Body(sha256, found["total"], media_type, found["home"], part)

        def work(session: ClientSession) -> Kept:
            taken = self.collection.delete_one({"_id": sha256, "part": part}, session=session)
            if not taken.deleted_count:
                return Kept(Outcome.GONE)
            self._bodies.complete(session, body, referenced=True, now=self._clock())
            return Kept(Outcome.COMPLETE, givers=givers)

        try:
            return self._transact(work)
        except DuplicateKeyError:
            # Somebody has uploaded the same bytes here at the same time.
            self._drop(sha256)
            return Kept(Outcome.COMPLETE, givers=givers)

    def restart(self, sha256: str) -> MissingFile | None:
        """Throw away what has come of it, and have one node give all of it."""

        def work(session: ClientSession) -> Document | None:
            found = self.collection.find_one({"_id": sha256}, session=session)
            if found is None:
                return None
            self._discard(session, [found])
            fresh = {name: found[name] for name in ("home", "size", "since", "due")}
            fresh |= {"alone": True, "tries": found.get("tries", 0)}
            self.collection.replace_one({"_id": sha256}, fresh, session=session)
            return {"_id": sha256, **fresh}

        found = self._transact(work)
        return _file(found) if found else None

    def postpone(self, sha256: str, seconds: float) -> None:
        """Nobody has it, or nobody answers: ask again later, and fetch others meanwhile."""
        due = self._clock() + timedelta(seconds=min(seconds, POSTPONED_S_MAX))
        self.collection.update_one({"_id": sha256}, {"$set": {"due": due}, "$inc": {"tries": 1}})

    def hasten(self) -> None:
        """Somebody is there again who was not: whatever was postponed is due."""
        now = self._clock()
        self.collection.update_many({"due": {"$gt": now}}, {"$set": {"due": now}})

    def _discard(self, session: ClientSession, found: Iterable[Document]) -> None:
        parts = [each for each in found if "part" in each]
        if parts:
            freed = Counter[str]()
            for each in parts:
                freed[each["home"]] -= each["got"]
            self._bodies.count(session, freed)
            self._bodies.discard(session, {each["part"]: each["got"] for each in parts})

    def _drop(self, sha256: str) -> None:
        self._transact(lambda session: self.forget(session, [sha256]))

    def _transact(self, work: Callable[[ClientSession], T]) -> T:
        return transact(self._database, work)


def _file(found: Document) -> MissingFile:
    return MissingFile(
        sha256=found["_id"],
        size=found["size"],
        home=found["home"],
        got=found.get("got", 0),
        total=found.get("total", 0),
        givers=tuple(found.get("givers", ())),
        alone=found.get("alone", False),
        tries=found.get("tries", 0),
    )
