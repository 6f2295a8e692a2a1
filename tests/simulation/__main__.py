"""Runs schedules from the command line.

python -m tests.simulation --seed 17            one schedule, with its trace
python -m tests.simulation --seeds 0 2000       many; prints what failed, and each fault's count
"""

from __future__ import annotations

import argparse
import logging
import sys
from collections import Counter

from tests.simulation.faults import Fault
from tests.simulation.runs import play, replay_command, run_seeds


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation")
    parser.add_argument("--seed", type=int, help="play this one, and tell what happens in it")
    parser.add_argument("--seeds", type=int, nargs=2, default=(0, 2000), metavar=("FROM", "TO"))
    parser.add_argument("--jobs", type=int, default=2, help="processes that share the seeds")
    arguments = parser.parse_args()
    logging.disable()  # the trace tells it, too
    if arguments.seed is not None:
        outcome = play(arguments.seed, tell=_print)
        for problem in outcome.problems:
            _print(f"BROKEN: {problem}")
        _print(f"equal {outcome.converged_s:.0f} s after the calm")
        return int(bool(outcome.problems))
    fired: Counter[Fault] = Counter()
    failed = 0
    for outcome in run_seeds(*arguments.seeds, jobs=arguments.jobs):
        fired += outcome.fired
        if outcome.problems:
            failed += 1
            _print(f"{replay_command(outcome.seed)}: {'; '.join(outcome.problems[:3])}")
    for fault in Fault:
        _print(f"{fired[fault]:8} {fault}")
    _print(f"{failed} schedules failed")
    return int(failed > 0)


def _print(line: str) -> None:
    sys.stdout.write(line + "\n")


if __name__ == "__main__":
    sys.exit(main())
