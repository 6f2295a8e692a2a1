"""What this node has heard of the others: what they claim to hold, and how well they answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from hinterland.replica.messages import Line

__all__ = ["ANSWER_S_START", "Peer"]

ANSWER_S_START: Final = 1.0
ANSWER_WEIGHT: Final = 0.3
STRIKES_MAX: Final = 8


@dataclass(slots=True)
class Peer:
    """One other member. Times are seconds of the caller's clock."""

    node: str
    heard_at: float = 0.0
    own: dict[str, Line] = field(default_factory=dict)
    rest: str = ""
    table: dict[str, Line] = field(default_factory=dict)
    table_rest: str = ""  # the `rest` that `table` stands for
    pages: dict[int, list[Line]] = field(default_factory=dict)
    table_asked_at: float = float("-inf")
    answer_s: float = ANSWER_S_START
    strikes: dict[str, int] = field(default_factory=dict)  # by feed: wants that brought nothing

    def line(self, feed: str) -> Line | None:
        return self.own.get(feed) or self.table.get(feed)

    def answered(self, feed: str, seconds: float) -> None:
        self.answer_s += ANSWER_WEIGHT * (seconds - self.answer_s)
        self.strikes.pop(feed, None)

    def struck(self, feed: str) -> None:
        self.strikes[feed] = min(STRIKES_MAX, self.strikes.get(feed, 0) + 1)
