"""What is drawn on a tile. It is encoded by whoever asks, in a process of its own."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from hinterland.actors import Actor
from hinterland.clock import rfc3339
from hinterland.records import Records
from hinterland.rooms.answers import KeptPerHead
from services.map import queries
from services.map.contract.access import readable_scopes
from services.map.contract.calls import ReadTile
from services.map.rules.tiles import WORLD_BITS, span_of

__all__ = ["CELLS_BITS", "EXTENT", "read_tile"]

EXTENT: Final = 4096  # of a tile, in its own units
CELLS_BITS: Final = 4  # clusters are of 16 by 16 cells: 32 pixels each on a tile of 512


def read_tile(
    records: Records, kept: KeptPerHead, actor: Actor, params: ReadTile
) -> dict[str, Any]:
    """`{head, versions, extent, layers: [{name, features: [{x, y, …}]}]}`.

    `x` and `y` from the tile's north western corner, 0 to `extent`; the same `versions` mean the
    same tile. A report has `id`, `category`, `state`, `happened`; a cluster has `count`.
    """
    head = records.head()
    scopes = readable_scopes(actor, "report", records.node)

    def compute() -> list[dict[str, Any]]:
        conditions = queries.matching(records.collection, params.filter, scopes)
        reports = queries.report_layer(records.collection, conditions)
        return _features(reports, params)

    features = kept.get(head, ("tile", scopes, params.model_dump_json()), compute)
    return {
        "head": head,
        "versions": [head],
        "extent": EXTENT,
        "layers": [{"name": "reports", "features": features}],
    }


def _features(layer: queries.TileLayer, params: ReadTile) -> list[dict[str, Any]]:
    span = span_of(params.zoom, params.x, params.y)
    return [_on_tile(found, params) for found in queries.in_tile(layer, span, CELLS_BITS)]


def _on_tile(found: Mapping[str, Any], params: ReadTile) -> dict[str, Any]:
    width = 1 << (WORLD_BITS - params.zoom)  # of the tile, on the world
    shown = {key: _value(value) for key, value in found.items() if value is not None}
    for axis, number in (("x", params.x), ("y", params.y)):
        shown[axis] = round((found[axis] - number * width) * EXTENT / width)
    return shown


def _value(value: Any) -> Any:
    return rfc3339(value) if isinstance(value, datetime) else value
