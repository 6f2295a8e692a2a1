"""What somebody sent, made into an intake: one function for each field, every fault by its name."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

import orjson
from pydantic import TypeAdapter, ValidationError

from hinterland.clock import rfc3339
from hinterland.rooms import shapes
from services.map.contract import limits
from services.map.contract.codes import LocatedBy

__all__ = [
    "EDITABLE",
    "Problem",
    "clean_text",
    "normalise",
    "normalise_reporter",
    "normalise_reviewed",
]

TAG: Final = re.compile(r"<\s*/?\s*[a-zA-Z!][^<>]*>")
ID_CHARS_MAX: Final = 160
PLACED_BY_SENDERS: Final = (LocatedBy.GPS, LocatedBy.MAP, LocatedBy.PLACE)


class Problem(NamedTuple):
    """What is wrong with a value, in a sentence; `field` is a path like `location.lat`."""

    field: str
    message: str


class Fault(ValueError):
    """A value that cannot be taken; `field` is where in it, if it has parts."""

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.field = field


Reader = Callable[[Any, datetime], Any]


def _shape(shape: Any, remedy: str) -> Reader:
    adapter = TypeAdapter(shape)

    def read(value: Any, now: datetime) -> Any:
        try:
            return adapter.validate_python(value)
        except ValidationError as error:
            raise Fault(remedy) from error

    return read


def clean_text(value: Any, characters_max: int) -> str:
    """Plain text without invisible characters. Raises ValueError, with the reason."""
    if not isinstance(value, str):
        raise Fault("a text is needed")
    # Invisible characters but line ends are typing accidents, or worse.
    text = "".join(
        character
        for character in unicodedata.normalize("NFC", value.replace("\r\n", "\n"))
        if character in "\n\t" or unicodedata.category(character) not in ("Cc", "Cs", "Co")
    ).strip()
    if not text:
        raise Fault("the text is empty")
    if TAG.search(text):
        raise Fault("the text holds HTML; send it without tags")
    if len(text) > characters_max:
        raise Fault(f"the text has {len(text)} characters; {characters_max} are the limit")
    return text


def _text(characters_max: int) -> Reader:
    return lambda value, now: clean_text(value, characters_max)


def _number(low: float, high: float, unit: str) -> Callable[[Any, str], float]:
    def read(value: Any, field: str) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise Fault("a number is needed", field)
        if not low <= value <= high:
            raise Fault(f"{value} is not between {low:g} and {high:g} {unit}", field)
        return float(value)

    return read


_LATITUDE: Final = _number(-90, 90, "degrees")
_LONGITUDE: Final = _number(-180, 180, "degrees")
_METRES: Final = _number(0, limits.ACCURACY_M_MAX, "metres")


def _location(value: Any, now: datetime) -> dict[str, float]:
    if not isinstance(value, Mapping) or set(value) != {"lat", "lng"}:
        raise Fault('a place is {"lat": …, "lng": …}, in degrees')
    lat, lng = value["lat"], value["lng"]
    if _is_number(lat) and _is_number(lng) and abs(lat) > 90 and abs(lng) <= 90:
        raise Fault(f"latitude {lat} is impossible; are latitude and longitude swapped?", "lat")
    return {"lat": _LATITUDE(lat, "lat"), "lng": _LONGITUDE(lng, "lng")}


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _accuracy(value: Any, now: datetime) -> float:
    return _METRES(value, "")


def _located_by(value: Any, now: datetime) -> str:
    if value not in tuple(LocatedBy):
        raise Fault(f"{value!r} is not known; known are {', '.join(PLACED_BY_SENDERS)}")
    return str(value)


def _happened(value: Any, now: datetime) -> str:
    try:
        at = datetime.fromisoformat(value) if isinstance(value, str) else value
        if not isinstance(at, datetime):
            raise ValueError("not a time")
    except ValueError as error:
        raise Fault("a time is written as in RFC 3339: 2026-01-31T08:00:00+08:00") from error
    at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    if at > now + timedelta(seconds=limits.AHEAD_S_MAX):
        raise Fault(f"{value} lies in the future; is the clock of the phone right?")
    if at.year < limits.HAPPENED_EARLIEST_YEAR:
        raise Fault(f"{value} is too long ago; was the year mistyped?")
    return rfc3339(at)


def _answers(value: Any, now: datetime) -> dict[str, Any]:
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        raise Fault("answers are an object, by the names of the form's fields")
    if len(value) > limits.ANSWERS_MAX:
        raise Fault(f"{len(value)} answers; {limits.ANSWERS_MAX} are the limit")
    try:
        size = len(orjson.dumps(dict(value)))
    except (TypeError, ValueError) as error:
        raise Fault(f"answers are JSON: {error}") from error
    if size > limits.ANSWERS_BYTES_MAX:
        raise Fault(f"the answers are {size} bytes; {limits.ANSWERS_BYTES_MAX} are the limit")
    return dict(value)


_READERS: Final[Mapping[str, Reader]] = {
    "category": _text(ID_CHARS_MAX),
    "title": _text(limits.TITLE_CHARS_MAX),
    "text": _text(limits.TEXT_CHARS_MAX),
    "language": _shape(shapes.Language, "a language is a BCP 47 tag: zh, ar, pt-BR"),
    "location": _location,
    "accuracy_m": _accuracy,
    "located_by": _located_by,
    "place_name": _text(limits.NAME_CHARS_MAX),
    "region": _shape(shapes.Region, "a region is an ISO 3166-2 code: CN-YN"),
    "happened_at": _happened,
    "form": _text(ID_CHARS_MAX),
    "answers": _answers,
}
# What a moderator may change of what was sent; the sender's answers stay his.
EDITABLE: Final = frozenset(_READERS) - {"form", "answers"}
_REPORTER: Final = {
    key: _text(limits.REPORTER_CHARS_MAX) for key in ("name", "phone", "email", "account")
}


def _read(
    given: Mapping[str, Any], readers: Mapping[str, Reader], now: datetime
) -> tuple[dict[str, Any], list[Problem]]:
    fields: dict[str, Any] = {}
    problems: list[Problem] = []
    for name, value in given.items():
        if name not in readers:
            known = ", ".join(readers)
            problems.append(Problem(name, f"there is no such field; there are {known}"))
        elif value is None:
            fields[name] = None
        else:
            try:
                fields[name] = readers[name](value, now)
            except Fault as fault:
                problems.append(Problem(".".join(filter(None, (name, fault.field))), str(fault)))
    return fields, problems


def normalise(
    given: Mapping[str, Any], now: datetime, only: Iterable[str] = _READERS
) -> tuple[dict[str, Any], list[Problem]]:
    """The fields of an intake out of what was given, and what is wrong with it. None asks for a
    field to go."""
    return _read(given, {name: _READERS[name] for name in only}, now)


def normalise_reporter(
    given: Mapping[str, Any], now: datetime
) -> tuple[dict[str, Any], list[Problem]]:
    """Who sent it, as far as he says."""
    return _read(given, _REPORTER, now)


def _names(value: Any, now: datetime) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise Fault("a list of names is needed")
    return list(dict.fromkeys(value))


def normalise_reviewed(
    given: Mapping[str, Any], now: datetime
) -> tuple[dict[str, Any], list[Problem]]:
    """What a moderator lets out in place of what was sent."""
    readers = {key: _READERS[key] for key in ("title", "text")}
    return _read(given, {**readers, "answers": _names, "files": _names}, now)
