"""What was refused whole, counted by sender: a ring and a counter, both bounded."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass
from typing import Final

__all__ = ["Drop", "Drops"]

DROPS_KEPT: Final = 200
SENDERS_COUNTED: Final = 200
SENDER_CHARS_MAX: Final = 64
REASON_CHARS_MAX: Final = 200


@dataclass(frozen=True, slots=True)
class Drop:
    """Something that was refused whole. `sender` is who signed it, or the routing key if nobody."""

    at: str
    sender: str
    reason: str


class Drops:
    """`latest` are the last ones, `counts` says how many there were by sender."""

    def __init__(self) -> None:
        self.latest: deque[Drop] = deque(maxlen=DROPS_KEPT)
        self.counts: Counter[str] = Counter()

    def add(self, at: str, sender: str, reason: str) -> None:
        sender = sender[:SENDER_CHARS_MAX]
        self.latest.append(Drop(at, sender, reason[:REASON_CHARS_MAX]))
        if sender in self.counts or len(self.counts) < SENDERS_COUNTED:
            self.counts[sender] += 1
