"""Counting NGOs, altogether and by what they have in common."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

from pymongo.collection import Collection

from hinterland.rooms.searching import stages_of
from services.directory.contract.codes import SummaryKey
from services.directory.queries.conditions import Conditions
from services.directory.rules.index import CAUSES_SEPARATOR

__all__ = ["Counts", "count_ngos", "summarise"]

Records = Collection[dict[str, Any]]
Counts = Counter[tuple[Any, ...]]

FIELD_OF: Final = {
    SummaryKey.REGION: "$ix.region",
    SummaryKey.CAUSE: "$ix.cause_set",
    SummaryKey.HOME: "$home",
    SummaryKey.VERIFICATION: "$ix.verification",
    SummaryKey.FOUNDED_YEAR: "$ix.founded_year",
}


def count_ngos(collection: Records, conditions: Conditions) -> int:
    """How many there are on all pages; where facets suffice, out of their index alone."""
    stages = stages_of(collection, conditions)
    pipeline = [*stages.pipeline, {"$count": "count"}]
    with collection.aggregate(pipeline, **stages.options) as counted:
        return sum(found["count"] for found in counted)


def summarise(
    collection: Records, conditions: Conditions, keys: Sequence[SummaryKey]
) -> tuple[int, Counts]:
    """The number of NGOs, and of those that have the same values of `keys`; one with several causes
    counts with each. Values that are not known are None."""
    stages = stages_of(collection, conditions)
    group = {"_id": {key.value: FIELD_OF[key] for key in keys}, "count": {"$sum": 1}}
    pipeline = [*stages.pipeline, {"$group": group}]
    total, counts = 0, Counts()
    with collection.aggregate(pipeline, **stages.options) as groups:
        for found in groups:
            total += found["count"]
            values = [found["_id"].get(key.value) for key in keys]
            for split in _each_cause(values, keys):
                counts[split] += found["count"]
    return total, counts


def _each_cause(values: list[Any], keys: Sequence[SummaryKey]) -> list[tuple[Any, ...]]:
    if SummaryKey.CAUSE not in keys:
        return [tuple(values)]
    place = list(keys).index(SummaryKey.CAUSE)
    causes = values[place].split(CAUSES_SEPARATOR) if values[place] else [None]
    return [(*values[:place], cause, *values[place + 1 :]) for cause in causes]
