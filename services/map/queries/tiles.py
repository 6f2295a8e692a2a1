"""What lies in a tile: points, and where there are too many of them, clusters.

Reports and pins are kept with the same fields for it (`tile`, `x`, `y`: see `rules.tiles`), so both
are asked in the same way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from pymongo.collection import Collection

from hinterland.rooms.paging import Condition
from services.map.contract import limits
from services.map.queries.conditions import HAPPENED, TILE_INDEX, Conditions
from services.map.rules.tiles import Span

__all__ = ["TileLayer", "in_tile", "report_layer"]

Records = Collection[dict[str, Any]]
Document = dict[str, Any]

# What a tile says of a report; all of it is in the index of tiles.
REPORT_FIELDS: Final = {"category": "ix.category", "state": "ix.state", "happened": HAPPENED}


@dataclass(frozen=True, slots=True)
class TileLayer:
    """What is drawn as one layer: which documents, by which index, and what is said of each.
    `fields` are names and where they are found; `at` is what `tile`, `x` and `y` are found under,
    with its dot."""

    collection: Records
    parts: Sequence[Condition]
    index: str
    fields: dict[str, str]
    at: str = ""


def report_layer(collection: Records, conditions: Conditions) -> TileLayer:
    """The reports that match; unless words or places are asked for, no record is read."""
    return TileLayer(collection, conditions.tiled, TILE_INDEX, REPORT_FIELDS, "ix.")


def in_tile(layer: TileLayer, span: Span, cells_bits: int) -> list[Document]:
    """Points `{id, x, y, …fields}`, or, where there are more than TILE_POINTS_MAX, clusters
    `{count, x, y}` of a grid of 2**`cells_bits` cells each way, a cell with one point being that
    point. `x` and `y` are on the world of `rules.tiles`."""
    points = _points(layer, span)
    return points if points is not None else _clusters(layer, span, cells_bits)


def _matched(layer: TileLayer, span: Span) -> Condition:
    return {"$and": [*layer.parts, {f"{layer.at}tile": {"$gte": span.first, "$lt": span.end}}]}


def _points(layer: TileLayer, span: Span) -> list[Document] | None:
    """None where there are too many."""
    shown = {"id": "$_id", "x": f"${layer.at}x", "y": f"${layer.at}y"}
    shown |= {name: f"${path}" for name, path in layer.fields.items()}
    pipeline: list[Document] = [
        {"$match": _matched(layer, span)},
        {"$limit": limits.TILE_POINTS_MAX + 1},
        {"$project": {"_id": 0, **shown}},
    ]
    found = list(layer.collection.aggregate(pipeline, hint=layer.index))
    return found if len(found) <= limits.TILE_POINTS_MAX else None


def _clusters(layer: TileLayer, span: Span, cells_bits: int) -> list[Document]:
    # A tile's numbers are one range, and so are those of each cell of a grid within it.
    cell = (span.end - span.first) >> (2 * cells_bits)
    within = {"$subtract": [f"${layer.at}tile", span.first]}
    accumulated: Document = {
        "_id": {"$floor": {"$divide": [within, max(cell, 1)]}},
        "count": {"$sum": 1},
        "x": {"$avg": f"${layer.at}x"},
        "y": {"$avg": f"${layer.at}y"},
        "id": {"$first": "$_id"},
    }
    accumulated |= {name: {"$first": f"${path}"} for name, path in layer.fields.items()}
    pipeline: list[Document] = [{"$match": _matched(layer, span)}, {"$group": accumulated}]
    with layer.collection.aggregate(pipeline, hint=layer.index) as cursor:
        found = sorted(cursor, key=lambda cluster: float(cluster["_id"]))
    return [_cluster_or_point(cluster) for cluster in found]


def _cluster_or_point(found: Document) -> Document:
    if found["count"] == 1:
        return {key: value for key, value in found.items() if key not in ("_id", "count")}
    return {key: found[key] for key in ("count", "x", "y")}
