"""How long to wait before the next attempt: doubling, with jitter, up to a maximum. Pure.

The jitter keeps the services of a node from storming a broker that has just come back.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Final

__all__ = ["RECONNECT_DELAY_MAX_S", "RECONNECT_DELAY_MIN_S", "Reconnects"]

RECONNECT_DELAY_MIN_S: Final = 0.2  # before jitter, which halves it at most
RECONNECT_DELAY_MAX_S: Final = 10.0  # also how long a connection has to last to count as one
DOUBLINGS_MAX: Final = 16


class Reconnects:
    """Counts attempts in a row. A connection that lasted ends the row."""

    def __init__(self, chance: Callable[[], float] = random.random) -> None:
        """`chance` returns numbers from 0 to 1."""
        self._chance = chance
        self._failures = 0

    def delay_s(self, connected_s: float = 0.0) -> float:
        """The wait after a connection that lasted `connected_s`, 0 if it was never made."""
        if connected_s > RECONNECT_DELAY_MAX_S:
            self._failures = 0
        ceiling = min(RECONNECT_DELAY_MAX_S, RECONNECT_DELAY_MIN_S * 2.0**self._failures)
        self._failures = min(self._failures + 1, DOUBLINGS_MAX)
        return ceiling * (0.5 + self._chance() / 2)
