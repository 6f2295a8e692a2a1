"""What is drawn on a tile. It is encoded by whoever asks, in a process of its own."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from hinterland.actors import Actor
from hinterland.clock import rfc3339
from hinterland.records import Records
from hinterland.rooms.answers import KeptPerHead
from services.directory.contract.access import readable_scopes as directory_scopes
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
    same tile. A report has `id`, `category`, `state`, `happened`; an NGO `id`,
    `name:<language>`, `causes`, `region`; a cluster has `count`. NGOs are filtered by region and
    home alone: the rest of the filter is about reports.
    """
    head = records.head()
    scopes = readable_scopes(actor, "report", records.node)

    def compute_reports() -> list[dict[str, Any]]:
        conditions = queries.matching(records.collection, params.filter, scopes)
        layer = queries.report_layer(records.collection, conditions)
        return _features(layer, params)

    pins = records.store.collection(queries.PINS)
    version = queries.pins_version(pins)
    ngo_scopes = directory_scopes(actor, "ngo", records.node)

    def compute_ngos() -> list[dict[str, Any]]:
        wanted = params.filter
        layer = queries.pin_layer(pins, ngo_scopes, wanted.region, wanted.home)
        return [_labelled(found) for found in _features(layer, params)]

    key = params.model_dump_json()
    reports = kept.get(head, ("reports", scopes, key), compute_reports)
    ngos = kept.get(head, ("ngos", ngo_scopes, version, key), compute_ngos)
    return {
        "head": head,
        "versions": [head, *version],
        "extent": EXTENT,
        "layers": [
            {"name": "reports", "features": reports},
            {"name": "ngos", "features": ngos},
        ],
    }


def _labelled(found: dict[str, Any]) -> dict[str, Any]:
    """A tile holds texts, not objects: `name:zh` is the name in Chinese, causes are one text."""
    names = {f"name:{language}": name for language, name in found.pop("names", {}).items()}
    if "causes" in found:
        found["causes"] = ",".join(found["causes"])
    return {**found, **names}


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
