"""A service's own writes: decide, append and apply in one step, many commands to a batch."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from random import Random
from time import sleep
from typing import Any, Final

from pymongo.client_session import ClientSession
from pymongo.collection import Collection
from pymongo.errors import PyMongoError

from hinterland.batch import Batch, Draft, Entry, Payload, Position, pack, seal
from hinterland.clock import Clock, rfc3339, system_clock
from hinterland.errors import Busy, HinterlandError, Unavailable
from hinterland.feeds import Applied, FeedStore, HeadMoved
from hinterland.feeds.documents import Document, held_of
from hinterland.feeds.plan import NOTHING, Standing, apply_entries
from hinterland.identity import NodeKey
from hinterland.records.changes import PRIVATE, Changes
from hinterland.records.positions import Positions
from hinterland.records.room import Body, Record, Room
from hinterland.replica import Judged

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
    """This node was restored from a backup and takes back what it lost. Try again in a minute."""

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
        self._random = Random()

    def open(self) -> None:
        """Prepare the database, and see whether it is behind what was once appended here."""
        self.store.ensure_indexes()
        feed = self._feed(PUBLIC)
        last = self._positions.load().get(feed)
        held = self.store.held_one(feed)
        if last is not None and last > held.position:
            log.warning("%s ends at %s here, but %s was written", feed, held.position, last)
            self.store.set_recovery(feed, last.n)

    # Reading

    @property
    def collection(self) -> Collection[Document]:
        """The accepted records, for the room's queries; nobody writes to it but the feeds."""
        return self.store.collection("records")

    def head(self) -> int:
        """The service's version: grows with every commit, own or followed."""
        return self.store.version()

    def get(self, ids: Iterable[str]) -> dict[str, Record]:
        found = self.collection.find({"_id": {"$in": list(ids)}})
        return {document["_id"]: Record.from_document(document) for document in found}

    def _load(self, record_id: str) -> Record | None:
        document = self.collection.find_one({"_id": record_id})
        return Record.from_document(document) if document else None

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
            try:
                group = self._commit_some(group)
                attempts = 0
            except HeadMoved:
                attempts += 1
                if attempts == COMMIT_ATTEMPTS_MAX:
                    raise Busy() from None
                sleep(self._random.uniform(0, COMMIT_PAUSE_S_MAX))

    def _commit_some(self, group: list[_Waiting]) -> list[_Waiting]:
        """Decide and append what can share a batch; returns what has to wait for the next one."""
        serial, federation = self.store.own_commits()
        heads = self.store.heads([self._feed(scope) for scope in SCOPES])
        if heads[self._feed(PUBLIC)].get("recover_to"):
            raise Recovering()
        if heads[self._feed(PUBLIC)].get("frozen"):
            raise Forked()
        group = self._answer_repeats(group)
        decided, deferred = self._decide(group)
        if not decided:
            return deferred
        sealed = [
            batch
            for scope in SCOPES
            for batch in self._seal(decided, scope, heads[self._feed(scope)], federation)
        ]

        files = {sha256 for each in decided for sha256 in each.changes.files}

        def work(session: ClientSession) -> list[Applied]:
            version = self.store.next_version(session, serial)
            if self.store.library.lacking(files, session):
                raise HeadMoved()  # removed since the command saw it: it will be refused
            applied = [
                self.store.append_in(session, batch, judged, version=version, before=before)
                for batch, judged, before in sealed
            ]
            self._keep_results(session, decided, applied, version)
            return applied

        self._tell(self.store.transact(work))
        for each in decided:
            each.waiting.done.set_result(each.result)
        return deferred

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

    def _decide(self, group: list[_Waiting]) -> tuple[list[_Decided], list[_Waiting]]:
        decided: list[_Decided] = []
        deferred: list[_Waiting] = []
        touched: set[str] = set()
        for waiting in group:
            command = waiting.command
            changes = Changes(
                room=self.room,
                node=self.node,
                now=self._clock(),
                by=command.by,
                load=self._load,
                lacking=self.store.library.lacking,
            )
            changes.touched.add(f"command {command.id}")
            try:
                result = command.handler(changes)
            except HinterlandError as error:
                # What it refused may be what an earlier command of this group is about to change.
                if changes.touched.isdisjoint(touched):
                    waiting.done.set_exception(error)
                else:
                    deferred.append(waiting)
                continue
            except Exception as error:  # noqa: BLE001  # one bad handler must not fail its group
                waiting.done.set_exception(error)
                continue
            if changes.touched.isdisjoint(touched):
                touched |= changes.touched
                decided.append(_Decided(waiting, changes, dict(result)))
            else:
                deferred.append(waiting)
        return decided, deferred

    def _seal(
        self, decided: list[_Decided], scope: str, state: Document, federation: str
    ) -> list[tuple[Batch, list[Judged], dict[str, Standing]]]:
        """Batches of what was decided for one feed, each with its verdicts, which are all good,
        and with the standings that it finds."""
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
        standings |= self.store.standings(None, feed, list(ids - fresh), state)
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
                federation=federation,
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
            sealed.append((batch, judged, {draft.id: standings[draft.id] for draft in drafts}))
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
