"""Feeds in MongoDB: append, apply and move the head in one transaction, at home and away."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, Final, TypeVar

from bson import Binary
from pymongo import DeleteOne, InsertOne, ReplaceOne, ReturnDocument, UpdateOne
from pymongo.client_session import ClientSession
from pymongo.collection import Collection
from pymongo.database import Database
from pymongo.errors import BulkWriteError, CollectionInvalid, DuplicateKeyError

from hinterland.batch import (
    DIGEST_OF_NOTHING,
    Batch,
    Entry,
    Header,
    Payload,
    Position,
    decode,
    elide,
    encode,
)
from hinterland.clock import Clock, from_rfc3339, system_clock, to_us
from hinterland.errors import HinterlandError
from hinterland.feeds.documents import (
    INDEXES,
    Document,
    batch_document,
    batch_key,
    feed_range,
    held_of,
    pending_document,
    pending_key,
    standing_of,
)
from hinterland.feeds.plan import (
    Plan,
    Standing,
    Why,
    changes_of,
    counting,
    is_beyond,
    pending_added,
    plan_append,
    plan_fill,
    refill,
    replay,
)
from hinterland.files.library import Library
from hinterland.files.reference import FileReference
from hinterland.identity import Cutoff, Membership
from hinterland.replica import Check, Held, Judged, judge
from hinterland.replica.messages import HOLES_ASKED_MAX
from hinterland.transactions import transact

__all__ = ["Applied", "FeedStore", "HeadMoved", "Own"]

log = logging.getLogger(__name__)
T = TypeVar("T")

HOLES_LOADED_MAX: Final = 1000
COMPACTED_MAX: Final = 1000
QUARANTINE_PAGE_MAX: Final = 1000
ERASURES_PAGE_MAX: Final = 100
BATCHES_READ: Final = 8  # in one round trip; the first give has room for few
# How many entries of a feed are pending, by why: kept at its head, nearly always absent.
COUNTED: Final = {"holes": Why.HOLE, "quarantined": Why.QUARANTINE}
NOT_READ: Final[Mapping[str, Document | None]] = {}
NEW_HEAD: Final = {"epoch": 1, "n": 0, "hash": ""}
HEAD_FIELDS: Final = {"at": 0}  # when it moved is for people who look, not for what is decided
DUPLICATE_KEY: Final = 11000
REASON_CHARS_MAX: Final = 300
# BadValue, DollarPrefixedFieldName, DottedFieldName, CannotIndexParallelArrays, BSONObjectTooLarge,
# and what the geo indexes say of a place that is none.
UNWRITABLE_CODES: Final = frozenset({2, 52, 57, 171, 10334, 13022, 13026, 13027, 16755, 16804})


class HeadMoved(HinterlandError):
    """Somebody else appended to the feed in the meantime. Read its head and decide again."""

    code = "HEAD_MOVED"


@dataclass(frozen=True, slots=True)
class Applied:
    """What a commit did: the service's version after it, and what changed, for local listeners.

    Of an append also the batch as it is stored and sent, and the head as it is stored.
    """

    version: int
    batch: Batch
    held: Held
    changes: list[dict[str, Any]] = field(default_factory=list)
    frame: bytes = b""
    head: Document = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Own:
    """What a home decided on: the version that it has taken for the transaction, the head of its
    feed, as `heads` gives it, and how the records stood that it writes."""

    version: int
    head: Document
    before: Mapping[str, Standing]


def _no_files(kind: str, body: dict[str, Any]) -> Sequence[FileReference]:
    return ()


class Unwritable(Exception):
    """This database cannot take a record, though its payload was judged good."""

    def __init__(self, record_id: str, reason: str) -> None:
        super().__init__(record_id, reason)
        self.record_id = record_id
        self.reason = reason


Refused = Mapping[str, str]
"""Why records are refused, by id."""


def refuse(judged: Sequence[Judged], refused: Refused) -> list[Judged]:
    return [
        replace(item, payload=None, reason=refused[item.entry.id])
        if item.payload is not None and item.entry.id in refused
        else item
        for item in judged
    ]


def _end_of(header: Header) -> Document:
    """What a batch makes of the head that it is appended to."""
    return {
        "epoch": header.epoch,
        "n": header.last,
        "hash": header.hash,
        "digest": header.digest,
        "signed_digest": header.digest,
    }


def raise_unwritable(error: BulkWriteError) -> None:
    """Raises Unwritable if it is the record's fault, and not the server's or another writer's."""
    for failed in error.details["writeErrors"]:
        if failed["code"] in UNWRITABLE_CODES:
            document = failed["op"].get("u", failed["op"])
            raise Unwritable(document["_id"], failed["errmsg"][:REASON_CHARS_MAX]) from error


class FeedStore:
    """All feeds of one service of one node, in a database of their own, and their files.

    `index` computes a record's `ix` from its payload, `files` says which files it refers to;
    `check` and `foreign_kinds` judge entries again when a payload comes late or a quarantined entry
    is retried.
    """

    def __init__(
        self,
        database: Database[Document],
        *,
        node: str,
        index: Callable[[str, dict[str, Any]], dict[str, Any]],
        check: Check,
        foreign_kinds: frozenset[str],
        files: Callable[[str, dict[str, Any]], Sequence[FileReference]] = _no_files,
        clock: Clock = system_clock,
    ) -> None:
        self.node = node
        self.library = Library(database, node=node, clock=clock)
        self._database = database
        self._index = index
        self._files = files
        self._check = check
        self._foreign_kinds = foreign_kinds
        self._clock = clock

    def ensure_indexes(self) -> None:
        for name, indexes in INDEXES.items():
            self._database[name].create_indexes(indexes)
        # A transaction cannot create what it writes to under every server version.
        existing = set(self._database.list_collection_names())
        for name in {"feeds", "batches", "hidden", "meta"} - existing:
            # Another instance that starts at the same time may have made it in between.
            with suppress(CollectionInvalid):
                self._database.create_collection(name)
        self.library.ensure_indexes()

    def collection(self, name: str) -> Collection[Document]:
        return self._database[name]

    # Reading

    def version(self) -> int:
        """The service's version: grows with every commit; microseconds since 1970, or 0."""
        document = self.collection("meta").find_one({"_id": "version"})
        return int(document["us"]) if document else 0

    def membership(self) -> Membership | None:
        """The membership that this service believes; None before the node joins a federation."""
        document = self.collection("meta").find_one({"_id": "membership"})
        return Membership.from_dict(document["membership"]) if document else None

    def set_membership(self, membership: Membership) -> None:
        """Also counts as an own commit: no header names the federation of before any more."""

        def work(session: ClientSession) -> None:
            meta = self.collection("meta")
            meta.replace_one(
                {"_id": "membership"},
                {
                    "_id": "membership",
                    "federation": membership.federation,
                    "membership": membership.to_dict(),
                },
                upsert=True,
                session=session,
            )
            count = {"$inc": {"serial": 1}, "$setOnInsert": {"us": 0}}
            meta.update_one({"_id": "version"}, count, upsert=True, session=session)

        self.transact(work)

    def own_commits(self) -> tuple[int, str]:
        """The serial number of this service's own commits, and the id of its federation, for
        headers; that is empty before the node joins one."""
        found = {
            document["_id"]: document
            for document in self.collection("meta").find(
                {"_id": {"$in": ["version", "membership"]}}, {"serial": 1, "federation": 1}
            )
        }
        serial = found.get("version", {}).get("serial", 0)
        return int(serial), str(found.get("membership", {}).get("federation", ""))

    def heads(self, feeds: Iterable[str]) -> dict[str, Document]:
        """The heads of these feeds as they are stored; an empty one where there is none."""
        heads: dict[str, Document] = {feed: {"_id": feed, **NEW_HEAD} for feed in feeds}
        for found in self.collection("feeds").find({"_id": {"$in": list(heads)}}, HEAD_FIELDS):
            heads[found["_id"]] = found
        return heads

    def held(self) -> list[Held]:
        """Where every shared feed ends here."""
        return [
            self._held(document)
            for document in self.collection("feeds").find()
            if not document["_id"].endswith("/private")
        ]

    def held_one(self, feed: str) -> Held:
        document = self.collection("feeds").find_one({"_id": feed})
        return self._held(document) if document else Held(feed)

    def _held(self, document: Mapping[str, Any], session: ClientSession | None = None) -> Held:
        holes = {}
        if document.get("holes"):
            cursor = self.collection("pending").find(
                {"feed": document["_id"], "why": Why.HOLE},
                {"n": 1, "record": 1},
                sort=[("n", 1)],
                limit=HOLES_LOADED_MAX,
                session=session,
            )
            holes = {found["n"]: found["record"] for found in cursor}
        return held_of(document, holes)

    def read_after(self, feed: str, after: Position, budget: int) -> tuple[list[bytes], bool]:
        """Frames that follow a position, about `budget` bytes of them, and whether more remain.

        The batch of the next number comes first, even if it begins before it: on a fork batches
        end elsewhere, and the asker can only see that from the one that straddles its end.
        """
        epoch, n = after
        next_batch = self._batch_of(feed, epoch, n + 1)
        start = batch_key(feed, epoch, next_batch["first"] if next_batch else n + 1)
        condition = {"$gte": start, "$lt": feed_range(feed)["$lt"]}
        frames: list[bytes] = []
        size = 0
        for found in self.collection("batches").find(
            {"_id": condition}, {"frame": 1}, sort={"_id": 1}, batch_size=BATCHES_READ
        ):
            if size >= budget:
                return frames, True
            frames.append(bytes(found["frame"]))
            size += len(found["frame"])
        return frames, False

    def read_holding(
        self, feed: str, epoch: int, numbers: Iterable[int], budget: int
    ) -> list[bytes]:
        """Frames of the batches that these numbers are in, about `budget` bytes of them."""
        frames: list[bytes] = []
        size = 0
        end = 0
        for n in sorted(numbers)[:HOLES_ASKED_MAX]:
            if n <= end:
                continue
            found = self._batch_of(feed, epoch, n)
            if found is None or size >= budget:
                break
            end = found["last"]
            frames.append(bytes(found["frame"]))
            size += len(found["frame"])
        return frames

    def _batch_of(
        self, feed: str, epoch: int, n: int, session: ClientSession | None = None
    ) -> Document | None:
        found = self.collection("batches").find_one(
            {"_id": {"$lte": batch_key(feed, epoch, n), "$gt": batch_key(feed, epoch, 0)}},
            sort=[("_id", -1)],
            session=session,
        )
        return found if found and found["last"] >= n else None

    def holds(self, batch: Batch) -> bool:
        """Whether the batch at this position here is this very one (or none is held here)."""
        header = batch.header
        found = self._batch_of(header.feed, header.epoch, header.first)
        return found is None or found["hash"] == header.hash

    def quarantined(self, after: str = "") -> list[Document]:
        """Quarantined entries, a page at a time by `_id`."""
        condition = {"why": Why.QUARANTINE, "_id": {"$gt": after}}
        cursor = self.collection("pending").find(condition, sort={"_id": 1})
        return list(cursor.limit(QUARANTINE_PAGE_MAX))

    def erasures(self, feed: str, before: int) -> list[Document]:
        """What was erased in a feed, the latest first, a page at a time: `before` is a number."""
        condition = {"feed": feed, "op": "erase", "n": {"$lt": before}}
        cursor = self.collection("tombs").find(condition, sort={"n": -1})
        return list(cursor.limit(ERASURES_PAGE_MAX))

    # Writing

    def transact(self, work: Callable[[ClientSession], T]) -> T:
        """Run `work` in a transaction; what is gone after it is gone from the disk, too."""
        try:
            done = transact(self._database, work)
        except BulkWriteError as error:
            if any(e["code"] == DUPLICATE_KEY for e in error.details["writeErrors"]):
                raise HeadMoved() from error
            raise
        except DuplicateKeyError as error:
            raise HeadMoved() from error
        self.library.bury()
        return done

    def _without_unwritable(self, work: Callable[[ClientSession, Refused], T]) -> T:
        """Run `work` in a transaction, again and again while it meets records that this database
        cannot take: each is refused then, alone."""
        refused: dict[str, str] = {}
        while True:
            try:
                return self.transact(lambda session: work(session, refused))
            except Unwritable as error:
                if error.record_id in refused:
                    raise
                log.warning("%s is quarantined: %s", error.record_id, error.reason)
                refused[error.record_id] = error.reason

    def append(self, batch: Batch, judged: Sequence[Judged]) -> Applied:
        """Append a batch from elsewhere. Raises HeadMoved if it is not what follows."""
        return self._without_unwritable(
            lambda session, refused: self.append_in(session, batch, refuse(judged, refused))
        )

    def append_in(
        self,
        session: ClientSession,
        batch: Batch,
        judged: Sequence[Judged],
        own: Own | None = None,
    ) -> Applied:
        """Append, apply, head: the one way in which anything is ever written, home or away.

        A home passes what it decided on; for others it is read here. Raises HeadMoved, of a home
        also if its head is any other than it knew: not only moved, but frozen, or to recover.
        """
        header = batch.header
        version = self.next_version(session) if own is None else own.version
        state = self._move_head(session, batch)
        before: Mapping[str, Standing]
        if own is None:
            ids = list({item.entry.id for item in judged})
            before = self.standings(session, header.feed, ids, state)
        elif state != own.head:
            raise HeadMoved()
        else:
            before = own.before
        plan = plan_append(batch, judged, before, state.get("digest", DIGEST_OF_NOTHING))
        self._elide(session, header.feed, header.epoch, plan.elided)
        stored = batch_document(plan.batch)
        self.collection("batches").insert_one(stored, session=session)
        self._write_standings(session, header.feed, header.epoch, plan.standings, before, version)
        rare = self._rare(plan, before, state, header.last)
        if rare:
            self.collection("feeds").update_one(
                {"_id": header.feed}, {"$set": rare}, session=session
            )
        head = {**state, **_end_of(header), **rare}
        held = self._held(head, session)
        frame = bytes(stored["frame"])
        return Applied(version, plan.batch, held, changes_of(judged), frame, head)

    def _move_head(self, session: ClientSession, batch: Batch) -> Document:
        """Moves the head onto `batch` if it is what follows; returns what it was before."""
        header = batch.header
        end = {"epoch": header.epoch, "n": header.first - 1, "hash": header.prev}
        state = self.collection("feeds").find_one_and_update(
            {"_id": header.feed, **(end if header.first > 1 else {"n": 0})},
            {"$set": {**_end_of(header), "at": self._clock()}},
            HEAD_FIELDS,
            upsert=header.first == 1,
            return_document=ReturnDocument.BEFORE,
            session=session,
        )
        if state is None and header.first > 1:
            raise HeadMoved()
        return state or {"_id": header.feed, **NEW_HEAD}

    @staticmethod
    def _rare(
        plan: Plan, before: Mapping[str, Standing], state: Mapping[str, Any], last: int
    ) -> Document:
        """What a head carries beside its position, as far as this batch changes it."""
        rare: Document = {}
        if plan.digest != plan.batch.header.digest:
            rare["digest"] = plan.digest  # the home's sums differ from ours: shown as unequal
        for name, why in COUNTED.items():
            added = plan.pending_added(before, why)
            if added:
                rare[name] = state.get(name, 0) + added
        if not state.get("tombs") and any(each.gone for each in plan.standings.values()):
            rare["tombs"] = True
        if state.get("recover_to") and last >= state["recover_to"]:
            rare["recover_to"] = 0
        return rare

    def fill(self, batch: Batch, judged: Sequence[Judged]) -> Applied | None:
        """Take payloads that came late into the batch that is held; None if nothing lacked them."""
        return self._without_unwritable(
            lambda session, refused: self._fill(session, batch, refuse(judged, refused))
        )

    def _fill(
        self, session: ClientSession, batch: Batch, judged: Sequence[Judged]
    ) -> Applied | None:
        header = batch.header
        feed = header.feed
        found = self._batch_of(feed, header.epoch, header.first, session)
        if found is None or found["hash"] != header.hash:
            return None
        state = self.collection("feeds").find_one({"_id": feed}, session=session) or {}
        before = self.standings(session, feed, [item.entry.id for item in judged], state)
        filling = plan_fill(header.epoch, judged, before)
        if not filling.settled:
            return None
        version = self.next_version(session)
        stored = decode(bytes(found["frame"]))
        filled = refill(stored, batch, {item.n for item in filling.settled})
        self.collection("batches").update_one(
            {"_id": found["_id"]}, {"$set": {"frame": Binary(encode(filled))}}, session=session
        )
        self._elide(session, feed, header.epoch, filling.elided)
        self._write_standings(session, feed, header.epoch, filling.standings, before, version)
        added = {name: filling.pending_added(before, why) for name, why in COUNTED.items()}
        tombs = state.get("tombs") or any(each.gone for each in filling.standings.values())
        end = self.collection("feeds").find_one_and_update(
            {"_id": feed},
            {"$inc": added, **({"$set": {"tombs": True}} if tombs else {})},
            session=session,
            return_document=ReturnDocument.AFTER,
        )
        return Applied(version, filled, self._held(end, session), changes_of(filling.settled))

    def retry(self, keys: Iterable[str]) -> list[Applied]:
        """Judge quarantined entries again, after an upgrade; the others stay as they are."""
        done = []
        for found in self.collection("pending").find(
            {"_id": {"$in": list(keys)}, "why": Why.QUARANTINE}
        ):
            stored = self._batch_of(found["feed"], found["epoch"], found["n"])
            if stored is None:
                continue
            batch = decode(bytes(stored["frame"]))
            item = self._judge(batch, found["n"])
            if item.reason is None and (applied := self.fill(batch, [item])) is not None:
                done.append(applied)
        return done

    def _judge(self, batch: Batch, n: int) -> Judged:
        line = batch.payloads[n - batch.header.first]
        return judge(batch.header, n, line, foreign_kinds=self._foreign_kinds, check=self._check)

    def freeze(self, feed: str, reason: str) -> None:
        """Stop a feed where it is; also one of which nothing is held yet."""
        self.collection("feeds").update_one(
            {"_id": feed}, {"$set": {"frozen": reason}, "$setOnInsert": NEW_HEAD}, upsert=True
        )

    def set_recovery(self, feed: str, recover_to: int) -> None:
        """Say up to where our own feed once went (0: nothing lacks); no write until it is there."""
        self.collection("feeds").update_one(
            {"_id": feed},
            {"$set": {"recover_to": recover_to}, "$setOnInsert": NEW_HEAD},
            upsert=recover_to > 0,
        )

    def truncate(self, feed: str, cutoff: Cutoff | None) -> Applied | None:
        """Take back what was applied beyond the cutoff; its batches go to `hidden`, to be shown.

        What is held may be of another branch than the cutoff: then everything is taken back, so
        that the right one is asked for. A frozen feed thaws. None if there was nothing to do.
        """
        return self._without_unwritable(
            lambda session, refused: self._truncate(session, feed, cutoff, refused)
        )

    def _truncate(
        self, session: ClientSession, feed: str, cutoff: Cutoff | None, refused: Refused
    ) -> Applied | None:
        state = self.collection("feeds").find_one({"_id": feed}, session=session)
        if state is None:
            return None
        kept, taken = self._split(session, feed, cutoff, frozen=bool(state.get("frozen")))
        if not taken:
            self.collection("feeds").update_one(
                {"_id": feed}, {"$set": {"frozen": None}}, session=session
            )
            return None
        ids = {entry.id for _, batch in taken for entry in batch.header.entries}
        beyond = [(found, batch) for found, batch in taken if is_beyond(batch, cutoff)]
        for found, _ in beyond:
            self.collection("hidden").replace_one(
                {"_id": found["_id"]}, found, upsert=True, session=session
            )
        self.collection("batches").delete_many(
            {"_id": {"$in": [found["_id"] for found, _ in taken]}}, session=session
        )
        before = self.standings(session, feed, list(ids), state)
        standings = replay(kept, ids, lambda batch, n: refuse([self._judge(batch, n)], refused)[0])
        version = self.next_version(session)
        head = kept[-1].header if kept else None
        epoch = head.epoch if head else 1
        self._write_standings(session, feed, epoch, standings, before, version)
        digest = head.digest if head else DIGEST_OF_NOTHING
        end = {
            "epoch": epoch,
            "n": head.last if head else 0,
            "hash": head.hash if head else "",
            "digest": digest,
            "signed_digest": digest,
            **{
                name: state.get(name, 0) + pending_added(standings, before, why)
                for name, why in COUNTED.items()
            },
            "frozen": None,
            "hidden": state.get("hidden", 0) + sum(len(b.header.entries) for _, b in beyond),
        }
        self.collection("feeds").update_one({"_id": feed}, {"$set": end}, session=session)
        held = self._held({**state, **end}, session)
        changes = [{"id": record_id, "op": "hide"} for record_id in sorted(ids)]
        return Applied(version, taken[-1][1], held, changes)

    def _split(
        self, session: ClientSession, feed: str, cutoff: Cutoff | None, *, frozen: bool
    ) -> tuple[list[Batch], list[tuple[Document, Batch]]]:
        """The batches that count, and those that do not."""
        found = list(
            self.collection("batches").find(
                {"_id": feed_range(feed)}, sort={"_id": 1}, session=session
            )
        )
        batches = [decode(bytes(document["frame"])) for document in found]
        kept = batches[: counting(batches, cutoff, frozen=frozen)]
        return kept, list(zip(found, batches, strict=True))[len(kept) :]

    def compact(self) -> int:
        """Elide superseded payloads, a bounded number of records at a time; returns how many."""
        by_feed: dict[tuple[str, int], set[int]] = defaultdict(set)
        done = 0
        for name in ("records", "tombs"):
            for found in self.collection(name).find(
                {"past": {"$exists": True}}, {"feed": 1, "epoch": 1, "past": 1}, limit=COMPACTED_MAX
            ):
                by_feed[found["feed"], found["epoch"]].update(found["past"])
                done += 1
        for (feed, epoch), numbers in by_feed.items():
            self.transact(
                lambda session, f=feed, e=epoch, n=numbers: self._compact(session, f, e, n)  # type: ignore[misc]
            )
        return done

    def _compact(self, session: ClientSession, feed: str, epoch: int, numbers: set[int]) -> None:
        self._elide(session, feed, epoch, numbers)
        for name in ("records", "tombs"):
            collection = self.collection(name)
            condition = {"past": {"$in": sorted(numbers)}, "feed": feed}
            collection.update_many(
                condition, {"$pull": {"past": {"$in": sorted(numbers)}}}, session=session
            )
            collection.update_many(
                {"past": [], "feed": feed}, {"$unset": {"past": 1}}, session=session
            )

    # Inside a transaction

    def next_version(self, session: ClientSession, serial: int | None = None) -> int:
        """Also makes two transactions of one service conflict, so that arrivals are ordered.

        With `serial`, the number of this service's own commits as its caller read it: raises
        HeadMoved if another instance has committed since.
        """
        now = to_us(self._clock())
        step: Document = {"us": {"$max": [{"$add": [{"$ifNull": ["$us", 0]}, 1]}, now]}}
        condition: Document = {"_id": "version"}
        if serial is not None:
            step["serial"] = serial + 1
            condition["serial"] = serial or {"$exists": False}
        document = self.collection("meta").find_one_and_update(
            condition,
            [{"$set": step}],
            upsert=not serial,
            return_document=ReturnDocument.AFTER,
            session=session,
        )
        if document is None:
            raise HeadMoved()
        return int(document["us"])

    def standings(
        self,
        session: ClientSession | None,
        feed: str,
        ids: list[str],
        state: Mapping[str, Any],
        read: Mapping[str, Document | None] = NOT_READ,
    ) -> dict[str, Standing]:
        """How these records stand in `feed`; `state` is its head, which says what there can be.

        `read` holds the documents that have been read already, None where there was none.
        """
        projection = dict.fromkeys(("feed", "epoch", "n", "sum", "past", "op", "files"), 1)
        records, tombs = (
            {
                found["_id"]: found
                for found in self.collection(name).find(
                    {"_id": {"$in": sought}}, projection, session=session
                )
            }
            if sought
            else {}
            for name, sought in (
                ("records", [record_id for record_id in ids if record_id not in read]),
                ("tombs", ids if state.get("tombs") else []),
            )
        )
        records |= {i: found for i in ids if (found := read.get(i)) is not None}
        pending = {}
        if ids and any(state.get(name) for name in COUNTED):
            keys = [pending_key(feed, record_id) for record_id in ids]
            pending = {
                found["record"]: found
                for found in self.collection("pending").find(
                    {"_id": {"$in": keys}}, session=session
                )
            }
        return {i: standing_of(feed, records.get(i), tombs.get(i), pending.get(i)) for i in ids}

    def _write_standings(
        self,
        session: ClientSession,
        feed: str,
        epoch: int,
        standings: Mapping[str, Standing],
        before: Mapping[str, Standing],
        version: int,
    ) -> None:
        records: list[Any] = []
        tombs: list[Any] = []
        pending: list[Any] = []
        for record_id, new in standings.items():
            old = before[record_id]
            self._write_accepted(feed, epoch, record_id, old, new, version, records, tombs)
            if new.pending is not None:
                document = pending_document(feed, record_id, new.pending, self._clock())
                if new.accepted is None and new.gone is None and new.past:
                    document["past"] = list(new.past)
                pending.append(ReplaceOne({"_id": document["_id"]}, document, upsert=True))
            elif old.pending is not None:
                pending.append(DeleteOne({"_id": pending_key(feed, record_id)}))
        for name, operations in (("records", records), ("tombs", tombs), ("pending", pending)):
            if operations:
                try:
                    self.collection(name).bulk_write(operations, ordered=False, session=session)
                except BulkWriteError as error:
                    raise_unwritable(error)
                    raise
        self._settle_files(session, feed, standings, before)

    def _settle_files(
        self,
        session: ClientSession,
        feed: str,
        standings: Mapping[str, Standing],
        before: Mapping[str, Standing],
    ) -> None:
        """What these versions refer to has to be here, and what none does any more has to go."""
        references: dict[str, FileReference] = {}
        released: set[str] = set()
        for record_id, new in standings.items():
            if new.accepted is not None and new.put is not None:
                references |= {each.sha256: each for each in self._files_of(new.put)}
            elif new.gone is None:
                continue
            old = before[record_id]
            # Written by an earlier batch of the same transaction, a version is not read back.
            written = self._files_of(old.put) if old.put is not None else ()
            released.update(old.files, (each.sha256 for each in written))
        if references or released:
            self.library.settle(session, feed.partition("/")[0], references, released)

    def _files_of(self, put: Judged) -> Sequence[FileReference]:
        return self._files(put.payload.kind, put.payload.body) if put.payload is not None else ()

    def _write_accepted(
        self,
        feed: str,
        epoch: int,
        record_id: str,
        old: Standing,
        new: Standing,
        version: int,
        records: list[Any],
        tombs: list[Any],
    ) -> None:
        if new.put is not None and new.put.payload is not None and new.accepted is not None:
            document = self._record(feed, new.put.entry, new.put.payload, new, version)
            if old.accepted is None:
                records.append(InsertOne(document))
            else:
                records.append(ReplaceOne({"_id": record_id}, document))
            if old.gone is not None:
                tombs.append(DeleteOne({"_id": record_id}))
        elif new.gone is not None:
            if old.accepted is not None:
                records.append(DeleteOne({"_id": record_id, "feed": feed}))
            if new.gone == "hide":
                tombs.append(DeleteOne({"_id": record_id, "feed": feed}))
            elif (old.gone, old.past) != (new.gone, new.past) or old.accepted is not None:
                tomb = {
                    "_id": record_id,
                    "feed": feed,
                    "op": new.gone,
                    "epoch": epoch,
                    "n": new.ended,
                    "at": version,
                }
                if new.past:
                    tomb["past"] = list(new.past)
                tombs.append(ReplaceOne({"_id": record_id}, tomb, upsert=True))
        elif new.past != old.past and (new.accepted is not None):
            update = {"$set": {"past": list(new.past)}} if new.past else {"$unset": {"past": 1}}
            records.append(UpdateOne({"_id": record_id}, update))

    def _record(
        self, feed: str, entry: Entry, payload: Payload, standing: Standing, version: int
    ) -> Document:
        accepted = standing.accepted
        if accepted is None:
            raise ValueError(f"{entry.id} is written without an accepted version")
        document = {
            "_id": entry.id,
            "feed": feed,
            "home": feed.partition("/")[0],
            "kind": entry.kind,
            "scope": payload.scope,
            "epoch": accepted.epoch,
            "n": accepted.n,
            "sum": accepted.sum,
            "at": from_rfc3339(entry.at),
            "by": entry.by,
            "arrived": version,
            "body": payload.body,
            "ix": self._indexed(entry, payload),
        }
        if standing.past:
            document["past"] = list(standing.past)
        if files := self._files(payload.kind, payload.body):
            document["files"] = sorted({each.sha256 for each in files})
        return document

    def _indexed(self, entry: Entry, payload: Payload) -> Document:
        try:
            return self._index(entry.kind, payload.body)
        except Exception as error:  # whatever a room's code makes of it
            raise Unwritable(entry.id, f"it cannot be indexed: {error!r}") from error

    def _elide(self, session: ClientSession, feed: str, epoch: int, numbers: Iterable[int]) -> None:
        left = sorted(numbers)
        while left:
            found = self._batch_of(feed, epoch, left[0], session)
            if found is None:
                left.pop(0)
                continue
            batch = elide(decode(bytes(found["frame"])), [n for n in left if n <= found["last"]])
            left = [n for n in left if n > found["last"]]
            self.collection("batches").update_one(
                {"_id": found["_id"]}, {"$set": {"frame": Binary(encode(batch))}}, session=session
            )
