"""Where a feed ends at this node."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from hinterland.batch import DIGEST_OF_NOTHING, Position
from hinterland.replica.messages import Line

__all__ = ["UNKNOWN_END", "Held"]

# `recover_to` of a feed that others hold more of than we do, nobody knows how much.
UNKNOWN_END: Final = (1 << 53) - 1


@dataclass(slots=True)
class Held:
    """Where a feed ends at this node. `holes` is a part of them, `hole_count` says of how many."""

    feed: str
    epoch: int = 1
    n: int = 0
    hash: str = ""
    digest: str = DIGEST_OF_NOTHING
    holes: dict[int, str] = field(default_factory=dict)  # number: record id
    hole_count: int = 0
    frozen: str | None = None
    recover_to: int = 0  # own feed only: what was appended before the database was restored

    @property
    def position(self) -> Position:
        return Position(self.epoch, self.n)

    @property
    def line(self) -> Line:
        return Line(self.feed, self.epoch, self.n, self.hash, self.digest, self.hole_count)
