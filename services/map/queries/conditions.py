"""Which reports a filter and an audience mean, and the indexes that answer."""

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
from hinterland.rooms.paging import Condition, Keyset
from hinterland.rooms.searching import TERMS, unknown_words
from services.map.contract.calls import BoundingBox, ReportFilter
from services.map.queries.events import group_around
from services.map.queries.tables import categories_below
from services.map.rules.tiles import cover

__all__ = [
    "FACETS",
    "FIELDS",
    "HAPPENED",
    "HAPPENED_INDEX",
    "POINT",
    "REPORT_INDEXES",
    "TILE",
    "TILE_INDEX",
    "Conditions",
    "matching",
    "visible",
]

HAPPENED: Final = "ix.happened"
HAPPENED_INDEX: Final = "happened"
POINT: Final = "ix.point"
TILE: Final = "ix.tile"
TILE_INDEX: Final = "tile"
FACETS: Final = "facets"
# What is shown of a report, and where it stands in its order.
FIELDS: Final[Mapping[str, int]] = {
    "home": 1, "kind": 1, "scope": 1, "epoch": 1, "n": 1, "at": 1, "by": 1, "arrived": 1,
    "body": 1, HAPPENED: 1,
}  # fmt: skip
# Only reports have a category. On the second field of the facets it leaves one range to be read.
IS_REPORT: Final[Condition] = {"ix.category": {"$gt": ""}}
ONLY_REPORTS: Final[Condition] = {"ix.category": {"$exists": True}}
NOTHING: Final[Condition] = {"_id": {"$in": []}}


def _latest_first(field: str, name: str) -> IndexModel:
    keys = [(field, ASCENDING), (HAPPENED, ASCENDING), ("_id", ASCENDING)]
    return IndexModel(keys, name=name, partialFilterExpression=ONLY_REPORTS)


REPORT_INDEXES: Final[list[IndexModel]] = [
    # Lists by when it happened, without a filter or where a search is common.
    IndexModel(
        [(HAPPENED, ASCENDING), ("_id", ASCENDING)],
        name=HAPPENED_INDEX,
        partialFilterExpression=ONLY_REPORTS,
    ),
    # The same for some categories, a province or a home: equality, then order.
    _latest_first("ix.category", "category_happened"),
    _latest_first("ix.region", "region_happened"),
    _latest_first("home", "home_happened"),
    # Search. Nothing but the term: there are dozens of them in a report, and every byte counts.
    IndexModel([(TERMS, ASCENDING)], name="terms", sparse=True),
    # Near a point, in the order of distance.
    IndexModel([(POINT, GEOSPHERE)], name="point", sparse=True),
    # Tiles and areas: a tile is one range. With what tiles show and filter by, no record is read.
    IndexModel(
        [
            ("scope", ASCENDING),
            (TILE, ASCENDING),
            ("ix.category", ASCENDING),
            ("ix.state", ASCENDING),
            (HAPPENED, ASCENDING),
            ("ix.x", ASCENDING),
            ("ix.y", ASCENDING),
            ("_id", ASCENDING),
        ],
        name=TILE_INDEX,
        partialFilterExpression={TILE: {"$exists": True}},
    ),
    # Counts and summaries read this and no record.
    IndexModel(
        [
            ("scope", ASCENDING),
            ("ix.category", ASCENDING),
            ("ix.state", ASCENDING),
            ("ix.region", ASCENDING),
            ("home", ASCENDING),
            ("ix.day", ASCENDING),
            (HAPPENED, ASCENDING),
        ],
        name=FACETS,
        partialFilterExpression=ONLY_REPORTS,
    ),
]

# Filters whose index goes on with the order of what happened; what it leaves out is few.
_ORDERED_FILTERS: Final = frozenset(
    {"search", "categories", "region", "home", "states", "happened_after", "happened_before"}
)
# Filters that the index of facets answers by itself, and those that the index of tiles does.
_FACET_FILTERS: Final = _ORDERED_FILTERS - {"search"}


@dataclass(frozen=True, slots=True)
class Conditions:
    """What reports must fulfil: `plain` conditions, and what was searched for and near what, if
    that was asked. `filtered` says that more than the audience is plain; `ordered` that an index
    has it in the order of what happened; `faceted` that the index of facets is enough to count."""

    plain: tuple[Condition, ...]
    query: search.Query | None
    near: Near | None
    filtered: bool
    ordered: bool
    faceted: bool

    @property
    def base(self) -> list[Condition]:
        """All but the search; near means within the circle."""
        return [*self.plain, *([within(POINT, self.near)] if self.near else [])]

    @property
    def facets(self) -> str | None:
        """The index of facets, where it is enough."""
        return FACETS if self.faceted else None

    @property
    def test(self) -> list[Condition]:
        """All of it, for records that are come by in some other way."""
        return [*self.base, *([self.query.found().test(TERMS)] if self.query else [])]

    @property
    def tiled(self) -> list[Condition]:
        """All of it, for what the index of tiles finds: nothing but reports are in that."""
        return [part for part in self.test if part is not IS_REPORT]

    def along(self, keyset: Keyset) -> bool:
        """Whether an index fulfils the filters and goes on with the order."""
        return self.ordered if keyset.index == HAPPENED_INDEX else not self.filtered


def visible(scopes: Iterable[str]) -> Condition:
    """Records of these scopes."""
    return {"scope": {"$in": sorted(scopes)}}


def _region(code: str) -> Condition:
    """A province, or a country with all its provinces: `CN` and `CN-…`, before `CN.`."""
    return {"ix.region": code if "-" in code else {"$gte": code, "$lt": f"{code}."}}


def _inside(box: BoundingBox) -> Condition:
    """The tiles around the area for the index, its edges for what it finds there."""
    tiles = [{TILE: {"$gte": span.first, "$lt": span.end}} for span in cover(box)]
    lng, lat = f"{POINT}.coordinates.0", f"{POINT}.coordinates.1"
    east, west = {lng: {"$lte": box.east}}, {lng: {"$gte": box.west}}
    across = box.west > box.east
    return {
        "$and": [
            {"$or": tiles},
            {"$or": [east, west]} if across else {"$and": [east, west]},
            {lat: {"$gte": box.south, "$lte": box.north}},
        ]
    }


def matching(
    collection: Collection[dict[str, Any]], wanted: ReportFilter, scopes: Iterable[str]
) -> Conditions:
    """What a filter means for an audience. Asks which categories are below those that are named,
    which reports are one event, and which words nobody spells so."""
    scopes = sorted(scopes)
    audience = visible(scopes)
    parts: list[Condition] = [audience]
    if wanted.categories is None:
        parts.append(IS_REPORT)
    else:
        below = categories_below(collection, wanted.categories)
        parts.append({"ix.category": {"$in": below}} if below else NOTHING)
    if wanted.happened_after is not None:
        parts.append({HAPPENED: {"$gte": wanted.happened_after}})
    if wanted.happened_before is not None:
        parts.append({HAPPENED: {"$lt": wanted.happened_before}})
    if wanted.states is not None:
        parts.append({"ix.state": {"$in": [str(state) for state in wanted.states]}})
    if wanted.region is not None:
        parts.append(_region(wanted.region))
    if wanted.home is not None:
        parts.append({"home": wanted.home})
    if wanted.bbox is not None:
        parts.append(_inside(wanted.bbox))
    if wanted.updated_after is not None:
        parts.append({"kind": "report", "arrived": {"$gt": to_us(wanted.updated_after)}})
    if wanted.group is not None:
        parts.append({"_id": {"$in": group_around(collection, wanted.group, scopes)}})
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
        faceted=query is None and given <= _FACET_FILTERS | {"search"} and NOTHING not in parts,
    )
