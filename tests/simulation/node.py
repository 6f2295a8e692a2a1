"""A node: a store, a position file, a clock that may be wrong, and a process that may die.

What runs in it is what runs in a service: `Following`, with its `Replica`, on a store.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Any, Final

from hinterland.batch import Batch, Draft, Payload, Position, encode, pack, payload_line, seal
from hinterland.clock import from_us, rfc3339
from hinterland.feeds import Applied, HeadMoved
from hinterland.feeds.plan import apply_entries
from hinterland.following import Following
from hinterland.identity import Cutoff, Membership
from hinterland.replica import Held, Judged, judge
from tests.simulation.faults import Fault
from tests.simulation.network import Message
from tests.simulation.signing import Key, verify_any
from tests.simulation.store import MemoryStore, Tables

if TYPE_CHECKING:
    from tests.simulation.world import World

__all__ = ["SERVICE", "Node", "Write"]

SERVICE: Final = "notes"
KIND: Final = "note"
FOREIGN_KINDS: Final = frozenset({"ngo", "member"})
START_S: Final = 1_700_000_000.0
TICK_S: Final = 1.0
SALT_BYTES: Final = 16
RETRY_S: Final = 1.0
INBOX_MAX: Final = 10_000


class Died(BaseException):
    """The process is gone, wherever it was."""


class StoreFailed(Exception):
    """The database does not answer, or not in time."""


@dataclass(slots=True)
class Fuse:
    """After so many steps, `fault` happens."""

    steps: int
    fault: Fault


@dataclass(frozen=True, slots=True)
class Write:
    """What somebody wants written: entries (op, number of the home's record) of one audience.

    `since` is the version of the software that can read the payloads.
    """

    entries: tuple[tuple[str, int], ...]
    scope: str = "public"
    since: int = 1


class Node:
    """An honest node. Everything that survives its death is in the first group of attributes."""

    def __init__(self, world: World, name: str, key: Key, random: Random) -> None:
        self.tables = Tables()
        self.positions: dict[str, Position] = {}
        self.membership: Membership | None = None
        self.software = 1

        self.world = world
        self.name = name
        self.key = key
        self.feed = f"{name}/{SERVICE}"
        self.skew_s = 0.0
        self.following: Following | None = None
        self.store: Store
        self._random = random
        self._inbox: deque[Message] = deque()
        self._fuse: Fuse | None = None
        self._down_s = 0.0
        self._keeps_inbox = True
        self._pausing = False
        self._written = 0

    # Life

    def start(self) -> None:
        if self.following is not None:
            return
        self.store = Store(self)
        held = self.store.held_one(self.feed)
        last = self.positions.get(self.feed)
        if last is not None and last > held.position:
            self.world.note(self.name, f"was at {last}, restored at {held.position}")
            self.store.set_recovery(self.feed, last.n)
        self.following = Following(
            node=self.name,
            service=SERVICE,
            key=self.key,
            verify=verify_any,
            store=self.store,
            check=self.check,
            foreign_kinds=FOREIGN_KINDS,
            publish=self._publish,
            changed=lambda applied: self.step(),
            random=self._random,
            membership=self.membership,
            remember=self._remember,
        )
        self._work()

    def light_fuse(self, fault: Fault, steps: int, down_s: float, *, keeps_inbox: bool) -> None:
        """Let `fault` happen after so many steps; a dead process comes back after `down_s`."""
        if self.following is not None:
            self._fuse = Fuse(steps, fault)
            self._down_s = down_s
            self._keeps_inbox = keeps_inbox

    def put_out_fuse(self) -> None:
        self._fuse = None

    def die(self) -> None:
        self.following = None
        self._fuse = None
        self.world.note(self.name, f"is down for {self._down_s:.1f} s")
        self.world.after(self._down_s, self.start)

    def restore(self, backup: Tables, *, with_positions: bool) -> None:
        """Stop, put an older database in place, and start again."""
        self._down_s = 1.0
        self.die()
        self.tables = backup.copy()
        if not with_positions:
            self.positions = {}

    def step(self, *, store: bool = False, after: bool = False) -> None:
        """Between any two effects something may happen."""
        fuse = self._fuse
        if fuse is None:
            return
        fuse.steps -= 1
        if fuse.steps > 0:
            return
        if fuse.fault in (Fault.CRASH, Fault.CRASH_WRITING):
            if fuse.fault is Fault.CRASH_WRITING and not after:
                return
            self._fuse = None
            self.world.fired(fuse.fault)
            raise Died
        if store and after == (fuse.fault is Fault.STORE_UNSURE):
            self._fuse = None
            self.world.fired(fuse.fault)
            raise StoreFailed

    def _run(self, work: Callable[[Following], object]) -> bool:
        """Whether it was done; a failing store is not, nor is a process that died of it."""
        if self.following is None:
            return False
        try:
            work(self.following)
        except Died:
            self.die()
            return False
        except StoreFailed:
            self.world.note(self.name, "the store failed")
            return False
        return True

    # Time

    def clock(self) -> float:
        return START_S + self.world.now + self.skew_s

    def tick(self) -> None:
        self._run(lambda following: following.tick(self.clock()))

    # Messages

    def take(self, message: Message) -> None:
        """What the broker does with a message that came: a queue for this service, if bound."""
        key = message.routing_key
        if not (
            key.startswith(("heads.", f"feed.{SERVICE}."))
            or key in (f"want.{SERVICE}.{self.name}", f"give.{SERVICE}.{self.name}")
        ):
            return
        if len(self._inbox) < INBOX_MAX and (self._keeps_inbox or self.following is not None):
            self._inbox.append(message)
        self._work()

    def _work(self) -> None:
        """Take what has come, in order; what was not done is taken again, before what follows."""
        while self._inbox and self.following is not None and not self._pausing:
            message = self._inbox.popleft()
            self.world.count_delivery()
            done = self._run(
                lambda following, message=message: following.receive(  # type: ignore[misc]
                    message.routing_key, message.body, self.clock()
                )
            )
            if not done and self._keeps_inbox:
                self._inbox.appendleft(message)  # it was not acknowledged
                self._pausing = self.following is not None
                self.world.after(RETRY_S, self._work_again)

    def _work_again(self) -> None:
        self._pausing = False
        self._work()

    def _remember(self, position: Position, feed: str | None = None) -> None:
        """The position file."""
        self.step()
        self.positions[feed or self.feed] = position
        self.step()

    def _publish(self, routing_key: str, body: bytes) -> None:
        self.step()
        self.world.publish(self, routing_key, body)
        self.step()

    # Membership

    def believe(self, membership: Membership) -> None:
        """The federation service of this node says who is a member; kept before it is acted on."""
        self.membership = membership
        self._run(lambda following: following.set_membership(membership, self.clock()))

    # Records

    def check(self, payload: Payload) -> str | None:
        if payload.body.get("since", 1) > self.software:
            self.world.fired(Fault.BAD_ENTRY)
            return "made by a newer version"
        return None

    def upgrade(self) -> None:
        self.software = 2
        if self.following is not None:
            for applied in self.store.memory.retry():
                self.following.replica.held[applied.held.feed] = applied.held

    def compact(self) -> None:
        if self.following is not None and self.store.memory.compact():
            self.world.fired(Fault.COMPACTION)

    def write(self, write: Write) -> None:
        """Decide, seal, append, remember the position, tell others: as `Records` does it."""
        self._run(lambda following: self._write(following, write))

    def _write(self, following: Following, write: Write) -> None:
        private = write.scope == "private"
        feed = f"{self.feed}/private" if private else self.feed
        if private:
            self.world.private_writes += 1
        own = self.store.held_one(self.feed)
        if own.recover_to or own.frozen:
            self.world.note(self.name, "refuses to write: its feed is not whole")
            return
        drafts = list(self._drafts(write, private))
        if not drafts:
            return
        end = self.store.held_one(feed)
        for group in pack(drafts):
            batch, judged = self.seal(group, end)
            try:
                applied = self.store.append(batch, judged)
            except HeadMoved:
                return
            end = applied.held
            self._remember(end.position, feed)
            if private:
                continue
            self._publish(f"feed.{SERVICE}.{self.name}", encode(applied.batch))
            self.world.acknowledge(batch)
            following.appended(self.clock())

    def _drafts(self, write: Write, private: bool) -> Iterable[Draft]:
        live = {record_id for record_id in self.tables.records if record_id.startswith(self.name)}
        for op, number in write.entries:
            record_id = f"{self.name}.{KIND}.{number:04d}{'P' if private else ''}"
            if op != "put" and record_id not in live:
                continue
            self._written += 1
            line = b""
            live.discard(record_id)
            if op == "put":
                live.add(record_id)
                body: dict[str, Any] = {"text": f"{self.name} {self._written}"}
                if 1 < write.since <= self.software:
                    body["since"] = write.since
                salt = self._random.randbytes(SALT_BYTES)
                line = payload_line(record_id, KIND, write.scope, body, salt)
            yield Draft(record_id, KIND, op, None, line)

    def seal(self, drafts: Sequence[Draft], end: Held) -> tuple[Batch, list[Judged]]:
        """A signed batch of drafts that follow `end`, and this home's own verdict on it."""
        at = rfc3339(from_us(round(self.clock() * 1_000_000)))
        sealed = self._sealed(drafts, end, at, end.digest)
        judged = [
            judge(sealed.header, n, line, foreign_kinds=FOREIGN_KINDS, check=lambda payload: None)
            for n, line in enumerate(sealed.payloads, sealed.header.first)
        ]
        standings = self.store.memory.standings(sealed.header.feed)
        _, digest, _ = apply_entries(end.epoch, judged, standings, end.digest)
        return self._sealed(drafts, end, at, digest), judged

    def _sealed(self, drafts: Sequence[Draft], end: Held, at: str, digest: str) -> Batch:
        return seal(
            drafts,
            federation=self.membership.federation if self.membership else "",
            key=self.key.public,
            feed=end.feed,
            epoch=end.epoch,
            first=end.n + 1,
            prev=end.hash,
            digest=digest,
            at=at,
            sign=self.key.sign,
        )


class Store:
    """The node's store, which may fail before or after each commit, as its node's fuse says."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self.memory = MemoryStore(check=node.check, foreign_kinds=FOREIGN_KINDS, tables=node.tables)

    def held(self) -> list[Held]:
        self._node.step(store=True)
        return self.memory.held()

    def held_one(self, feed: str) -> Held:
        self._node.step(store=True)
        return self.memory.held_one(feed)

    def holds(self, batch: Batch) -> bool:
        self._node.step(store=True)
        return self.memory.holds(batch)

    def read_after(self, feed: str, after: Position, budget: int) -> tuple[list[bytes], bool]:
        self._node.step(store=True)
        return self.memory.read_after(feed, after, budget)

    def read_holding(
        self, feed: str, epoch: int, numbers: Iterable[int], budget: int
    ) -> list[bytes]:
        self._node.step(store=True)
        return self.memory.read_holding(feed, epoch, numbers, budget)

    def append(self, batch: Batch, judged: Sequence[Judged]) -> Applied:
        node = self._node
        node.step(store=True)
        applied = self.memory.append(batch, judged)
        node.world.appended(node, batch)
        node.step(store=True, after=True)
        return applied

    def fill(self, batch: Batch, judged: Sequence[Judged]) -> Applied | None:
        node = self._node
        node.step(store=True)
        applied = self.memory.fill(batch, judged)
        node.step(store=True, after=True)
        return applied

    def freeze(self, feed: str, reason: str) -> None:
        node = self._node
        node.step(store=True)
        self.memory.freeze(feed, reason)
        node.world.fired(Fault.FROZEN)
        node.world.note(node.name, f"freezes {feed}: {reason}")
        node.step(store=True, after=True)

    def set_recovery(self, feed: str, recover_to: int) -> None:
        node = self._node
        node.step(store=True)
        self.memory.set_recovery(feed, recover_to)
        if not recover_to:
            node.world.fired(Fault.TAIL_LOST)
        node.step(store=True, after=True)

    def truncate(self, feed: str, cutoff: Cutoff | None) -> Applied | None:
        node = self._node
        node.step(store=True)
        applied = self.memory.truncate(feed, cutoff)
        if applied is not None:
            node.world.fired(Fault.HIDDEN)
        node.step(store=True, after=True)
        return applied
