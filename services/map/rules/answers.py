"""Answers against the form that they are of: types, required ones, options, conditions.

Answers are JSON in the form's own shape: a group is an object, a repeat a list of objects, and the
rest is by kind:

    text, choice, photo, file   text; a photo or file is the name of one of the report's files
    integer, decimal            a number
    choices                     a list of options, in the order of choosing
    date, time, datetime        ISO 8601; a datetime has an offset
    location                    {"lat": …, "lng": …}, and "altitude_m", "accuracy_m" where known
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any, Final
from xml.etree.ElementTree import Element, SubElement

from services.map.contract.forms import CONTAINERS, FILE_KINDS, ROOT
from services.map.contract.limits import TITLE_CHARS_MAX
from services.map.rules.expressions import AnswersTooComplex, Budget, Expressions, days_of
from services.map.rules.reporting import TAG, Problem

__all__ = [
    "Answered",
    "check_answers",
    "files_named",
    "personal_answers",
    "report_of",
    "without_personal",
]

ANSWER_CHARS_MAX: Final = 10_000  # of one text
REPEATS_MAX: Final = 200  # of one group, in one place
VALUES_MAX: Final = 2_000  # answers and groups of one submission, repeats counted
INTEGER_ABS_MAX: Final = 2**53  # beyond, JSON's numbers are not exact

_INTEGER: Final = re.compile(r"[+-]?[0-9]{1,18}")
_DECIMAL: Final = re.compile(
    r"[+-]?([0-9]{1,30}(\.[0-9]{0,30})?|\.[0-9]{1,30})([eE][+-]?[0-9]{1,3})?"
)
_POINT_BOUNDS: Final = {
    "lat": (-90.0, 90.0),
    "lng": (-180.0, 180.0),
    "altitude_m": (-12_000.0, 100_000.0),
    "accuracy_m": (0.0, 2_000_000.0),
}

# Fields of a report, by the kinds of those of a form that may fill them.
_OF_REPORT: Final[Mapping[str, tuple[str, ...]]] = {
    "title": ("text",),
    "text": ("text",),
    "place_name": ("text",),
    "happened_at": ("date", "datetime"),
}

Field = Mapping[str, Any]


@dataclass(slots=True)
class Answered:
    """`answers` as they are kept, and what is wrong with them; `field` of a problem is a path like
    `answers.members.0.age`."""

    answers: dict[str, Any]
    problems: list[Problem] = field(default_factory=list)


class _Wrong(ValueError):
    """A value that is not what its field asks for."""


def check_answers(
    form: Mapping[str, Any],
    answers: Mapping[str, Any],
    now: datetime,
    pause: Callable[[], object] = lambda: None,
) -> Answered:
    """Check answers to `form`, the body of a record; `now` is when they were given, there.

    `pause` is called now and then, so that others get their turn. Raises AnswersTooComplex.
    """
    return _Check(form, now, Budget(pause)).run(answers)


@dataclass(slots=True)
class _Place:
    """One field in one repeat: where its answer is in the XML, and its problem's name."""

    field: Field
    element: Element
    path: str
    value: Any
    wrong: bool = False  # which has been said


class _Check:
    def __init__(self, form: Mapping[str, Any], now: datetime, budget: Budget) -> None:
        self._children: dict[str, list[Field]] = {}
        for each in form.get("fields", ()):
            parent = each["path"].rpartition("/")[0]
            self._children.setdefault(parent, []).append(each)
        self._options = {
            name: {option["value"] for option in options}
            for name, options in form.get("options", {}).items()
        }
        self._root = Element(form.get("root") or ROOT)
        self._expressions = Expressions(self._root, now, budget)
        self._budget = budget
        self._places: list[_Place] = []
        self._problems: list[Problem] = []
        self._relevant: dict[int, bool | None] = {id(self._root): True}
        self._parents: dict[int, Element] = {}

    def run(self, answers: Mapping[str, Any]) -> Answered:
        kept = self._read_group("", answers, self._root, "answers")
        # Conditions are computed when all answers are where conditions look for them.
        for place in self._places:
            self._check(place)
        return Answered(kept, self._problems)

    def _say(self, path: str, message: str) -> None:
        self._problems.append(Problem(path, message))

    # Reading

    def _read_group(self, group: str, answers: Any, element: Element, path: str) -> dict[str, Any]:
        if not isinstance(answers, Mapping):
            self._say(path, "answers to a group are an object, by the names of its fields")
            answers = {}
        fields = self._children.get(group, [])
        names = {each["path"].rpartition("/")[2] for each in fields}
        for name in answers:
            if name not in names:
                self._say(f"{path}.{name}", "the form has no such field; is it of another version?")
        kept = {}
        for each in fields:
            name = each["path"].rpartition("/")[2]
            value = self._read_field(each, answers.get(name), element, f"{path}.{name}")
            if value not in (None, "", [], {}):
                kept[name] = value
        return kept

    def _read_field(self, found: Field, given: Any, parent: Element, path: str) -> Any:
        kind = found["kind"]
        if kind == "repeat":
            return self._read_repeat(found, given, parent, path)
        element = self._place(found, parent, path, given)
        if kind == "group":
            return self._read_group(found["path"], given or {}, element, path)
        if given in (None, "", []):
            return None
        try:
            value = self._value(found, given)
        except _Wrong as wrong:
            self._say(path, str(wrong))
            self._places[-1].wrong = True
            return None
        element.text = _as_text(kind, value)
        self._places[-1].value = value
        return value

    def _read_repeat(self, found: Field, given: Any, parent: Element, path: str) -> Any:
        given = given if given is not None else []
        if not isinstance(given, list):
            self._say(path, "answers to a repeat are a list")
            return None
        if len(given) > REPEATS_MAX:
            self._say(path, f"{len(given)} repeats; {REPEATS_MAX} are the limit")
            return None
        kept = []
        for place, each in enumerate(given):
            element = self._place(found, parent, f"{path}.{place}", each)
            kept.append(self._read_group(found["path"], each, element, f"{path}.{place}"))
        return kept

    def _place(self, found: Field, parent: Element, path: str, value: Any) -> Element:
        element = SubElement(parent, found["path"].rpartition("/")[2])
        self._parents[id(element)] = parent
        self._places.append(_Place(found, element, path, value))
        if len(self._places) > VALUES_MAX:
            raise AnswersTooComplex(f"The submission has over {VALUES_MAX} answers. Split it up.")
        self._budget.spend()
        return element

    def _value(self, found: Field, given: Any) -> Any:
        reader: Callable[[Any], Any] = _READERS.get(found["kind"], _text)
        value = reader(given)
        if found.get("options") is not None and not found.get("choices_elsewhere"):
            options = self._options.get(found["options"], set())
            for each in value if isinstance(value, list) else [value]:
                if each not in options:
                    raise _Wrong(f"{each!r} is not one of the choices; they are {_some(options)}")
        if isinstance(value, int | float):
            low, high = found.get("min", -math.inf), found.get("max", math.inf)
            if not low <= value <= high:
                raise _Wrong(f"{value:g} is not between {low:g} and {high:g}")
        return value

    # Conditions

    def _check(self, place: _Place) -> None:
        found, relevant = place.field, self._is_relevant(place)
        if found["kind"] in CONTAINERS or place.wrong:
            return
        if place.value in (None, "", []):
            if relevant and self._is_required(place):
                self._say(place.path, _message(found, "required_messages", "an answer is required"))
        elif relevant is False:
            message = "this is not asked after the other answers; leave it out, or correct them"
            self._say(place.path, message)
        elif self._is_violated(place):
            rule = f"the answer does not satisfy the form: {found['constraint']}"
            self._say(place.path, _message(found, "constraint_messages", rule))

    def _is_relevant(self, place: _Place) -> bool | None:
        """Whether the field is asked, and all that it is in; None where that cannot be said."""
        around = self._relevant[id(self._parents[id(place.element)])]
        condition = place.field.get("relevant")
        own = True if not condition else self._expressions.holds(condition, place.element)
        relevant = False if around is False or own is False else (around and own)
        self._relevant[id(place.element)] = relevant
        return relevant

    def _is_violated(self, place: _Place) -> bool:
        constraint = place.field.get("constraint")
        # Whoever fills in a form cannot correct what the phone has computed.
        if not constraint or place.field.get("calculated"):
            return False
        return self._expressions.holds(constraint, place.element) is False

    def _is_required(self, place: _Place) -> bool:
        found = place.field
        # Nobody can answer what is only read, or filled in by the phone.
        if found.get("read_only") or found.get("calculated") or found["kind"] == "note":
            return False
        condition = found.get("required_when")
        return bool(found.get("required")) or bool(
            condition and self._expressions.holds(condition, place.element)
        )


def _message(found: Field, key: str, otherwise: str) -> str:
    """In the form's own words, in all of its languages."""
    return " / ".join(found.get(key, {}).values()) or otherwise


def _some(options: set[str]) -> str:
    shown = sorted(options)[:10]
    return ", ".join(shown) + (" …" if len(options) > len(shown) else "")


# One reader for each kind: JSON, or the text that a phone sends, to what is kept.


def _text(given: Any) -> str:
    if not isinstance(given, str):
        raise _Wrong("a text is needed")
    if len(given) > ANSWER_CHARS_MAX:
        raise _Wrong(f"the text has {len(given)} characters; {ANSWER_CHARS_MAX} are the limit")
    if any(character < " " and character not in "\t\n\r" for character in given):
        raise _Wrong("the text holds characters that cannot be shown; type it anew")
    if TAG.search(given):
        raise _Wrong("the text holds HTML; send it without tags")
    return given


def _integer(given: Any) -> int:
    if isinstance(given, str) and _INTEGER.fullmatch(given.strip()):
        given = int(given)
    if isinstance(given, bool) or not isinstance(given, int) or abs(given) > INTEGER_ABS_MAX:
        raise _Wrong("a whole number is needed")
    return given


def _decimal(given: Any) -> float:
    if isinstance(given, str) and _DECIMAL.fullmatch(given.strip()):
        given = float(given)
    if isinstance(given, bool) or not isinstance(given, int | float):
        raise _Wrong("a number is needed")
    try:
        number = float(given)
    except OverflowError as error:
        raise _Wrong("the number is too large") from error
    if not math.isfinite(number):
        raise _Wrong("the number is too large")
    return number


def _choices(given: Any) -> list[str]:
    chosen = given.split() if isinstance(given, str) else given
    if not isinstance(chosen, list) or not all(isinstance(each, str) for each in chosen):
        raise _Wrong("a list of choices is needed")
    if len(set(chosen)) != len(chosen):
        raise _Wrong("a choice is there twice")
    return chosen


def _date(given: Any) -> str:
    try:
        return date.fromisoformat(_text(given).strip()[:10]).isoformat()
    except ValueError as error:
        raise _Wrong("a date is written as 2026-01-31") from error


def _time(given: Any) -> str:
    try:
        found = time.fromisoformat(_text(given).strip())
    except ValueError as error:
        raise _Wrong("a time of day is written as 08:05, with its offset behind it") from error
    return found.isoformat()


def _datetime(given: Any) -> str:
    try:
        found = datetime.fromisoformat(_text(given).strip())
    except ValueError as error:
        raise _Wrong("a time is written as in RFC 3339: 2026-01-31T08:05:00+08:00") from error
    if found.tzinfo is None:
        raise _Wrong("the time has no offset from UTC; write 2026-01-31T08:05:00+08:00")
    return found.isoformat()


def _location(given: Any) -> dict[str, float]:
    """Also of phones: latitude, longitude, and where known altitude and accuracy, in metres."""
    if isinstance(given, str):
        numbers = given.split()
        if not 2 <= len(numbers) <= len(_POINT_BOUNDS):
            raise _Wrong("a place is written as latitude and longitude, in degrees")
        given = dict(zip(_POINT_BOUNDS, numbers, strict=False))
    if not isinstance(given, Mapping) or not {"lat", "lng"} <= set(given) <= set(_POINT_BOUNDS):
        raise _Wrong('a place is {"lat": …, "lng": …}, in degrees')
    found = {}
    for name, (low, high) in _POINT_BOUNDS.items():
        if given.get(name) is None:
            continue
        number = _decimal(given[name])
        if not low <= number <= high:
            raise _Wrong(f"{name} is {number:g}, which is not between {low:g} and {high:g}")
        found[name] = number
    return found


def _note(given: Any) -> None:
    # Phones send what a note shows, where it is computed; it is no answer.
    return None


_READERS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "integer": _integer,
    "decimal": _decimal,
    "choices": _choices,
    "date": _date,
    "time": _time,
    "datetime": _datetime,
    "location": _location,
    "note": _note,
}


def _as_text(kind: str, value: Any) -> str:
    """A value as conditions see it: dates and times in days, as phones compute with them."""
    match value:
        case None:
            return ""
        case list():
            return " ".join(value)
        case dict():
            return " ".join(f"{value.get(name, 0.0):.10g}" for name in _POINT_BOUNDS)
        case float():
            return repr(value) if "e" not in repr(value) else f"{value:.20f}"
        case str() if kind in ("date", "time", "datetime"):
            days = days_of(value)
            return value if days is None else repr(days)
    return str(value)


def files_named(form: Mapping[str, Any], answers: Mapping[str, Any]) -> list[str]:
    """The names of the files that answers refer to, in the order of the form."""
    found = _values(form, answers, lambda field: field["kind"] in FILE_KINDS)
    return [value for value in found if isinstance(value, str)]


def without_personal(form: Mapping[str, Any], answers: Mapping[str, Any]) -> dict[str, Any]:
    """The answers without what tells of the sender, and was not asked: his number, his name."""
    personal = {each["path"] for each in form.get("fields", ()) if each.get("personal")}
    return _without(answers, personal, "")


def personal_answers(form: Mapping[str, Any], answers: Mapping[str, Any]) -> dict[str, Any]:
    """What tells of the sender, by path: phones are asked for it at the top of a form."""
    return {
        each["path"]: answers[each["path"]]
        for each in form.get("fields", ())
        if each.get("personal") and each["path"] in answers
    }


def report_of(
    form: Mapping[str, Any], answers: Mapping[str, Any], name: str | None
) -> dict[str, Any]:
    """What a report takes from its answers: the fields `title`, `text`, `place_name` and
    `happened_at` of the form's top level, and the first place. `name` is what the phone calls
    the submission."""
    title = name or _form_name(form)
    said: dict[str, Any] = {"title": title[:TITLE_CHARS_MAX]}
    kinds = {each["path"]: each["kind"] for each in form.get("fields", ())}
    for key, kind in _OF_REPORT.items():
        if kinds.get(key) in kind and answers.get(key):
            said[key] = answers[key]
    place = next(_values(form, answers, lambda field: field["kind"] == "location"), None)
    if isinstance(place, Mapping):
        said["location"] = {"lat": place["lat"], "lng": place["lng"]}
        if "accuracy_m" in place:
            said["accuracy_m"] = place["accuracy_m"]
    return said


def _form_name(form: Mapping[str, Any]) -> str:
    """In its first language; a name with tags in it is for phones, which show them as fonts."""
    name = str(next(iter(form["names"].values())))
    return str(form["form_id"]) if TAG.search(name) else name


def _without(answers: Mapping[str, Any], paths: set[str], group: str) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for name, value in answers.items():
        path = f"{group}/{name}".lstrip("/")
        if path in paths:
            continue
        match value:
            case list() if value and isinstance(value[0], dict):
                kept[name] = [_without(each, paths, path) for each in value]
            case dict():
                kept[name] = _without(value, paths, path)
            case _:
                kept[name] = value
    return kept


def _values(
    form: Mapping[str, Any], answers: Mapping[str, Any], wanted: Callable[[Field], bool]
) -> Iterator[Any]:
    """The answers to such fields, those in repeats once for each."""
    for each in form.get("fields", ()):
        if wanted(each):
            yield from _at(answers, each["path"].split("/"))


def _at(value: Any, names: list[str]) -> Iterator[Any]:
    if isinstance(value, list) and names:
        for each in value:
            yield from _at(each, names)
    elif not names:
        yield value
    elif isinstance(value, Mapping) and names[0] in value:
        yield from _at(value[names[0]], names[1:])
