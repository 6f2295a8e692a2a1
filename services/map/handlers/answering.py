"""Answers that come without a phone, from a browser or an app, against the form that they name."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from time import sleep
from typing import Any, Final

from hinterland.actors import Actor
from hinterland.records import Changes
from hinterland.rooms.access import Scope
from services.map.contract.access import may
from services.map.rules.answers import check_answers, without_personal
from services.map.rules.reporting import Problem

__all__ = ["against_form", "latest_day"]

FURTHEST_EAST: Final = timezone(timedelta(hours=14))  # where each day begins
SHARED: Final[tuple[Scope, ...]] = ("public", "members")


def against_form(
    changes: Changes, actor: Actor, fields: Mapping[str, Any]
) -> tuple[dict[str, Any], list[Problem]]:
    """The fields of an intake with its answers as the form has them, and what is wrong with them.
    Answers to no form are kept as they are. Raises AnswersTooComplex."""
    form_id = fields.get("form")
    if form_id is None:
        return dict(fields), []
    form = changes.get(form_id)
    if (
        form is None
        or form.kind != "form"
        or not any(
            form.scope == scope and may(actor, "read", "form", scope, changes.node)
            for scope in SHARED
        )
    ):
        return dict(fields), [Problem("form", f"there is no form {form_id} at {changes.node}")]
    answers = fields.get("answers") or {}
    checked = check_answers(form.body, answers, latest_day(changes.now), lambda: sleep(0))
    kept = without_personal(form.body, checked.answers)
    return {**fields, "answers": kept}, checked.problems


def latest_day(now: datetime) -> datetime:
    """Now, where the latest day that it is anywhere has begun: it refuses no date wrongly as one
    that is still to come."""
    return now.astimezone(FURTHEST_EAST)
