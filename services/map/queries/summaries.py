"""Counting reports by what they have in common."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date
from typing import Any, Final

from pymongo.collection import Collection

from hinterland.rooms.searching import stages_of
from services.map.contract.codes import ReportSummaryKey
from services.map.queries.conditions import Conditions

__all__ = ["Counts", "summarise"]

Records = Collection[dict[str, Any]]
Counts = Counter[tuple[Any, ...]]

# Weeks and months are put together from days, which are fewer than reports by far.
FIELD_OF: Final = {
    ReportSummaryKey.CATEGORY: "$ix.category",
    ReportSummaryKey.REGION: "$ix.region",
    ReportSummaryKey.STATE: "$ix.state",
    ReportSummaryKey.HOME: "$home",
    ReportSummaryKey.DAY: "$ix.day",
    ReportSummaryKey.WEEK: "$ix.day",
    ReportSummaryKey.MONTH: "$ix.day",
}


def summarise(
    collection: Records, conditions: Conditions, keys: Sequence[ReportSummaryKey]
) -> tuple[int, Counts]:
    """The number of reports, and of those that have the same values of `keys`; where facets
    suffice, out of their index alone. Values that are not known are None."""
    stages = stages_of(collection, conditions)
    group = {"_id": {key.value: FIELD_OF[key] for key in keys}, "count": {"$sum": 1}}
    total, counts = 0, Counts()
    with collection.aggregate([*stages.pipeline, {"$group": group}], **stages.options) as groups:
        for found in groups:
            total += found["count"]
            counts[tuple(_shown(key, found["_id"].get(key.value)) for key in keys)] += found[
                "count"
            ]
    return total, counts


def _shown(key: ReportSummaryKey, value: Any) -> Any:
    match key:
        case ReportSummaryKey.WEEK:
            year, week, _ = date.fromisoformat(value).isocalendar()
            return f"{year}-W{week:02}"
        case ReportSummaryKey.MONTH:
            return value[:7]
    return value
