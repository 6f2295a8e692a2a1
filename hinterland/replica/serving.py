"""What this node spends on the wants of others: so much for each asker, and no more."""

from __future__ import annotations

from typing import Final

from hinterland.replica.effects import Serve

__all__ = ["Serving"]

SERVED_BYTES_PER_S: Final = 8 * 1024 * 1024
SERVED_BYTES_AT_ONCE: Final = 64 * 1024 * 1024
SERVED_BYTES_LEAST: Final = 16 * 1024  # what any answer costs, an empty one too
SERVED_AGAIN_S: Final = 2.0  # between two answers to the same want: nobody repeats one sooner


class Serving:
    """An account for each asker, in bytes, that fills with time."""

    def __init__(self) -> None:
        self._accounts: dict[str, tuple[float, float]] = {}  # asker: bytes left, when
        self._served: dict[tuple[str, str], tuple[float, Serve]] = {}  # by asker and feed

    def admits(self, serve: Serve, now: float) -> bool:
        """Whether to answer; what it may cost at most is taken from the account."""
        served_at, served = self._served.get((serve.asker, serve.feed), (float("-inf"), None))
        if serve == served and now - served_at < SERVED_AGAIN_S:
            return False  # repeated on the way
        if not self.charge(serve.asker, serve.budget, now):
            return False
        self._served[serve.asker, serve.feed] = (now, serve)
        return True

    def charge(self, asker: str, size: int, now: float) -> bool:
        left, at = self._accounts.get(asker, (float(SERVED_BYTES_AT_ONCE), now))
        left = min(left + (now - at) * SERVED_BYTES_PER_S, SERVED_BYTES_AT_ONCE)
        size = max(size, SERVED_BYTES_LEAST)
        if left < size:
            return False
        self._accounts[asker] = (left - size, now)
        return True

    def refund(self, serve: Serve, spent: int) -> None:
        """What an answer did not cost after all."""
        left, at = self._accounts.get(serve.asker, (0.0, 0.0))
        unspent = max(serve.budget, SERVED_BYTES_LEAST) - max(spent, SERVED_BYTES_LEAST)
        if unspent > 0:
            self._accounts[serve.asker] = (left + unspent, at)

    def forget(self, asker: str) -> None:
        self._accounts.pop(asker, None)
        for key in [key for key in self._served if key[0] == asker]:
            del self._served[key]
