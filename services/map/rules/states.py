"""The life of a report: a table, and the steps that it allows."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from hinterland.clock import rfc3339
from hinterland.errors import Inapplicable
from services.map.contract import limits
from services.map.contract.codes import TRANSITIONS, State

__all__ = ["begun", "stepped"]


def begun(state: State, now: datetime, by: str | None) -> dict[str, Any]:
    """The fields of an intake that has just come."""
    return {"state": str(state), "history": [_step(state, now, by, None)]}


def stepped(
    body: Mapping[str, Any], state: State, now: datetime, by: str | None, note: str | None
) -> dict[str, Any]:
    """An intake one step further. Raises Inapplicable where the table does not have the step; to
    stay where it is takes a note."""
    before = State(body["state"])
    if state != before and state not in TRANSITIONS[before]:
        allowed = ", ".join(sorted(TRANSITIONS[before])) or "nothing"
        raise Inapplicable(
            f"A report that is {before} cannot become {state}; it can become: {allowed}.",
            field="state",
        )
    history = [*body["history"], _step(state, now, by, note)]
    if len(history) > limits.HISTORY_MAX:
        # How it came, and the latest steps: what lies between is nobody's question any more.
        history = [history[0], *history[-(limits.HISTORY_MAX - 1) :]]
    return {**body, "state": str(state), "history": history}


def _step(state: State, now: datetime, by: str | None, note: str | None) -> dict[str, Any]:
    step = {"state": str(state), "at": rfc3339(now), "by": by, "note": note}
    return {key: value for key, value in step.items() if value is not None}
