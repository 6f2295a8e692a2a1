"""What the protocol wants done. Whoever performs these (`hinterland.following`) decides nothing."""

from __future__ import annotations

from dataclasses import dataclass

from hinterland.batch import Batch, Position
from hinterland.identity import Cutoff
from hinterland.replica.acceptance import Judged
from hinterland.replica.messages import Message

__all__ = [
    "Append",
    "Compare",
    "Effect",
    "FileMessage",
    "Fill",
    "Freeze",
    "Publish",
    "Recover",
    "Resume",
    "Serve",
    "Truncate",
]


@dataclass(frozen=True, slots=True)
class Publish:
    """Send this on the feeds exchange."""

    routing_key: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Append:
    """Append the batch to its feed, apply it to the records and move the head, as one step."""

    batch: Batch
    judged: tuple[Judged, ...]


@dataclass(frozen=True, slots=True)
class Fill:
    """Put payloads that came late into a batch that is held, and apply them where still current."""

    batch: Batch
    judged: tuple[Judged, ...]


@dataclass(frozen=True, slots=True)
class Compare:
    """A batch at a position that is held already: is it the same one? If not, freeze the feed."""

    batch: Batch


@dataclass(frozen=True, slots=True)
class Freeze:
    """The home signed two headers for one position: stop the feed where it is, and show it."""

    feed: str
    reason: str


@dataclass(frozen=True, slots=True)
class Recover:
    """Others hold our own feed up to `seen` at least. If the store ends before, write nothing until
    everybody was asked."""

    feed: str
    seen: int


@dataclass(frozen=True, slots=True)
class Resume:
    """What our own feed lacks after a restore has reached nobody: write on from where it ends."""

    feed: str


@dataclass(frozen=True, slots=True)
class Truncate:
    """Hide what was applied beyond the last position that counts of an expelled writer."""

    feed: str
    cutoff: Cutoff | None


@dataclass(frozen=True, slots=True)
class Serve:
    """Read batches out of the store and give them to `asker`.

    With `numbers`, the batches that hold those; else what follows `after`, about `budget` bytes.
    """

    asker: str
    ask: int
    feed: str
    after: Position
    budget: int
    numbers: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class FileMessage:
    """What a member asks or says about files: it is for `hinterland.files.exchange`."""

    message: Message


Effect = (
    Publish | Append | Fill | Compare | Freeze | Recover | Resume | Truncate | Serve | FileMessage
)
