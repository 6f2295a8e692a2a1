"""Thousands of federations, each with its own faults; every invariant holds at the end of each."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from typing import Final

import pytest

from tests.simulation.faults import Fault
from tests.simulation.runs import play, replay_command, run_seeds
from tests.simulation.schedule import make_schedule
from tests.simulation.signing import REAL_EVERY
from tests.simulation.world import LIVENESS_S, Outcome

SCHEDULES: Final = 2000
FIRED_LEAST: Final = 5
REPLAYED_SEED: Final = 17
JOBS: Final = min(2, os.cpu_count() or 1)


@pytest.fixture(scope="module")
def outcomes() -> list[Outcome]:
    return list(run_seeds(0, SCHEDULES, jobs=JOBS))


def test_every_invariant_holds_at_the_end_of_every_schedule(outcomes: list[Outcome]) -> None:
    """Nothing acknowledged is lost, nothing forged is believed, and all replicas are equal."""
    failed = [
        f"{replay_command(outcome.seed)}: {'; '.join(outcome.problems)}"
        for outcome in outcomes
        if outcome.problems
    ]

    assert not failed, "\n".join(failed)


def test_every_fault_has_happened(outcomes: list[Outcome]) -> None:
    """A fault that never fires proves nothing."""
    fired: Counter[Fault] = sum((outcome.fired for outcome in outcomes), Counter())

    assert [] == [str(fault) for fault in Fault if fired[fault] < FIRED_LEAST]


def test_replicas_are_equal_soon_after_the_calm(outcomes: list[Outcome]) -> None:
    """Half of the federations need less than half a minute; none comes near to the limit."""
    times = sorted(outcome.converged_s for outcome in outcomes)

    assert times[len(times) // 2] <= 30
    assert times[-1] < LIVENESS_S


def test_every_story_is_told_with_real_signatures_too(outcomes: list[Outcome]) -> None:
    """The stand-in for Ed25519 is not all that is simulated."""
    stories = {make_schedule(outcome.seed).story for outcome in outcomes}
    real = {make_schedule(seed).story for seed in range(0, SCHEDULES, REAL_EVERY)}

    assert stories == real


@pytest.mark.parametrize("hash_seed", ["1", "2"])
def test_a_seed_replays_a_run_exactly(hash_seed: str) -> None:
    """The same seed tells the same trace, in any process."""
    trace: list[str] = []
    play(REPLAYED_SEED, tell=trace.append)

    again = subprocess.run(
        [sys.executable, "-m", "tests.simulation", "--seed", str(REPLAYED_SEED)],
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        capture_output=True,
        text=True,
        check=True,
    )

    assert trace == again.stdout.splitlines()[: len(trace)]
