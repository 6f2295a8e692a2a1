"""How a missing body stands, and what became of a piece of it. Values alone."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

__all__ = ["CHUNK_BYTES", "Kept", "MissingFile", "Outcome"]

CHUNK_BYTES: Final = 128 * 1024  # how bodies are stored; the smallest piece that is asked for


class Outcome(StrEnum):
    """What keeping a part came to."""

    PART = "part"
    COMPLETE = "complete"
    WRONG = "wrong"  # complete, but other bytes than its name says: thrown away
    STALE = "stale"  # not what is lacking now: nothing was kept
    GONE = "gone"  # no record refers to it any more


@dataclass(frozen=True, slots=True)
class MissingFile:
    """A body to fetch. `size` is what a record says; `total` what who gave the first part says, 0
    before. `got` bytes are here, from its start, of those in `givers`. `alone`: what several gave
    was wrong once, so one must give all of it. `tries` counts how often nobody gave it.
    """

    sha256: str
    size: int
    home: str
    got: int = 0
    total: int = 0
    givers: tuple[str, ...] = ()
    alone: bool = False
    tries: int = 0


@dataclass(frozen=True, slots=True)
class Kept:
    """`file` is how the body stands now, None where it is no longer missing; `givers` who gave."""

    outcome: Outcome
    file: MissingFile | None = None
    givers: tuple[str, ...] = ()
