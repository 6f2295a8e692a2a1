"""What this node has heard of the others: what they claim to hold, and how well they answer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from hinterland.replica.messages import Line
from hinterland.replica.tables import Table

__all__ = ["ANSWER_S_START", "Peer", "Setback"]

ANSWER_S_START: Final = 1.0
ANSWER_WEIGHT: Final = 0.3
NEVER: Final = float("-inf")


@dataclass(slots=True)
class Setback:
    """Wants about one feed that one peer left without use, one after the other."""

    strikes: int = 0
    until: float = NEVER  # not to be asked before


@dataclass(slots=True)
class Peer:
    """One other member. Times are seconds on the protocol's clock, but for `heard_at`."""

    node: str
    heard_at: float = 0.0  # on the wall clock, for people
    seen_at: float = NEVER
    heads_at: str = ""  # what its own clock said in the last heads that counted
    heads_taken_at: float = NEVER
    hello_at: float = NEVER
    own: dict[str, Line] = field(default_factory=dict)
    rest: str = ""
    table: dict[str, Line] = field(default_factory=dict)
    table_rest: str = ""  # the `rest` that `table` stands for
    coming: Table = field(default_factory=Table)
    answer_s: float = ANSWER_S_START
    setbacks: dict[str, Setback] = field(default_factory=dict)  # by feed

    def line(self, feed: str) -> Line | None:
        return self.own.get(feed) or self.table.get(feed)

    def lines(self) -> Iterator[Line]:
        yield from self.own.values()
        yield from self.table.values()

    def strikes(self, feed: str) -> int:
        setback = self.setbacks.get(feed)
        return setback.strikes if setback else 0

    def answered_in(self, seconds: float) -> None:
        self.answer_s += ANSWER_WEIGHT * (seconds - self.answer_s)
