"""What somebody wrote about an NGO, made into what is stored: one function for each field."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final, NamedTuple

import orjson
from pydantic import ValidationError

from services.directory.contract import limits
from services.directory.contract.codes import CAUSES, LEGAL_FORMS, SOCIAL_PLATFORMS
from services.directory.contract.records import BY_KEY_FIELDS, EDITABLE_FIELDS, Ngo
from services.directory.rules import notation

__all__ = ["COUNTRY_DEFAULT", "Normalised", "Problem", "body_of", "normalise", "problems_of"]

COUNTRY_DEFAULT: Final = "CN"  # whose telephone numbers these are, where no region says so
REQUIRED_FIELDS: Final = ("names", "region", "causes")


class Problem(NamedTuple):
    """What is wrong with a value, in a sentence; `field` is a path like `names.en`."""

    field: str
    message: str


@dataclass(slots=True)
class Normalised:
    """Values as they are stored, and what could not be. None asks for a field or key to go."""

    fields: dict[str, Any] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Context:
    """What notations depend on: the country that telephone numbers belong to, and the day."""

    country: str
    today: date


Reader = Callable[[Any, Context], Any]


def _text(value: Any, context: Context) -> str:
    if not isinstance(value, str):
        raise ValueError("a text is needed")
    text = notation.clean(value)
    if not text:
        raise ValueError("the text is empty")
    return text


def _line(value: Any, context: Context) -> str:
    return _text(value, context).replace("\n", " ")


def _unique(values: Iterable[Any]) -> list[Any]:
    unique: list[Any] = []
    for value in values:
        if value not in unique:
            unique.append(value)
    return unique


def _each(read: Reader) -> Reader:
    def read_list(value: Any, context: Context) -> list[Any]:
        if not isinstance(value, list | tuple):
            raise ValueError("a list is needed")
        return _unique(read(item, context) for item in value)

    return read_list


def _code(codes: Iterable[str], what: str) -> Reader:
    known = tuple(codes)

    def read_code(value: Any, context: Context) -> str:
        code = _line(value, context).lower()
        if code not in known:
            raise ValueError(f"{value!r} is no {what}; known are {', '.join(known)}")
        return code

    return read_code


def _mapping(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise ValueError("an object is needed")
    return value


def _location(value: Any, context: Context) -> dict[str, float]:
    point = _mapping(value)
    if set(point) != {"lng", "lat"}:
        raise ValueError("a location has lng and lat and nothing else")
    return notation.coordinates(point["lng"], point["lat"])


def _identifier(value: Any, context: Context) -> dict[str, str]:
    pair = _mapping(value)
    if set(pair) != {"scheme", "value"}:
        raise ValueError("an identifier has scheme and value and nothing else")
    return notation.identifier(_line(pair["scheme"], context), _line(pair["value"], context))


def _service(value: Any, context: Context) -> dict[str, str]:
    given = _mapping(value)
    readers = {"name": _line, "description": _text, "eligibility": _line, "hours": _line}
    if unknown := set(given) - set(readers):
        raise ValueError(f"a service has no {', '.join(sorted(unknown))}")
    if not given.get("name"):
        raise ValueError("a service needs a name")
    return {key: readers[key](text, context) for key, text in given.items() if text}


_READERS: Final[Mapping[str, Reader]] = {
    "names": _line,
    "descriptions": _text,
    "aliases": _each(_line),
    "causes": _each(_code(CAUSES, "cause")),
    "region": lambda value, context: notation.region(_line(value, context)),
    "city": _line,
    "address": _line,
    "location": _location,
    "founded": lambda value, context: notation.founded(value, context.today),
    "legal_form": _code(LEGAL_FORMS, "legal form"),
    "identifiers": _each(_identifier),
    "email": lambda value, context: notation.email(_line(value, context)),
    "phones": _each(lambda value, context: notation.phone(_line(value, context), context.country)),
    "website": lambda value, context: notation.website(_line(value, context)),
    "social": _line,
    "staff_count": lambda value, context: notation.count(value),
    "volunteer_count": lambda value, context: notation.count(value),
    "languages": _each(lambda value, context: notation.language(_line(value, context))),
    "services": _each(_service),
}


def _key(name: str, key: str) -> str:
    if name != "social":
        return notation.language(key)
    platform = key.strip().lower()
    if platform not in SOCIAL_PLATFORMS:
        raise ValueError(f"{key!r} is no platform; known are {', '.join(SOCIAL_PLATFORMS)}")
    return platform


def normalise(given: Mapping[str, Any], *, today: date, country: str | None = None) -> Normalised:
    """The fields of `given` as they are stored. A value that is not understood becomes a problem
    and is left out; so does one item of a list, while the others stay. Empty values mean None."""
    result = Normalised()
    region = given.get("region")
    guess = region[:2].upper() if isinstance(region, str) and region[:2].isascii() else None
    context = Context(country or guess or COUNTRY_DEFAULT, today)
    for name, value in given.items():
        if name not in EDITABLE_FIELDS:
            result.problems.append(Problem(name, "an NGO has no such field that can be written"))
        elif value is None or value in ("", [], {}, ()):
            result.fields[name] = None
        elif name in BY_KEY_FIELDS:
            _normalise_keys(name, value, context, result)
        elif isinstance(value, list) and name != "location":
            _normalise_items(name, value, context, result)
        else:
            _read(name, value, _READERS[name], context, result, result.fields, name)
    return result


def _read(
    path: str,
    value: Any,
    reader: Reader,
    context: Context,
    result: Normalised,
    into: dict[str, Any],
    key: str,
) -> None:
    try:
        into[key] = reader(value, context)
    except ValueError as error:
        result.problems.append(Problem(path, str(error)))


def _normalise_keys(name: str, value: Any, context: Context, result: Normalised) -> None:
    if not isinstance(value, Mapping):
        result.problems.append(Problem(name, "an object is needed, by language or platform"))
        return
    fields: dict[str, Any] = {}
    for key, text in value.items():
        try:
            stored_key = _key(name, str(key))
        except ValueError as error:
            result.problems.append(Problem(f"{name}.{key}", str(error)))
            continue
        if text is None or text == "":
            fields[stored_key] = None
        else:
            _read(f"{name}.{key}", text, _READERS[name], context, result, fields, stored_key)
    if fields:
        result.fields[name] = fields


def _normalise_items(name: str, value: list[Any], context: Context, result: Normalised) -> None:
    items: list[Any] = []
    for place, item in enumerate(value):
        read: dict[str, Any] = {}
        _read(f"{name}.{place}", [item], _READERS[name], context, result, read, name)
        items.extend(read.get(name, ()))
    if items:
        result.fields[name] = _unique(items)


def body_of(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Normalised fields as a body: without what is None, or empty by that."""
    body: dict[str, Any] = {}
    for name, value in fields.items():
        if name in BY_KEY_FIELDS and isinstance(value, Mapping):
            value = {key: text for key, text in value.items() if text is not None}
        if value is not None and value != {}:
            body[name] = value
    return body


def problems_of(body: Mapping[str, Any]) -> list[Problem]:
    """What keeps a body from being stored: missing fields, and limits that it breaks."""
    problems = [
        Problem(name, f"an NGO needs {what}")
        for name, what in zip(
            REQUIRED_FIELDS, ("a name in one language", "a region", "a cause"), strict=True
        )
        if not body.get(name)
    ]
    if problems:
        return problems
    sizes = {name: len(orjson.dumps(value)) for name, value in body.items()}
    if sum(sizes.values()) > limits.NGO_BYTES_MAX:
        largest = max(sizes, key=lambda name: sizes[name])
        return [Problem(largest, f"an NGO may have {limits.NGO_BYTES_MAX} bytes in all its fields")]
    try:
        Ngo.model_validate(body)
    except ValidationError as error:
        return [
            Problem(
                ".".join(str(part) for part in fault["loc"] if part != "[key]"),
                fault["msg"].removeprefix("Value error, "),
            )
            for fault in error.errors(include_url=False, include_context=False, include_input=False)
        ]
    return []
