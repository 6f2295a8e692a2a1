"""What is near to a point: inside of a circle, and pages outwards from it.

`field` is a GeoJSON point under a 2dsphere index.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby, islice
from typing import Any, Final

from pymongo.collection import Collection

from hinterland.rooms.arguments import Near, PageArguments
from hinterland.rooms.paging import DESCENDING, Condition, Found, Slice, cut, slice_of

__all__ = ["by_distance", "within"]

Records = Collection[dict[str, Any]]
Document = dict[str, Any]
Row = tuple[tuple[Any, ...], Document]

ORDER: Final = "distance"
M_PER_KM: Final = 1000.0
# What MongoDB divides metres by to get radians, so that circles and distances agree.
EARTH_RADIUS_KM: Final = 6378.1
# Recomputing a distance may differ in its last digits; what it lets in too much is filtered out.
DISTANCE_SLACK_M: Final = 0.01
SAME_PLACE_MAX: Final = 10_000  # records at one and the same point that can be paged through


def within(field: str, near: Near) -> Condition:
    """Inside the circle, for counting and where distance is not the order."""
    circle = [[near.lng, near.lat], near.radius_km / EARTH_RADIUS_KM]
    return {field: {"$geoWithin": {"$centerSphere": circle}}}


def by_distance(
    collection: Records,
    field: str,
    parts: Sequence[Condition],
    near: Near,
    page: PageArguments,
    fields: Mapping[str, int],
) -> Found:
    """Outwards from a point: what fulfils all of `parts`, with `fields` and its `distance` in
    metres. Records at one point come in the order of their ids."""
    wanted = slice_of(page, ORDER, (float, str))
    at = None if wanted.cursor is None else wanted.cursor[0]
    stage: dict[str, Any] = {
        "near": {"type": "Point", "coordinates": [near.lng, near.lat]},
        "key": field,
        "distanceField": "distance",
        "maxDistance": near.radius_km * M_PER_KM,
        "query": {"$and": list(parts)},
        "spherical": True,
    }
    if at is not None:
        bound = "maxDistance" if wanted.backwards else "minDistance"
        stage[bound] = max(0.0, at + (DISTANCE_SLACK_M if wanted.backwards else -DISTANCE_SLACK_M))
    pipeline: list[dict[str, Any]] = [{"$geoNear": stage}]
    if wanted.backwards:
        # The last ones before a point are found by sorting all of them; rarely asked for.
        pipeline += [
            {"$sort": {"distance": DESCENDING, "_id": DESCENDING}},
            {"$match": _nearer(wanted.cursor)},
            {"$limit": wanted.count + 1},
        ]
    pipeline.append({"$project": {**fields, "distance": 1}})
    with collection.aggregate(pipeline, batchSize=wanted.count + 1 or 1) as cursor:
        rows = list(islice(_outwards(cursor, wanted), wanted.count + 1))
    return cut(wanted, ORDER, rows)


def _nearer(cursor: tuple[Any, ...] | None) -> dict[str, Any]:
    if cursor is None:
        return {}
    distance, record_id = cursor
    return {
        "$or": [{"distance": {"$lt": distance}}, {"distance": distance, "_id": {"$lt": record_id}}]
    }


def _outwards(cursor: Iterable[Document], wanted: Slice) -> Iterator[Row]:
    """What lies beyond the page's cursor; of equal distances, which come in any order, by id."""
    if wanted.backwards:
        for document in cursor:
            yield (document["distance"], document["_id"]), document
        return
    for distance, group in groupby(cursor, key=lambda document: document["distance"]):
        same = sorted(islice(group, SAME_PLACE_MAX), key=lambda document: str(document["_id"]))
        for document in same:
            position = (distance, document["_id"])
            if wanted.cursor is None or position > wanted.cursor:
                yield position, document
