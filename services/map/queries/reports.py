"""Pages of reports by time, arrival or distance, the export, and records of every kind."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from pymongo.collection import Collection

from hinterland.errors import BadInput
from hinterland.rooms.nearness import by_distance
from hinterland.rooms.paging import ASCENDING, DESCENDING, Condition, Found, Keyset, cut, slice_of
from hinterland.rooms.searching import TERMS, Searcher, stages_of
from services.map.contract.calls import ExportReports, ListRecords, ListReports
from services.map.contract.codes import ReportOrder
from services.map.queries.conditions import FIELDS, HAPPENED, HAPPENED_INDEX, POINT, Conditions

__all__ = ["count_reports", "export_page", "record_page", "records_by_id", "report_page"]

Records = Collection[dict[str, Any]]
Document = dict[str, Any]
Readable = Mapping[str, Iterable[str]]

BY_TIME: Final = Keyset("happened", HAPPENED, DESCENDING, HAPPENED_INDEX)
# Both directions run along the kernel's index of kind and arrival.
BY_ARRIVAL: Final = Keyset("updated", "arrived", DESCENDING, "kind")
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND: Final = timedelta(milliseconds=1)  # what MongoDB keeps of a time


def records_by_id(collection: Records, ids: Iterable[str], readable: Readable) -> list[Document]:
    """Single records, of kinds and scopes that may be read."""
    wanted = {"_id": {"$in": list(ids)}, **_readable(readable)}
    return list(collection.find(wanted, {"ix": 0}))


def record_page(collection: Records, page: ListRecords, readable: Readable) -> list[Document]:
    """All records of one kind in the order of ids, or those that speak of one report; one more than
    asked for if there is more."""
    wanted: Condition = {**_readable(readable), "kind": str(page.kind)}
    if page.report is not None:
        wanted["ix.about"] = page.report
    if page.after is not None:
        wanted["_id"] = {"$gt": page.after}
    return list(collection.find(wanted, {"ix": 0}).sort("_id", ASCENDING).limit(page.first + 1))


def _readable(readable: Readable) -> Condition:
    kinds = [
        {"kind": kind, "scope": {"$in": list(scopes)}}
        for kind, scopes in readable.items()
        if scopes
    ]
    return {"$or": kinds} if kinds else {"_id": {"$in": []}}


def report_page(collection: Records, conditions: Conditions, page: ListReports) -> Found:
    """A page in the order that was asked for, or that the filter suggests. Raises BadInput."""
    natural = ReportOrder.HAPPENED if conditions.near is None else ReportOrder.DISTANCE
    match page.order_by or natural:
        case ReportOrder.DISTANCE:
            if conditions.near is None:
                raise BadInput("order by distance needs a place to be near to", field="order_by")
            parts = list(conditions.plain)
            if conditions.query is not None:
                parts.append(conditions.query.found().test(TERMS))
            return by_distance(collection, POINT, parts, conditions.near, page, FIELDS)
        case ReportOrder.UPDATED:
            return _by_keyset(collection, conditions, page, BY_ARRIVAL)
        case ReportOrder.HAPPENED:
            return _by_keyset(collection, conditions, page, BY_TIME)


def _by_keyset(
    collection: Records, conditions: Conditions, page: ListReports, keyset: Keyset
) -> Found:
    """By time or by arrival: one run along an index that has the order, unless words are rarer."""
    wanted = slice_of(page, keyset.name, (int, str))
    beyond: list[Condition] = [{"kind": "report"}] if keyset is BY_ARRIVAL else []
    if wanted.cursor is not None:
        value, record_id = wanted.cursor
        at = value if keyset is BY_ARRIVAL else _moment(value)
        beyond.append(keyset.beyond((at, record_id), wanted.backwards))
    if conditions.query is None:
        cursor = collection.find({"$and": [*conditions.base, *beyond]}, FIELDS)
        found = list(cursor.sort(keyset.sort(wanted.backwards)).limit(wanted.count + 1))
    else:
        found = Searcher(collection, conditions, FIELDS).page(
            conditions.query.found(), keyset, beyond, wanted.backwards, wanted.count + 1
        )
    rows = [((_value(document, keyset), document["_id"]), document) for document in found]
    return cut(wanted, keyset.name, rows)


def _value(document: Document, keyset: Keyset) -> int:
    if keyset is BY_ARRIVAL:
        return int(document["arrived"])
    happened: datetime = document["ix"]["happened"]
    return (happened - EPOCH) // MILLISECOND


def _moment(milliseconds: int) -> datetime:
    """Raises BadInput: a cursor can be made up."""
    try:
        return EPOCH + milliseconds * MILLISECOND
    except OverflowError as error:
        raise BadInput("this is no cursor of ours", field="cursor") from error


def count_reports(collection: Records, conditions: Conditions) -> int:
    """How many there are on all pages; where facets suffice, out of their index alone."""
    stages = stages_of(collection, conditions)
    pipeline = [*stages.pipeline, {"$count": "count"}]
    with collection.aggregate(pipeline, **stages.options) as counted:
        return sum(found["count"] for found in counted)


def export_page(collection: Records, conditions: Conditions, page: ExportReports) -> list[Document]:
    """What matches, in the order of ids, which no change moves: one run along the index of ids,
    so that no page has to be sorted."""
    parts = [*conditions.test, {"_id": {"$gt": page.after or ""}}]
    found = collection.find({"$and": parts}, FIELDS).sort("_id", ASCENDING)
    return list(found.hint("_id_").limit(page.first))
