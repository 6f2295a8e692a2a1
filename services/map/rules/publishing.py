"""What is let out of an intake, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

from phonenumbers import PhoneNumberMatcher

from services.map.contract import limits
from services.map.contract.codes import LocatedBy, State
from services.map.rules.cells import cell_of

__all__ = ["Secrecy", "published", "secrecy_of", "without_numbers"]

WITHHELD: Final = "…"
# What a report says in so many words, and what its moderator may replace.
COPIED: Final = ("category", "language", "happened_at", "channel", "form")
PLACE: Final = ("location", "accuracy_m", "located_by", "place_name")


class Secrecy(NamedTuple):
    """Whether reports of a category say where they are only by a cell, and of which level."""

    sensitive: bool
    cell_level: int


def secrecy_of(chain: Iterable[Mapping[str, Any]]) -> Secrecy:
    """Of a category and those above it: one that is sensitive makes all below it so, and the
    coarsest cell counts."""
    levels = [
        category.get("cell_level", limits.CELL_LEVEL_DEFAULT)
        for category in chain
        if category.get("sensitive")
    ]
    return Secrecy(bool(levels), min(levels, default=limits.CELL_LEVEL_MAX))


def published(intake: Mapping[str, Any], intake_id: str, secrecy: Secrecy) -> dict[str, Any]:
    """The body of the report that this intake is shared as.

    Of a sensitive category its text, title, answers and files are let out only where a moderator
    has named them; the place is a cell, the time a day. Telephone numbers never pass.
    """
    reviewed = intake.get("reviewed", {})
    country = (intake.get("region") or "CN")[:2]
    body: dict[str, Any] = {key: intake[key] for key in COPIED if intake.get(key) is not None}
    body |= {"state": intake["state"], "intake": intake_id}
    for key in ("title", "text"):
        text = reviewed.get(key) or (None if secrecy.sensitive else intake.get(key))
        if text:
            body[key] = without_numbers(text, country)
    answers = _named(intake.get("answers", {}), reviewed.get("answers"), secrecy)
    if secrecy.sensitive:
        answers = _without_places(answers)
    if answers:
        body["answers"] = _answers_without_numbers(answers, country)
    by_hash = {file["sha256"]: file for file in intake.get("files", ())}
    files = list(_named(by_hash, reviewed.get("files"), secrecy).values())
    if files:
        body["files"] = files
    # Where a border cuts a cell, the region says more than the cell.
    if intake.get("region") and not secrecy.sensitive:
        body["region"] = intake["region"]
    body |= _place(intake, secrecy)
    if secrecy.sensitive:
        body["happened_at"] = f"{str(intake['happened_at'])[:10]}T00:00:00.000Z"
    for state, key in ((State.VERIFIED, "verified_at"), (State.RESOLVED, "resolved_at")):
        times = [step["at"] for step in intake["history"] if step["state"] == state]
        if times:
            body[key] = times[-1]
    if intake.get("replaced"):
        body["replaces"] = intake["replaced"]
    return body


def _named(
    values: Mapping[str, Any], names: Iterable[str] | None, secrecy: Secrecy
) -> dict[str, Any]:
    """The values that a moderator has named; where he has not, all of them, or none."""
    if names is None:
        return {} if secrecy.sensitive else dict(values)
    wanted = set(names)
    return {key: value for key, value in values.items() if key in wanted}


def _place(intake: Mapping[str, Any], secrecy: Secrecy) -> dict[str, Any]:
    location = intake.get("location")
    if location is None:
        return {}
    if not secrecy.sensitive:
        return {key: intake[key] for key in PLACE if intake.get(key) is not None}
    cell = cell_of(location["lat"], location["lng"], secrecy.cell_level)
    return {
        "location": {"lat": cell.lat, "lng": cell.lng},
        "accuracy_m": cell.accuracy_m,
        "located_by": str(LocatedBy.CELL),
        "cell_level": secrecy.cell_level,
    }


def _without_places(value: Any) -> Any:
    """Answers without exact points, even where a moderator has named them: a cell is all there
    is."""
    match value:
        case dict():
            return {
                key: _without_places(each)
                for key, each in value.items()
                if not (isinstance(each, dict) and {"lat", "lng"} <= each.keys())
            }
        case list():
            return [_without_places(each) for each in value]
    return value


def _answers_without_numbers(value: Any, country: str) -> Any:
    match value:
        case str():
            return without_numbers(value, country)
        case dict():
            return {key: _answers_without_numbers(each, country) for key, each in value.items()}
        case list():
            return [_answers_without_numbers(each, country) for each in value]
    return value


def without_numbers(text: str, country: str) -> str:
    """The text without telephone numbers, whoever they belong to."""
    for match in reversed(list(PhoneNumberMatcher(text, country))):
        text = text[: match.start] + WITHHELD + text[match.end :]
    return text
