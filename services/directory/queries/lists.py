"""Pages of NGOs by name, arrival, distance or relevance, and single NGOs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from pymongo.collection import Collection

from hinterland.errors import BadInput
from hinterland.rooms.nearness import by_distance
from hinterland.rooms.paging import (
    ASCENDING,
    DESCENDING,
    Found,
    Keyset,
    Slice,
    cut,
    slice_of,
)
from hinterland.rooms.searching import TERMS, Searcher
from hinterland.search import Conjunction, Query
from hinterland.search.query import LAST_CHARACTER
from services.directory.contract.calls import ListNgos
from services.directory.contract.codes import OrderBy
from services.directory.queries.conditions import FIELDS, LOCATION, NAMES_INDEX, Conditions, visible

__all__ = ["export_page", "list_page", "ngos_by_id"]

Records = Collection[dict[str, Any]]
Document = dict[str, Any]
Row = tuple[tuple[Any, ...], Document]

BY_NAME: Final = Keyset("name", "ix.sort", ASCENDING, NAMES_INDEX)
# Both directions run along the kernel's index of kind and arrival.
BY_ARRIVAL: Final = Keyset("updated", "arrived", DESCENDING, "kind")


def ngos_by_id(
    collection: Records, ids: Iterable[str], scopes: Iterable[str]
) -> dict[str, Document]:
    """What is shown of single NGOs, and where others point at them."""
    wanted = {"_id": {"$in": list(ids)}, "ix.region": {"$gt": ""}, **visible(scopes)}
    return {document["_id"]: document for document in collection.find(wanted, FIELDS)}


def export_page(
    collection: Records, scopes: Iterable[str], home: str | None, after: str, count: int
) -> list[Document]:
    """Everything that may be read, in the order of ids, which no change moves."""
    wanted: dict[str, Any] = {"_id": {"$gt": after}, "ix.region": {"$gt": ""}, **visible(scopes)}
    if home is not None:
        wanted["home"] = home
    return list(collection.find(wanted, FIELDS).sort("_id", ASCENDING).hint("_id_").limit(count))


def list_page(collection: Records, conditions: Conditions, page: ListNgos) -> Found:
    """A page in the order that was asked for, or that the filter suggests. Raises BadInput."""
    order = page.order_by or _natural_order(conditions)
    match order:
        case OrderBy.RELEVANCE:
            if conditions.query is not None:
                return _by_relevance(collection, conditions, conditions.query, page)
            if not page.filter.search:
                raise BadInput("order by relevance needs a search", field="order_by")
            return _by_keyset(collection, conditions, page, BY_NAME)
        case OrderBy.DISTANCE:
            if conditions.near is None:
                raise BadInput("order by distance needs a place to be near to", field="order_by")
            parts = list(conditions.plain)
            if conditions.query is not None:
                parts.append(conditions.query.found().test(TERMS))
            return by_distance(collection, LOCATION, parts, conditions.near, page, FIELDS)
        case OrderBy.UPDATED:
            return _by_keyset(collection, conditions, page, BY_ARRIVAL)
        case OrderBy.NAME:
            return _by_keyset(collection, conditions, page, BY_NAME)


def _natural_order(conditions: Conditions) -> OrderBy:
    if conditions.query is not None:
        return OrderBy.RELEVANCE
    return OrderBy.NAME if conditions.near is None else OrderBy.DISTANCE


def _value(document: Document, keyset: Keyset) -> Any:
    return document["arrived"] if keyset is BY_ARRIVAL else document["ix"]["sort"]


def _by_keyset(
    collection: Records, conditions: Conditions, page: ListNgos, keyset: Keyset
) -> Found:
    """By name or by arrival: one run along an index that has the order, unless words are rarer."""
    value_type = int if keyset is BY_ARRIVAL else str
    wanted = slice_of(page, keyset.name, (value_type, str))
    beyond = [] if wanted.cursor is None else [keyset.beyond(wanted.cursor, wanted.backwards)]
    if keyset is BY_ARRIVAL:
        beyond.append({"kind": "ngo"})
    if conditions.query is None:
        cursor = collection.find({"$and": [*conditions.base, *beyond]}, FIELDS)
        found = list(cursor.sort(keyset.sort(wanted.backwards)).limit(wanted.count + 1))
    else:
        found = Searcher(collection, conditions, FIELDS).page(
            conditions.query.found(), keyset, beyond, wanted.backwards, wanted.count + 1
        )
    rows = [((_value(document, keyset), document["_id"]), document) for document in found]
    return cut(wanted, keyset.name, rows)


def _by_relevance(
    collection: Records, conditions: Conditions, query: Query, page: ListNgos
) -> Found:
    """Tier after tier until the page is full; within a tier by name."""
    order = str(OrderBy.RELEVANCE)
    wanted = slice_of(page, order, (int, str, str))
    searcher = Searcher(collection, conditions, FIELDS)
    rows: list[Row] = []
    for place, (find, tier, bounds) in _tiers(searcher, query, wanted):
        beyond = [*bounds]
        if wanted.cursor is not None and wanted.cursor[0] == place:
            beyond.append(BY_NAME.beyond(wanted.cursor[1:], wanted.backwards))
        missing = wanted.count + 1 - len(rows)
        found = find(tier, BY_NAME, beyond, wanted.backwards, missing)
        rows += [((place, doc["ix"]["sort"], doc["_id"]), doc) for doc in found]
        if len(rows) > wanted.count:
            break
    return cut(wanted, order, rows)


Tier = tuple[Callable[..., list[Document]], Conjunction, list[dict[str, Any]]]


def _tiers(searcher: Searcher, query: Query, wanted: Slice) -> list[tuple[int, Tier]]:
    """The tiers that lie beyond the cursor, the cursor's own among them, nearest first.

    Names that begin with the query are two of them: in the name that an NGO is listed under, where
    they stand together in the order, and in another. At a hub most names begin with its province.
    """
    whole, beginning, *words = query.tiers()
    listed = {"ix.sort": {"$gte": query.reading, "$lt": query.reading + LAST_CHARACTER}}
    tiers: list[tuple[int, Tier]] = list(
        enumerate(
            [
                (searcher.page, whole, []),
                (searcher.ordered_page, beginning, [listed]),
                (searcher.page, beginning, [{"$nor": [listed]}]),
                *((searcher.page, tier, []) for tier in words),
            ]
        )
    )
    if wanted.backwards:
        tiers.reverse()
    if wanted.cursor is None:
        return tiers
    at = wanted.cursor[0]
    return [tier for tier in tiers if (tier[0] <= at if wanted.backwards else tier[0] >= at)]
