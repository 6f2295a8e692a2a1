"""Which NGOs a filter and an audience mean, and the indexes that answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pymongo import ASCENDING, GEOSPHERE, IndexModel
from pymongo.collection import Collection

from hinterland import search
from hinterland.clock import to_us
from hinterland.rooms.arguments import Near
from hinterland.rooms.nearness import within
from hinterland.rooms.paging import Keyset
from hinterland.rooms.searching import TERMS, unknown_words
from services.directory.contract.calls import NgoFilter
from services.directory.contract.codes import VerificationState
from services.directory.rules.places import city_key

__all__ = [
    "FACETS",
    "FIELDS",
    "INDEXES",
    "LOCATION",
    "NAMES_INDEX",
    "Condition",
    "Conditions",
    "matching",
    "visible",
]

Condition = dict[str, Any]
Document = Mapping[str, Any]

FACETS: Final = "facets"
NAMES_INDEX: Final = "sort"
LOCATION: Final = "ix.location"
# What is shown of an NGO, and where it stands in its order.
FIELDS: Final[Mapping[str, int]] = {
    "home": 1, "kind": 1, "scope": 1, "epoch": 1, "n": 1, "at": 1, "by": 1, "arrived": 1,
    "body": 1, "ix.sort": 1,
}  # fmt: skip

INDEXES: Final[list[IndexModel]] = [
    # Lists by name without a filter, and where a search is so common that sorting would cost more.
    IndexModel([("ix.sort", ASCENDING), ("_id", ASCENDING)], name=NAMES_INDEX),
    # Search. Nothing but the term: there are some 80 of them in an NGO, and every byte counts.
    IndexModel([(TERMS, ASCENDING)], name="terms", sparse=True),
    # Lists by name of one province, city, cause, home or verification: equality, then order.
    IndexModel(
        [("ix.region", ASCENDING), ("ix.sort", ASCENDING), ("_id", ASCENDING)], name="region"
    ),
    IndexModel([("ix.city", ASCENDING), ("ix.sort", ASCENDING), ("_id", ASCENDING)], name="city"),
    IndexModel(
        [("ix.causes", ASCENDING), ("ix.sort", ASCENDING), ("_id", ASCENDING)], name="causes"
    ),
    IndexModel([("home", ASCENDING), ("ix.sort", ASCENDING), ("_id", ASCENDING)], name="home"),
    IndexModel(
        [("ix.verification", ASCENDING), ("ix.sort", ASCENDING), ("_id", ASCENDING)],
        name="verification",
    ),
    # Near a point, in the order of distance.
    IndexModel([(LOCATION, GEOSPHERE)], name="location"),
    # Counts and summaries read this and no record. Causes are one string, so that it stays narrow.
    IndexModel(
        [
            ("scope", ASCENDING),
            ("ix.region", ASCENDING),
            ("ix.cause_set", ASCENDING),
            ("home", ASCENDING),
            ("ix.verification", ASCENDING),
            ("ix.founded_year", ASCENDING),
        ],
        name=FACETS,
        partialFilterExpression={"ix.region": {"$exists": True}},
    ),
    # Like names, asked for at every registration and for every imported row.
    IndexModel([("ix.alike", ASCENDING)], name="alike", sparse=True),
    # Suggestions and decisions about an NGO; the answer to a suggestion; suggestions to a home.
    IndexModel([("ix.ngo", ASCENDING)], name="ngo", sparse=True),
    IndexModel([("ix.decided", ASCENDING)], name="decided", sparse=True),
    IndexModel([("ix.to", ASCENDING), ("_id", ASCENDING)], name="to", sparse=True),
    # The chunks of one import, to undo it.
    IndexModel([("ix.import", ASCENDING), ("ix.chunk", ASCENDING)], name="import", sparse=True),
]

# Filters whose index goes on with the order of names.
_ORDERED_FILTERS: Final = frozenset({"search", "region", "city", "causes", "home", "verified"})
# Filters that the index `facets` answers by itself.
_FACET_FILTERS: Final = frozenset({"region", "home", "verified"})


@dataclass(frozen=True, slots=True)
class Conditions:
    """What NGOs must fulfil: `plain` conditions, and what was searched for and near what, if that
    was asked. `filtered` says that more than the audience is plain; `ordered` that an index has it
    in the order of names; `faceted` that the index of facets is enough to count it."""

    plain: tuple[Condition, ...]
    query: search.Query | None
    near: Near | None
    filtered: bool
    ordered: bool
    faceted: bool

    @property
    def base(self) -> list[Condition]:
        """All but the search; near means within the circle."""
        return [*self.plain, *([within(LOCATION, self.near)] if self.near else [])]

    @property
    def facets(self) -> str | None:
        """The index of facets, where it is enough."""
        return FACETS if self.faceted else None

    def along(self, keyset: Keyset) -> bool:
        """Whether an index fulfils the filters and goes on with the order."""
        return self.ordered if keyset.index == NAMES_INDEX else not self.filtered


def visible(scopes: Iterable[str]) -> Condition:
    """Records of these scopes."""
    return {"scope": {"$in": sorted(scopes)}}


def _region(code: str) -> Condition:
    """A province, or a country with all its provinces: `CN` and `CN-…`, before `CN.`."""
    return {"ix.region": code if "-" in code else {"$gte": code, "$lt": f"{code}."}}


def _verified(verified: bool) -> Condition:
    if verified:
        return {"ix.verification": VerificationState.VERIFIED}
    others = [state for state in VerificationState if state is not VerificationState.VERIFIED]
    return {"ix.verification": {"$in": others}}


def matching(
    collection: Collection[dict[str, Any]], wanted: NgoFilter, scopes: Iterable[str]
) -> Conditions:
    """What a filter means for an audience. Asks the index which words nobody spells so."""
    audience = visible(scopes)
    parts: list[Condition] = [audience]
    parts.append(_region(wanted.region) if wanted.region else {"ix.region": {"$gt": ""}})
    if wanted.city:
        parts.append({"ix.city": city_key(wanted.city)})
    if wanted.causes is not None:
        parts.append({"ix.causes": {"$in": list(wanted.causes)}})
    if wanted.home:
        parts.append({"home": wanted.home})
    if wanted.verified is not None:
        parts.append(_verified(wanted.verified))
    if wanted.updated_after:
        parts.append({"kind": "ngo", "arrived": {"$gt": to_us(wanted.updated_after)}})
    if wanted.ids is not None:
        parts.append({"_id": {"$in": list(wanted.ids)}})
    query = search.parse(wanted.search) if wanted.search else None
    if query is not None and query.empty:
        query = None
    if query is not None:
        query = query.with_misspelt(unknown_words(collection, query, audience))
    given = {name for name, value in wanted if value is not None}
    return Conditions(
        plain=tuple(parts),
        query=query,
        near=wanted.near,
        filtered=bool(given - {"search"}),
        ordered=given <= _ORDERED_FILTERS,
        faceted=given <= _FACET_FILTERS or (query is None and given <= _FACET_FILTERS | {"search"}),
    )
