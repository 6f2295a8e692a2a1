"""What the exchange of files wants done. Whoever performs these (`courier.py`) decides nothing."""

from __future__ import annotations

from dataclasses import dataclass

from hinterland.replica import Publish

__all__ = [
    "FileEffect",
    "HastenMissing",
    "KeepPart",
    "LookForMissing",
    "Postpone",
    "ReadBody",
    "Restart",
    "Sweep",
]


@dataclass(frozen=True, slots=True)
class LookForMissing:
    """Find out what to fetch next."""


@dataclass(frozen=True, slots=True)
class HastenMissing:
    """Make due whatever was postponed: somebody is there again who may have it."""


@dataclass(frozen=True, slots=True)
class KeepPart:
    """Keep what `giver` gave of a body of `total` bytes, from `start`."""

    sha256: str
    start: int
    total: int
    data: bytes
    giver: str


@dataclass(frozen=True, slots=True)
class Restart:
    """Throw away what has come of a body: one node shall give all of it."""

    sha256: str


@dataclass(frozen=True, slots=True)
class Postpone:
    """Nobody gave it: not again before so many seconds."""

    sha256: str
    seconds: float


@dataclass(frozen=True, slots=True)
class ReadBody:
    """Read at most `budget` bytes of a shared body from `start`, and give them to `asker`."""

    asker: str
    ask: int
    sha256: str
    start: int
    budget: int


@dataclass(frozen=True, slots=True)
class Sweep:
    """Remove uploads that nothing came to refer to."""


FileEffect = (
    Publish | LookForMissing | HastenMissing | KeepPart | Restart | Postpone | ReadBody | Sweep
)
