"""What applying a batch does to the records of its feed. Pure: the same for every kind of store.

A record is *accepted* when its newest payload was judged good. A newer entry that could not be
applied, because its payload is a hole or was quarantined, is *pending*: it counts in the digest in
place of the accepted version, which stays visible until the entry is settled.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Final

from hinterland.batch import Batch, Position, digest_add, digest_remove, elide
from hinterland.identity import Cutoff
from hinterland.replica import Judged

__all__ = [
    "NOTHING",
    "Filling",
    "Pending",
    "Plan",
    "Standing",
    "Version",
    "Why",
    "apply_entries",
    "changes_of",
    "count_pending",
    "counting",
    "is_beyond",
    "pending_added",
    "plan_append",
    "plan_fill",
    "refill",
    "replay",
    "settle",
]


class Why(StrEnum):
    HOLE = "hole"
    QUARANTINE = "quarantine"


@dataclass(frozen=True, slots=True)
class Version:
    """Where an accepted version of a record stands in its feed."""

    epoch: int
    n: int
    sum: str


@dataclass(frozen=True, slots=True)
class Pending:
    """An entry that counts and could not be applied; `sum` is empty for a delete or an erase."""

    epoch: int
    n: int
    sum: str
    why: Why
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """How one record stands in one feed.

    `put` is the judged entry to write when it is new; `gone` is "delete" or "erase" for a record
    that the feed has ended. `past` are numbers of superseded payloads that are still held. `files`
    are the hashes of those that the accepted version refers to, where it is stored.
    """

    accepted: Version | None = None
    pending: Pending | None = None
    past: tuple[int, ...] = ()
    gone: str | None = None
    ended: int | None = None  # the number of the entry that ended it
    put: Judged | None = None
    files: tuple[str, ...] = ()

    @property
    def counted(self) -> Version | Pending | None:
        """The version that the digest counts."""
        if self.pending is not None:
            return self.pending if self.pending.sum else None
        return self.accepted

    def held_numbers(self) -> tuple[int, ...]:
        """Every number whose payload is held here, in order."""
        numbers = list(self.past)
        if self.accepted is not None:
            numbers.append(self.accepted.n)
        if self.pending is not None and self.pending.why is Why.QUARANTINE and self.pending.sum:
            numbers.append(self.pending.n)
        return tuple(sorted(numbers))


NOTHING: Final = Standing()
HIDDEN: Final = Standing(gone="hide")


@dataclass(frozen=True, slots=True)
class Plan:
    """The writes of one batch: standings by record id, the digest after it, what to elide."""

    batch: Batch
    standings: dict[str, Standing]
    digest: str
    elided: frozenset[int] = field(default_factory=frozenset)  # numbers in earlier batches

    def pending_added(self, before: Mapping[str, Standing], why: Why) -> int:
        """By how many the batch changes the number of entries that are pending for this reason."""
        return pending_added(self.standings, before, why)


@dataclass(frozen=True, slots=True)
class Filling:
    """The writes of payloads that came late, or of entries that were judged again.

    `settled` are the judged entries that still mattered; `elided` are numbers whose payload an
    erase among them ends.
    """

    standings: dict[str, Standing]
    settled: tuple[Judged, ...]
    elided: frozenset[int]

    def pending_added(self, before: Mapping[str, Standing], why: Why) -> int:
        return pending_added(self.standings, before, why)


def pending_added(
    standings: Mapping[str, Standing], before: Mapping[str, Standing], why: Why
) -> int:
    touched = {record_id: before.get(record_id, NOTHING) for record_id in standings}
    return count_pending(standings, why) - count_pending(touched, why)


def count_pending(standings: Mapping[str, Standing], why: Why) -> int:
    return sum(
        standing.pending is not None and standing.pending.why is why
        for standing in standings.values()
    )


def plan_append(
    batch: Batch, judged: Sequence[Judged], before: Mapping[str, Standing], digest: str
) -> Plan:
    """Work out what appending `batch` does; `before` are the standings of the ids that it names."""
    epoch, first = batch.header.epoch, batch.header.first
    standings, digest, elided = apply_entries(epoch, judged, before, digest)
    return Plan(
        batch=elide(batch, {n for n in elided if n >= first}),
        standings=standings,
        digest=digest,
        elided=frozenset(n for n in elided if n < first),
    )


def plan_fill(epoch: int, judged: Sequence[Judged], before: Mapping[str, Standing]) -> Filling:
    """Work out what becomes of pending entries that were judged again.

    The digest stays: it has counted them already. What is not pending any more is left out.
    """
    standings: dict[str, Standing] = {}
    settled: list[Judged] = []
    elided: set[int] = set()
    for item in judged:
        old = before.get(item.entry.id, NOTHING)
        pending = old.pending
        if pending is None or (pending.epoch, pending.n) != (epoch, item.n):
            continue
        # As if the pending entry had not been there.
        cleared = replace(old, pending=None, put=None)
        if item.entry.op == "erase" and item.reason is None:
            elided.update(cleared.held_numbers())
        standings[item.entry.id] = settle(epoch, item, cleared)
        settled.append(item)
    return Filling(standings, tuple(settled), frozenset(elided))


def replay(
    batches: Iterable[Batch], ids: Collection[str], judge_at: Callable[[Batch, int], Judged]
) -> dict[str, Standing]:
    """How these records stand after `batches` and nothing else; `gone` is "hide" without any."""
    standings = dict.fromkeys(ids, HIDDEN)
    for batch in batches:
        header = batch.header
        for n, entry in enumerate(header.entries, header.first):
            if entry.id in standings:
                old = standings[entry.id]
                standings[entry.id] = settle(header.epoch, judge_at(batch, n), old)
    return standings


def refill(stored: Batch, given: Batch, numbers: Collection[int]) -> Batch:
    """The stored batch with the payloads of `numbers` from another copy of it."""
    first = stored.header.first
    payloads = tuple(
        new if n in numbers else old
        for n, (old, new) in enumerate(zip(stored.payloads, given.payloads, strict=True), first)
    )
    return Batch(stored.signature, stored.header, payloads)


def counting(batches: Sequence[Batch], cutoff: Cutoff | None, *, frozen: bool) -> int:
    """How many of a feed's batches count under a cutoff: none, if they are of another branch.

    A frozen feed may be on the wrong branch: it counts only if it reaches the cutoff.
    """
    if cutoff is None:
        return 0
    count = 0
    for batch in batches:
        header = batch.header
        if (header.epoch, header.last) > cutoff[:2]:
            break
        count += 1
        if (header.epoch, header.last) == cutoff[:2]:
            return count if header.hash == cutoff.hash else 0
    return 0 if frozen else count


def is_beyond(batch: Batch, cutoff: Cutoff | None) -> bool:
    return cutoff is None or (batch.header.epoch, batch.header.last) > cutoff[:2]


def changes_of(judged: Iterable[Judged]) -> list[dict[str, Any]]:
    """What local listeners are told of entries that were applied."""
    return [
        {
            "id": item.entry.id,
            "kind": item.entry.kind,
            "op": item.entry.op,
            "n": item.n,
            "scope": item.payload.scope if item.payload else None,
        }
        for item in judged
        if item.reason is None and not item.hole
    ]


def apply_entries(
    epoch: int, judged: Sequence[Judged], before: Mapping[str, Standing], digest: str
) -> tuple[dict[str, Standing], str, set[int]]:
    """Standings of the ids that `judged` names, the digest after it, and the numbers to elide.

    A home asks this for the digest before it signs a header, and again when it appends.
    """
    standings: dict[str, Standing] = {}
    elided: set[int] = set()
    for item in judged:
        record_id = item.entry.id
        old = standings.get(record_id) or before.get(record_id, NOTHING)
        new = settle(epoch, item, old)
        if item.entry.op == "erase" and item.reason is None:
            elided.update(old.held_numbers())
        digest = _count(digest, record_id, old, new)
        standings[record_id] = new
    return standings, digest, elided


def _count(digest: str, record_id: str, old: Standing, new: Standing) -> str:
    if old.counted is not None:
        digest = digest_remove(digest, record_id, _position(old.counted), old.counted.sum)
    if new.counted is not None:
        digest = digest_add(digest, record_id, _position(new.counted), new.counted.sum)
    return digest


def _position(version: Version | Pending) -> Position:
    return Position(version.epoch, version.n)


def settle(epoch: int, item: Judged, old: Standing) -> Standing:
    """How a record stands after one more entry."""
    entry = item.entry
    if item.reason is not None or item.hole:
        pending = Pending(
            epoch,
            item.n,
            "" if entry.op in ("delete", "erase") else entry.sum,
            Why.HOLE if item.hole else Why.QUARANTINE,
            item.reason or "",
        )
        # An accepted version of the same batch stays to be written.
        return replace(old, pending=pending, past=_past(old, keep_accepted=True))
    if entry.op == "put":
        return Standing(Version(epoch, item.n, entry.sum), past=_past(old), put=item)
    past = () if entry.op == "erase" else _past(old)
    return Standing(past=past, gone=entry.op, ended=item.n)


def _past(old: Standing, *, keep_accepted: bool = False) -> tuple[int, ...]:
    numbers = old.held_numbers()
    if keep_accepted and old.accepted is not None:
        return tuple(n for n in numbers if n != old.accepted.n)
    return numbers
