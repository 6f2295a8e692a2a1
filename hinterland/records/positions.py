"""The last appended position of each of a service's feeds, in the node folder.

It lies outside the database on purpose: a database that was restored from a backup is behind it,
and so the home knows that it must take its lost tail back before it writes.
"""

from __future__ import annotations

import fcntl
from pathlib import Path
from typing import Final

import orjson

from hinterland.batch import Position
from hinterland.errors import HinterlandError

__all__ = ["BadPositions", "Positions"]

FILE_BYTES_MAX: Final = 64 * 1024


class BadPositions(HinterlandError):
    """The file of last positions is unreadable. Restore it, or delete it if it never held more."""

    code = "BAD_POSITIONS"


class Positions:
    """Reads and replaces one small JSON file, `{feed: [epoch, n]}`, that processes share."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def load(self) -> dict[str, Position]:
        """Raises BadPositions."""
        try:
            content = orjson.loads(self._path.read_bytes()[:FILE_BYTES_MAX])
            return {str(feed): Position(int(epoch), int(n)) for feed, (epoch, n) in content.items()}
        except FileNotFoundError:
            return {}
        except (ValueError, TypeError, AttributeError) as error:
            raise BadPositions(f"{self._path} cannot be read: {error}") from error

    def save(self, ends: dict[str, Position]) -> None:
        """Puts these feeds in; a crash leaves the old file or the new one, and both are safe.

        Raises BadPositions, OSError.
        """
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            known = self.load() | ends
            fresh = self._path.with_suffix(".new")
            fresh.write_bytes(orjson.dumps({feed: list(end) for feed, end in known.items()}))
            fresh.replace(self._path)
