"""Waits before the next attempt grow, differ, and end."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hinterland.bus.reconnects import (
    RECONNECT_DELAY_MAX_S,
    RECONNECT_DELAY_MIN_S,
    Reconnects,
)


def test_waits_double_up_to_a_maximum() -> None:
    """A broker that stays away is asked ever more rarely, but never given up."""
    waits = Reconnects(chance=lambda: 1.0)
    delays = [waits.delay_s() for _ in range(8)]

    assert delays == [0.2, 0.4, 0.8, 1.6, 3.2, 6.4, RECONNECT_DELAY_MAX_S, RECONNECT_DELAY_MAX_S]


@given(st.lists(st.floats(0, 1), min_size=1, max_size=100))
def test_there_is_no_busy_loop(chances: list[float]) -> None:
    """Whatever the jitter, a wait is at least half the smallest and at most the largest."""
    chance = iter(chances)
    waits = Reconnects(chance=lambda: next(chance))
    delays = [waits.delay_s() for _ in chances]

    assert min(delays) >= RECONNECT_DELAY_MIN_S / 2
    assert max(delays) <= RECONNECT_DELAY_MAX_S


def test_a_connection_that_lasted_is_made_again_soon() -> None:
    """A restart of the broker after a quiet week costs no long wait."""
    waits = Reconnects(chance=lambda: 1.0)
    for _ in range(10):
        waits.delay_s()

    assert waits.delay_s(connected_s=3600.0) == RECONNECT_DELAY_MIN_S


def test_a_connection_that_is_cut_at_once_counts_as_a_failure() -> None:
    """A broker that lets us in and throws us out is not asked in a loop."""
    waits = Reconnects(chance=lambda: 1.0)
    delays = [waits.delay_s(connected_s=0.5) for _ in range(3)]

    assert delays == [0.2, 0.4, 0.8]
