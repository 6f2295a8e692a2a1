"""Plays many schedules on several processes."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Final

from tests.simulation.schedule import make_schedule
from tests.simulation.world import Outcome, run

__all__ = ["play", "replay_command", "run_seeds"]

CHUNK: Final = 25


def play(seed: int, tell: Callable[[str], None] | None = None) -> Outcome:
    schedule = make_schedule(seed)
    if tell is not None:
        tell(schedule.describe())
    return run(schedule, tell)


def run_seeds(first: int, end: int, *, jobs: int) -> Iterator[Outcome]:
    """Outcomes of all seeds from `first` up to `end`, in order."""
    with ProcessPoolExecutor(
        jobs, mp_context=get_context("spawn"), initializer=logging.disable
    ) as pool:
        yield from pool.map(play, range(first, end), chunksize=CHUNK)


def replay_command(seed: int) -> str:
    return f"make sim SEED={seed}"
