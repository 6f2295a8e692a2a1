"""A service's own writes: decide, append and apply in one step, many commands to a batch."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from functools import partial
from random import Random
from time import sleep
from typing import Any, Final

from pymongo.client_session import ClientSession
from pymongo.collection import Collection
from pymongo.errors import PyMongoError

from hinterland.batch import Batch, Draft, Entry, Payload, Position, pack, seal
from hinterland.clock import Clock, rfc3339, system_clock
from hinterland.errors import Busy, HinterlandError, Unavailable
from hinterland.feeds import Applied, FeedStore, HeadMoved, Own
from hinterland.feeds.documents import Document, held_of
from hinterland.feeds.plan import NOTHING, Standing, apply_entries
from hinterland.identity import NodeKey
from hinterland.records.changes import PRIVATE, Changes
from hinterland.records.positions import Positions
from hinterland.records.room import Body, Record, Room
from hinterland.replica import Held, Judged

__all__ = ["Command", "Forked", "Published", "Records", "Recovering"]

log = logging.getLogger(__name__)

# A transaction stays in the database's cache until it commits, with every index key that it adds.
COMMANDS_GROUPED_MAX: Final = 200
COMMANDS_WAITING_MAX: Final = 10_000
COMMAND_ID_MAX: Final = 200
COMMIT_ATTEMPTS_MAX: Final = 30
COMMIT_PAUSE_S_MAX: Final = 0.05
COMMIT_WAIT_S: Final = 60.0

PUBLIC: Final = "public"
SCOPES: Final = (PRIVATE, PUBLIC)  # one for each feed: the shared scopes have one together

Handler = Callable[[Changes], dict[str, Any]]


class Recovering(Unavailable):
    """This node was restored from a backup and takes back what it lost. Try again in a minute; if
    it stays so, `hinterland status` says what it waits for."""

    code = "RECOVERING"


class Forked(Unavailable):
    """Others hold what this service wrote before its database was restored, and it has written
    something else in the same place. Restore a newer backup, or ask the coordinator for help."""

    code = "FORKED"


@dataclass(frozen=True, slots=True)
class Command:
    """One thing that somebody wants done. `id` is made by the caller: a repeat is recognised."""

    id: str
    by: str | None
    handler: Handler


@dataclass(frozen=True, slots=True)
class Published:
    """A commit, to be told to others: `frame` is the batch for other nodes, None if private."""

    applied: Applied
    frame: bytes | None


@dataclass(slots=True)
class _Waiting:
    command: Command
    done: Future[dict[str, Any]] = field(default_factory=Future)


@dataclass(frozen=True, slots=True)
class _Known:
    """Where our feeds end: read from the database, or left there by our own last commit."""

    serial: int
    federation: str
    heads: dict[str, Document]


@dataclass(frozen=True, slots=True)
class _Sealed:
    """A batch to be appended, with its verdicts, which are all good, and what it finds."""

    batch: Batch
    judged: list[Judged]
    before: dict[str, Standing]


@dataclass(frozen=True, slots=True)
class _Decided:
    waiting: _Waiting
    changes: Changes
    result: dict[str, Any]


class Records:
    """What a service sees of its records; the only way in which it writes any."""

    def __init__(
        self,
        *,
        room: Room,
        node: str,
        key: NodeKey,
        store: FeedStore,
        positions: Positions,
        publish: Callable[[Published], None],
        clock: Clock = system_clock,
    ) -> None:
        """`publish` is called after each commit; it must not raise, and may lose what it is given:
        what it says is a hint, the feed is the truth.
        """
        self.room = room
        self.node = node
        self.service = room.service
        self.store = store
        self._key = key
        self._positions = positions
        self._publish = publish
        self._clock = clock
        self._lock = threading.Lock()
        self._waiting: list[_Waiting] = []
        self._committing = False
        self._known: _Known | None = None
        self._random = Random()

    def open(self) -> None:
        """Prepare the database, and see whether it is behind what was once appended here."""
        self.store.ensure_indexes()
        written = self._positions.load()
        self._notice_restore(self.store.held_one(self._feed(PUBLIC)), written)

    def resume(self) -> bool:
        """Write on, without waiting any longer for what a restored database lost; False if nothing
        is waited for. If somebody does hold more of our feed, it is forked by this.
        """
        written = self.store.held_one(self._feed(PUBLIC))
        if not written.recover_to:
            return False
        self._positions.save({written.feed: written.position})
        self.store.set_recovery(written.feed, 0)
        return True

    # Reading

    @property
    def collection(self) -> Collection[Document]:
        """The accepted records, for the room's queries; nobody writes to it but the feeds."""
        return self.store.collection("records")

    def secret(self, *purpose: str) -> str:
        """A secret of this node and service for one purpose, which is nowhere kept:
        `hinterland.identity.NodeKey.secret`."""
        return self._key.secret(self.room.service, *purpose)

    def head(self) -> int:
        """The service's version: grows with every commit, own or followed."""
        return self.store.version()

    def get(self, ids: Iterable[str]) -> dict[str, Record]:
        found = self.collection.find({"_id": {"$in": list(ids)}})
        return {document["_id"]: Record.from_document(document) for document in found}

    # Writing

    def execute(self, command_id: str, by: str | None, handler: Handler) -> dict[str, Any]:
        """Run one command; returns its result, with `head`, and `version` if it put a record.

        A command that was done before returns its first result, whatever has happened since. The
        handler may run several times; raising HinterlandError refuses the command.
        """
        [result] = self.execute_many([Command(command_id, by, handler)])
        if isinstance(result, HinterlandError):
            raise result
        return result

    def execute_many(self, commands: Sequence[Command]) -> list[dict[str, Any] | HinterlandError]:
        """Run commands that come together; each is refused or done for itself, in order."""
        for command in commands:
            if not 0 < len(command.id) <= COMMAND_ID_MAX:
                raise Unavailable(f"A command id has 1 to {COMMAND_ID_MAX} characters.")
        waiting = [_Waiting(command) for command in commands]
        with self._lock:
            if len(self._waiting) + len(waiting) > COMMANDS_WAITING_MAX:
                raise Busy()
            self._waiting.extend(waiting)
            start = not self._committing
            self._committing = True
        if start:
            threading.Thread(target=self._commit_all, name="commit", daemon=True).start()
        results: list[dict[str, Any] | HinterlandError] = []
        for each in waiting:
            try:
                results.append(each.done.result(timeout=COMMIT_WAIT_S))
            except HinterlandError as error:
                results.append(error)
            except TimeoutError:
                results.append(Busy())
        return results

    def _commit_all(self) -> None:
        while True:
            with self._lock:
                group = self._waiting[:COMMANDS_GROUPED_MAX]
                del self._waiting[: len(group)]
                if not group:
                    self._committing = False
                    return
            try:
                self._commit(group)
            except HinterlandError as error:
                self._refuse(group, error)
            except PyMongoError as error:
                log.exception("the database refused a commit of %s", self.service)
                refusal = Unavailable("The database does not answer; nothing is known to be lost.")
                refusal.__cause__ = error
                self._refuse(group, refusal)
            except Exception as error:  # noqa: BLE001  # the callers get it, each of them
                self._refuse(group, error)

    @staticmethod
    def _refuse(group: Iterable[_Waiting], error: Exception) -> None:
        for waiting in group:
            if not waiting.done.done():
                waiting.done.set_exception(error)

    def _commit(self, group: list[_Waiting]) -> None:
        attempts = 0
        while group:
            remembered, self._known = self._known, None
            try:
                group = self._commit_some(group, remembered)
                attempts = 0
            except HeadMoved:
                # What we remembered may be old, or the command a repeat: the database knows.
                if remembered is None:
                    attempts += 1
                    sleep(self._random.uniform(0, COMMIT_PAUSE_S_MAX))
                if attempts == COMMIT_ATTEMPTS_MAX:
                    raise Busy() from None

    def _commit_some(self, group: list[_Waiting], remembered: _Known | None) -> list[_Waiting]:
        """Decide and append what can share a batch; returns what has to wait for the next one.

        Nothing is read that our last commit has left behind: if it is no longer so, or a command
        was done before, the transaction fails, and so does any refusal.
        """
        known = remembered or self._read()
        shared = known.heads[self._feed(PUBLIC)]
        if shared.get("recover_to"):
            raise Recovering()
        if shared.get("frozen"):
            raise Forked()
        if remembered is None:
            group = self._answer_repeats(group)
        read: dict[str, Document | None] = {}
        decided, deferred, refused = self._decide(group, read)
        if refused and remembered is not None:
            raise HeadMoved()
        for waiting, error in refused:
            waiting.done.set_exception(error)
        if not decided:
            self._known = known
            return deferred
        sealed = [each for scope in SCOPES for each in self._seal(decided, scope, known, read)]
        files = {sha256 for each in decided for sha256 in each.changes.files}

        def work(session: ClientSession) -> list[Applied]:
            version = self.store.next_version(session, known.serial)
            if self.store.library.lacking(files, session):
                raise HeadMoved()  # removed since the command saw it: it will be refused
            heads = dict(known.heads)
            applied = []
            for each in sealed:
                own = Own(version, heads[each.batch.header.feed], each.before)
                applied.append(self.store.append_in(session, each.batch, each.judged, own))
                heads[each.batch.header.feed] = applied[-1].head
            self._keep_results(session, decided, applied, version)
            return applied

        applied = self.store.transact(work)
        heads = known.heads | {each.batch.header.feed: each.head for each in applied}
        self._known = _Known(known.serial + 1, known.federation, heads)
        self._tell(applied)
        for done in decided:
            done.waiting.done.set_result(done.result)
        return deferred

    def _read(self) -> _Known:
        written = self._positions.load()  # before the heads, which other instances move
        serial, federation = self.store.own_commits()
        heads = self.store.heads([self._feed(scope) for scope in SCOPES])
        if self._notice_restore(held_of(heads[self._feed(PUBLIC)], {}), written):
            raise Recovering()
        return _Known(serial, federation, heads)

    def _notice_restore(self, held: Held, written: Mapping[str, Position]) -> bool:
        """Whether the database is behind what was once appended here; then nothing is written
        until that is back."""
        last = written.get(held.feed)
        if last is None or last <= held.position:
            return False
        log.warning("%s ends at %s here, but %s was written", held.feed, held.position, last)
        self.store.set_recovery(held.feed, last.n)
        return True

    def _answer_repeats(self, group: list[_Waiting]) -> list[_Waiting]:
        ids = [waiting.command.id for waiting in group]
        known = {
            found["_id"]: found["result"]
            for found in self.store.collection("commands").find({"_id": {"$in": ids}})
        }
        for waiting in group:
            if waiting.command.id in known:
                waiting.done.set_result(known[waiting.command.id])
        return [waiting for waiting in group if waiting.command.id not in known]

    def _decide(
        self, group: list[_Waiting], read: dict[str, Document | None]
    ) -> tuple[list[_Decided], list[_Waiting], list[tuple[_Waiting, Exception]]]:
        """What is to be written, what has to wait, and what is refused; `read` is filled with what
        the commands have read."""
        decided: list[_Decided] = []
        deferred: list[_Waiting] = []
        refused: list[tuple[_Waiting, Exception]] = []
        touched: set[str] = set()
        for waiting in group:
            command = waiting.command
            changes = Changes(
                room=self.room,
                node=self.node,
                now=self._clock(),
                by=command.by,
                load=partial(self._load, read),
                lacking=self.store.library.lacking,
            )
            changes.touched.add(f"command {command.id}")
            try:
                result = command.handler(changes)
            except HinterlandError as error:
                # What it refused may be what an earlier command of this group is about to change.
                if changes.touched.isdisjoint(touched):
                    refused.append((waiting, error))
                else:
                    deferred.append(waiting)
                continue
            except Exception as error:  # noqa: BLE001  # one bad handler must not fail its group
                refused.append((waiting, error))
                continue
            if changes.touched.isdisjoint(touched):
                touched |= changes.touched
                decided.append(_Decided(waiting, changes, dict(result)))
            else:
                deferred.append(waiting)
        return decided, deferred, refused

    def _load(self, read: dict[str, Document | None], record_id: str) -> Record | None:
        if record_id not in read:
            read[record_id] = self.collection.find_one({"_id": record_id})
        document = read[record_id]
        return Record.from_document(document) if document else None

    def _seal(
        self,
        decided: list[_Decided],
        scope: str,
        known: _Known,
        read: Mapping[str, Document | None],
    ) -> list[_Sealed]:
        """Batches of what was decided for one feed."""
        written = [
            (draft, draft_scope, body)
            for each in decided
            for draft_scope, draft, body in each.changes.drafts
            if (draft_scope == PRIVATE) == (scope == PRIVATE)
        ]
        if not written:
            return []
        feed = self._feed(scope)
        at = rfc3339(self._clock())
        fresh = {record_id for each in decided for record_id in each.changes.fresh}
        ids = {draft.id for draft, _, _ in written}
        standings = dict.fromkeys(ids & fresh, NOTHING)
        state = known.heads[feed]
        standings |= self.store.standings(None, feed, list(ids - fresh), state, read)
        bodies = {id(draft): (draft_scope, body) for draft, draft_scope, body in written}
        sealed = []
        end = held_of(state, {})
        for drafts in pack([draft for draft, _, _ in written]):
            judged = [
                self._judged(n, draft, at, *bodies[id(draft)])
                for n, draft in enumerate(drafts, end.n + 1)
            ]
            after, digest, _ = apply_entries(end.epoch, judged, standings, end.digest)
            batch = seal(
                drafts,
                federation=known.federation,
                key=self._key.public,
                feed=feed,
                epoch=end.epoch,
                first=end.n + 1,
                prev=end.hash,
                digest=digest,
                at=at,
                sign=self._key.sign,
            )
            header = batch.header
            end = replace(end, n=header.last, hash=header.hash, digest=digest)
            before = {draft.id: standings[draft.id] for draft in drafts}
            sealed.append(_Sealed(batch, judged, before))
            standings |= after
        return sealed

    @staticmethod
    def _judged(n: int, draft: Draft, at: str, scope: str, body: Body | None) -> Judged:
        entry = Entry(draft.id, draft.kind, draft.op, at, draft.by, draft.sum)
        payload = Payload(draft.id, draft.kind, scope, body) if body is not None else None
        return Judged(n, entry, payload)

    def _keep_results(
        self,
        session: ClientSession,
        decided: list[_Decided],
        applied: list[Applied],
        head: int,
    ) -> None:
        versions = {
            change["id"]: f"{each.batch.header.epoch}.{change['n']}"
            for each in applied
            for change in each.changes
        }
        for each in decided:
            each.result["head"] = head
            last_put = next(
                (d.id for _, d, _ in reversed(each.changes.drafts) if d.op == "put"), None
            )
            if last_put is not None:
                each.result["version"] = versions[last_put]
        now = self._clock()
        self.store.collection("commands").insert_many(
            [
                {"_id": each.waiting.command.id, "at": now, "result": each.result}
                for each in decided
            ],
            session=session,
        )

    def _tell(self, applied: list[Applied]) -> None:
        if not applied:
            return
        ends = {each.held.feed: Position(each.held.epoch, each.held.n) for each in applied}
        self._positions.save(ends)
        for each in applied:
            private = each.held.feed == self._feed(PRIVATE)
            self._publish(Published(each, None if private else each.frame))

    def _feed(self, scope: str) -> str:
        shared = f"{self.node}/{self.service}"
        return f"{shared}/private" if scope == PRIVATE else shared
