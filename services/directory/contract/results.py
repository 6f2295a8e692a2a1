"""The shapes of what RPCs return. Every result holds `head`, the version of this service."""

from __future__ import annotations

from typing import Any, Literal, TypedDict

from services.directory.contract.access import Scope

__all__ = [
    "CellProblem",
    "DecisionJson",
    "Difference",
    "Group",
    "NgoJson",
    "Page",
    "RowOutcome",
    "SuggestionJson",
    "Summary",
    "Written",
]


class Written(TypedDict, total=False):
    """The result of a command. `similar`: ids of NGOs with a like name nearby (register_ngo
    only)."""

    id: str
    version: str
    head: int
    similar: list[str]


class NgoJson(TypedDict, total=False):
    """An NGO as the reads return it: what is known of the record, and the fields of `records.Ngo`
    that have a value. Times are RFC 3339 in UTC."""

    id: str
    version: str
    home: str
    scope: Scope
    at: str  # when its home wrote it
    arrived: str  # when this node got it
    names: dict[str, str]
    descriptions: dict[str, str]
    aliases: list[str]
    causes: list[str]
    region: str
    city: str
    address: str
    location: dict[str, float]  # lng, lat
    founded: str
    legal_form: str
    identifiers: list[dict[str, str]]  # scheme, value
    email: str
    phones: list[str]
    website: str
    social: dict[str, str]
    staff_count: int
    volunteer_count: int
    languages: list[str]
    services: list[dict[str, str]]  # name, description, eligibility, hours
    verification: dict[str, Any]  # state, by, at, note
    last_confirmed: str
    distance_km: float  # only in a list with `near`


class Page(TypedDict):
    """`total` is None unless `count` was asked for."""

    head: int
    items: list[Any]
    cursors: list[str]
    has_next: bool
    has_previous: bool
    total: int | None


class Group(TypedDict):
    keys: dict[str, str | int | None]
    count: int


class Summary(TypedDict):
    """`total` counts NGOs, once each. Groups are ordered by count, largest first; `truncated` says
    that there were more than SUMMARY_GROUPS_MAX."""

    head: int
    total: int
    groups: list[Group]
    truncated: bool


class Difference(TypedDict):
    """One line of a suggestion: a path (`phones`, `names.en`) and its values; None is absent."""

    path: str
    seen: Any
    current: Any
    proposed: Any
    conflict: bool


class DecisionJson(TypedDict):
    accepted: bool
    automatic: bool
    note: str | None
    by: str | None
    at: str


class SuggestionJson(TypedDict):
    id: str
    version: str
    home: str  # the suggester's node
    ngo_id: str
    ngo_home: str
    ngo_version: str  # the one that the suggester saw
    state: str
    differences: list[Difference]
    note: str | None
    by: str | None
    at: str
    arrived: str
    decision: DecisionJson | None


class CellProblem(TypedDict):
    """What is wrong with one row; `field` is None where it is the row as a whole."""

    field: str | None
    message: str


class RowOutcome(TypedDict):
    """`outcome`: imported (dry run: would be), unchanged (an NGO that says all this is there
    already), duplicate (probably one that is there, but says otherwise), or refused. `of` is that
    NGO, or `of_row` that earlier row, and `why` says by what it was recognised."""

    row: int
    outcome: Literal["imported", "unchanged", "duplicate", "refused"]
    id: str | None
    of: str | None
    of_row: int | None
    why: Literal["identifier", "name"] | None
    problems: list[CellProblem]
