"""State machines as tables: which state may follow which, checked when the table is made."""

from __future__ import annotations

from collections.abc import Mapping, Set
from enum import StrEnum
from typing import Generic, TypeVar

__all__ = ["StepTable", "WrongStepTable"]

State = TypeVar("State", bound=StrEnum)


class WrongStepTable(Exception):
    """A table of steps contradicts itself. Correct the table: it is part of the program."""


class StepTable(Generic[State]):
    """Of each state, the states that may follow it. To stay in a state is no step.

    Raises WrongStepTable where a state has no row, a step leads nowhere else, or a state cannot be
    reached from `start`.
    """

    def __init__(
        self, states: type[State], *, start: State, rows: Mapping[State, Set[State]]
    ) -> None:
        self.start = start
        self._rows = {state: frozenset(following) for state, following in rows.items()}
        if missing := set(states) - self._rows.keys():
            raise WrongStepTable(f"There is no row of: {_listed(missing)}.")
        if loops := {state for state, following in self._rows.items() if state in following}:
            raise WrongStepTable(f"These follow themselves: {_listed(loops)}.")
        if strangers := {start, *self._rows, *self._targets()} - set(states):
            raise WrongStepTable(f"These are no states: {_listed(strangers)}.")
        if lost := set(states) - self._reachable():
            raise WrongStepTable(f"Nothing leads from {start} to: {_listed(lost)}.")

    def after(self, state: State) -> frozenset[State]:
        """What may follow `state`."""
        return self._rows[state]

    def allows(self, before: State, after: State) -> bool:
        return after in self._rows[before]

    @property
    def ends(self) -> frozenset[State]:
        """The states that nothing follows."""
        return frozenset(state for state, following in self._rows.items() if not following)

    def _targets(self) -> set[State]:
        return {after for following in self._rows.values() for after in following}

    def _reachable(self) -> set[State]:
        reached: set[State] = set()
        waiting = [self.start]
        while waiting:
            state = waiting.pop()
            if state not in reached:
                reached.add(state)
                waiting.extend(self._rows[state])
        return reached


def _listed(states: Set[StrEnum]) -> str:
    return ", ".join(sorted(states))
