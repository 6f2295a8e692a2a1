"""A store in memory that behaves as `hinterland.feeds.FeedStore` does; one suite tests both.

What lies in it is made of values that never change, so a copy of the dicts is a backup, and a crash
can be anywhere between two calls: each call is one transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from hinterland.batch import DIGEST_OF_NOTHING, Batch, Entry, Payload, Position, elide, encode
from hinterland.feeds import Applied, HeadMoved
from hinterland.feeds.plan import (
    NOTHING,
    Standing,
    Why,
    changes_of,
    counting,
    is_beyond,
    plan_append,
    plan_fill,
    refill,
    replay,
)
from hinterland.identity import Cutoff
from hinterland.replica import Check, Held, Judged, judge

__all__ = ["MemoryStore", "Shown"]


@dataclass(frozen=True, slots=True)
class Shown:
    """An accepted record: what a query would find."""

    entry: Entry
    payload: Payload
    feed: str
    n: int


@dataclass(frozen=True, slots=True)
class Head:
    epoch: int = 1
    n: int = 0
    hash: str = ""
    digest: str = DIGEST_OF_NOTHING
    frozen: str | None = None
    recover_to: int = 0
    hidden: int = 0


@dataclass(slots=True)
class Tables:
    """All that is durable."""

    version: int = 0
    heads: dict[str, Head] = field(default_factory=dict)
    batches: dict[str, tuple[Batch, ...]] = field(default_factory=dict)  # in order
    standings: dict[str, dict[str, Standing]] = field(default_factory=dict)  # by feed and id
    records: dict[str, Shown] = field(default_factory=dict)
    hidden: dict[str, tuple[Batch, ...]] = field(default_factory=dict)

    def copy(self) -> Tables:
        return Tables(
            self.version,
            dict(self.heads),
            dict(self.batches),
            {feed: dict(standings) for feed, standings in self.standings.items()},
            dict(self.records),
            dict(self.hidden),
        )


class MemoryStore:
    """The feeds of one service of one node. `check` and `foreign_kinds` judge entries again."""

    def __init__(
        self, *, check: Check, foreign_kinds: frozenset[str], tables: Tables | None = None
    ) -> None:
        self.tables = tables or Tables()
        self._check = check
        self._foreign_kinds = foreign_kinds

    # Reading

    def held(self) -> list[Held]:
        return [self.held_one(feed) for feed in self.tables.heads if not feed.endswith("/private")]

    def held_one(self, feed: str) -> Held:
        head = self.tables.heads.get(feed)
        if head is None:
            return Held(feed)
        holes = {
            standing.pending.n: record_id
            for record_id, standing in self.tables.standings.get(feed, {}).items()
            if standing.pending is not None and standing.pending.why is Why.HOLE
        }
        return Held(
            feed=feed,
            epoch=head.epoch,
            n=head.n,
            hash=head.hash,
            digest=head.digest,
            holes=holes,
            hole_count=len(holes),
            frozen=head.frozen,
            recover_to=head.recover_to,
        )

    def batches(self, feed: str) -> tuple[Batch, ...]:
        return self.tables.batches.get(feed, ())

    def read_after(self, feed: str, after: Position, budget: int) -> tuple[list[bytes], bool]:
        frames: list[bytes] = []
        size = 0
        for batch in self.batches(feed):
            if (batch.header.epoch, batch.header.last) <= after:
                continue
            if size >= budget:
                return frames, True
            frames.append(encode(batch))
            size += len(frames[-1])
        return frames, False

    def read_holding(
        self, feed: str, epoch: int, numbers: Iterable[int], budget: int
    ) -> list[bytes]:
        frames: list[bytes] = []
        size = 0
        end = 0
        for n in sorted(numbers):
            if n <= end:
                continue
            batch = self._batch_of(feed, epoch, n)
            if batch is None or size >= budget:
                break
            end = batch.header.last
            frames.append(encode(batch))
            size += len(frames[-1])
        return frames

    def _batch_of(self, feed: str, epoch: int, n: int) -> Batch | None:
        return next(
            (
                batch
                for batch in self.batches(feed)
                if batch.header.epoch == epoch and batch.header.first <= n <= batch.header.last
            ),
            None,
        )

    def holds(self, batch: Batch) -> bool:
        header = batch.header
        found = self._batch_of(header.feed, header.epoch, header.first)
        return found is None or found.header.hash == header.hash

    def find(self, feed: str, header_hash: str) -> Batch | None:
        return next((b for b in self.batches(feed) if b.header.hash == header_hash), None)

    def standings(self, feed: str) -> dict[str, Standing]:
        return self.tables.standings.get(feed, {})

    def quarantined(self) -> list[tuple[str, str]]:
        """Feed and record id of every quarantined entry."""
        return [
            (feed, record_id)
            for feed, standings in self.tables.standings.items()
            for record_id, standing in standings.items()
            if standing.pending is not None and standing.pending.why is Why.QUARANTINE
        ]

    # Writing

    def append(self, batch: Batch, judged: Sequence[Judged]) -> Applied:
        header = batch.header
        tables = self.tables
        head = tables.heads.get(header.feed, Head())
        if head.n == 0:
            head = replace(head, epoch=header.epoch)
        if (head.epoch, head.n + 1, head.hash) != (header.epoch, header.first, header.prev):
            raise HeadMoved()
        before = self._standings_of(header.feed, [item.entry.id for item in judged])
        plan = plan_append(batch, judged, before, head.digest)
        self._elide(header.feed, plan.elided)
        tables.batches[header.feed] = (*self.batches(header.feed), plan.batch)
        self._write(header.feed, plan.standings)
        recovered = head.recover_to and header.last >= head.recover_to
        tables.heads[header.feed] = replace(
            head,
            n=header.last,
            hash=header.hash,
            digest=plan.digest,
            recover_to=0 if recovered else head.recover_to,
        )
        return self._applied(plan.batch, changes_of(judged), encode(plan.batch))

    def fill(self, batch: Batch, judged: Sequence[Judged]) -> Applied | None:
        header = batch.header
        stored = self._batch_of(header.feed, header.epoch, header.first)
        if stored is None or stored.header.hash != header.hash:
            return None
        before = self._standings_of(header.feed, [item.entry.id for item in judged])
        filling = plan_fill(header.epoch, judged, before)
        if not filling.settled:
            return None
        filled = refill(stored, batch, {item.n for item in filling.settled})
        self._replace(filled)
        self._elide(header.feed, filling.elided)
        self._write(header.feed, filling.standings)
        return self._applied(filled, changes_of(filling.settled))

    def retry(self) -> list[Applied]:
        """Judge every quarantined entry again."""
        done = []
        for feed, record_id in self.quarantined():
            pending = self.standings(feed)[record_id].pending
            batch = self._batch_of(feed, pending.epoch, pending.n) if pending else None
            if pending is None or batch is None:
                continue
            item = self._judge(batch, pending.n)
            if item.reason is None and (applied := self.fill(batch, [item])) is not None:
                done.append(applied)
        return done

    def freeze(self, feed: str, reason: str) -> None:
        head = self.tables.heads.get(feed, Head())
        self.tables.heads[feed] = replace(head, frozen=reason)

    def set_recovery(self, feed: str, recover_to: int) -> None:
        head = self.tables.heads.get(feed, Head())
        if recover_to or feed in self.tables.heads:
            self.tables.heads[feed] = replace(head, recover_to=recover_to)

    def truncate(self, feed: str, cutoff: Cutoff | None) -> Applied | None:
        tables = self.tables
        head = tables.heads.get(feed)
        if head is None:
            return None
        batches = self.batches(feed)
        count = counting(batches, cutoff, frozen=head.frozen is not None)
        tables.heads[feed] = head = replace(head, frozen=None)
        kept, taken = batches[:count], batches[count:]
        if not taken:
            return None
        beyond = tuple(batch for batch in taken if is_beyond(batch, cutoff))
        tables.hidden[feed] = tables.hidden.get(feed, ()) + beyond
        tables.batches[feed] = kept
        ids = {entry.id for batch in taken for entry in batch.header.entries}
        self._write(feed, replay(kept, sorted(ids), self._judge))
        end = kept[-1].header if kept else None
        tables.heads[feed] = replace(
            head,
            epoch=end.epoch if end else 1,
            n=end.last if end else 0,
            hash=end.hash if end else "",
            digest=end.digest if end else DIGEST_OF_NOTHING,
            hidden=head.hidden + sum(len(batch.header.entries) for batch in beyond),
        )
        changes = [{"id": record_id, "op": "hide"} for record_id in sorted(ids)]
        return self._applied(taken[-1], changes)

    def compact(self) -> int:
        done = 0
        for feed, standings in self.tables.standings.items():
            for record_id, standing in list(standings.items()):
                if standing.past:
                    self._elide(feed, standing.past)
                    standings[record_id] = replace(standing, past=())
                    done += 1
        return done

    # Inside a transaction

    def _judge(self, batch: Batch, n: int) -> Judged:
        line = batch.payloads[n - batch.header.first]
        return judge(batch.header, n, line, foreign_kinds=self._foreign_kinds, check=self._check)

    def _standings_of(self, feed: str, ids: Iterable[str]) -> dict[str, Standing]:
        standings = self.standings(feed)
        return {record_id: standings.get(record_id, NOTHING) for record_id in ids}

    def _write(self, feed: str, standings: dict[str, Standing]) -> None:
        kept = self.tables.standings.setdefault(feed, {})
        records = self.tables.records
        for record_id, standing in standings.items():
            put = standing.put
            if put is not None and put.payload is not None and standing.accepted is not None:
                records[record_id] = Shown(put.entry, put.payload, feed, put.n)
            elif standing.accepted is None and self._shows(feed, record_id):
                del records[record_id]
            # `put` was an instruction; what is stored says how the record stands.
            kept[record_id] = replace(standing, put=None)
            if kept[record_id] == NOTHING or standing == Standing(gone="hide"):
                del kept[record_id]

    def _shows(self, feed: str, record_id: str) -> bool:
        shown = self.tables.records.get(record_id)
        return shown is not None and shown.feed == feed

    def _elide(self, feed: str, numbers: Iterable[int]) -> None:
        blank = set(numbers)
        if blank:
            self._map(feed, lambda batch: elide(batch, blank & _numbers(batch)))

    def _replace(self, new: Batch) -> None:
        feed, first = new.header.feed, new.header.first
        self._map(feed, lambda batch: new if batch.header.first == first else batch)

    def _map(self, feed: str, change: Callable[[Batch], Batch]) -> None:
        self.tables.batches[feed] = tuple(change(batch) for batch in self.batches(feed))

    def _applied(self, batch: Batch, changes: list[dict[str, Any]], frame: bytes = b"") -> Applied:
        self.tables.version += 1
        held = self.held_one(batch.header.feed)
        return Applied(self.tables.version, batch, held, changes, frame)


def _numbers(batch: Batch) -> set[int]:
    return set(range(batch.header.first, batch.header.last + 1))
