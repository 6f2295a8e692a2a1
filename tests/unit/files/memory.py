"""A shelf in memory, for the exchange; held to the real one by tests/integration/files."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from hinterland.files.pieces import CHUNK_BYTES, Kept, MissingFile, Outcome

__all__ = ["MemoryShelf"]


@dataclass
class _Part:
    file: MissingFile
    due: float
    data: bytes = b""


@dataclass
class MemoryMissing:
    """What `hinterland.files.missing.Missing` does, on dictionaries. Time is seconds."""

    bodies: dict[str, bytes]
    clock: Callable[[], float]
    parts: dict[str, _Part] = field(default_factory=dict)

    def expect(self, sha256: str, size: int, home: str) -> None:
        if sha256 not in self.bodies:
            part = _Part(MissingFile(sha256, size, home), self.clock())
            self.parts.setdefault(sha256, part)

    def next(self) -> MissingFile | None:
        due = [part.file for part in self.parts.values() if part.due <= self.clock()]
        return min(due, key=lambda file: (file.size, file.sha256), default=None)

    def keep(self, sha256: str, start: int, total: int, data: bytes, giver: str) -> Kept:
        if start % CHUNK_BYTES or (start + len(data) != total and len(data) % CHUNK_BYTES):
            raise ValueError("a part begins and ends with chunks")
        part = self.parts.get(sha256)
        if part is None:
            return Kept(Outcome.GONE)
        file = part.file
        if file.got != start or file.total not in (0, total):
            return Kept(Outcome.STALE, file)
        part.data += data
        givers = tuple(sorted({*file.givers, giver}))
        tries = file.tries if file.alone else 0
        part.file = file = replace(
            file, got=start + len(data), total=total, givers=givers, tries=tries
        )
        if file.got < total:
            return Kept(Outcome.PART, file)
        if hashlib.sha256(part.data).hexdigest() != sha256:
            return Kept(Outcome.WRONG, self.restart(sha256), givers)
        self.bodies[sha256] = self.parts.pop(sha256).data
        return Kept(Outcome.COMPLETE, givers=givers)

    def restart(self, sha256: str) -> MissingFile | None:
        part = self.parts.get(sha256)
        if part is None:
            return None
        old = part.file
        part.data = b""
        part.file = MissingFile(old.sha256, old.size, old.home, alone=True, tries=old.tries)
        return part.file

    def postpone(self, sha256: str, seconds: float) -> None:
        part = self.parts.get(sha256)
        if part is not None:
            part.due = self.clock() + seconds
            part.file = replace(part.file, tries=part.file.tries + 1)

    def hasten(self) -> None:
        for part in self.parts.values():
            part.due = min(part.due, self.clock())


class MemoryShelf:
    """What `hinterland.files.library.Library` does for a Courier; all bodies are shared."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.bodies: dict[str, bytes] = {}
        self.missing = MemoryMissing(self.bodies, clock)
        self.sweeps = 0

    def read_shared(self, sha256: str, start: int, length: int) -> tuple[int, bytes]:
        body = self.bodies.get(sha256, b"")
        return len(body), body[start : start + length]

    def erase(self, sha256: str) -> None:
        self.bodies.pop(sha256, None)
        self.missing.parts.pop(sha256, None)

    def sweep(self) -> int:
        self.sweeps += 1
        return 0
