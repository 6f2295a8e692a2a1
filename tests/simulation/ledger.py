"""What really happened, as nobody in the simulation knows it; invariants are held against it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from hinterland.batch import Batch

__all__ = ["Acknowledged", "Ledger"]


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """A write that its home told its caller was done."""

    feed: str
    n: int
    record_id: str
    header: str  # the hash of its batch's header


@dataclass(slots=True)
class Ledger:
    """`sealed` are the batches that honest homes committed, by feed and header hash; `erased` the
    hashes of payload lines that have to be forgotten, by feed and the position of the erase;
    `excused` header hashes whose loss is nobody's fault: a restored home had told no one.
    """

    sealed: dict[str, dict[str, Batch]] = field(default_factory=lambda: defaultdict(dict))
    acknowledged: list[Acknowledged] = field(default_factory=list)
    erased: dict[str, dict[int, set[str]]] = field(default_factory=lambda: defaultdict(dict))
    excused: set[str] = field(default_factory=set)

    def commit(self, batch: Batch) -> None:
        header = batch.header
        before = self.sealed[header.feed]
        for n, entry in enumerate(header.entries, header.first):
            if entry.op == "erase":
                self.erased[header.feed][n] = {
                    other.sum
                    for known in (*before.values(), batch)
                    for m, other in enumerate(known.header.entries, known.header.first)
                    if other.id == entry.id and other.sum and m < n
                }
        before[header.hash] = batch
