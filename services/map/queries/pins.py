"""Pins: the projection of the directory's NGOs that the map keeps in a collection of its own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

from pymongo import ASCENDING, DESCENDING, IndexModel, ReplaceOne
from pymongo.collection import Collection

from hinterland.rooms.paging import Condition
from services.map.contract.calls import ListPins
from services.map.queries.tiles import TileLayer

__all__ = [
    "COLLECTION",
    "Pins",
    "PinsVersion",
    "count_pins",
    "drop_pins_between",
    "pin_layer",
    "pin_page",
    "pins_version",
    "prepare_pins",
    "put_pins",
]

Pins = Collection[dict[str, Any]]
Document = dict[str, Any]

COLLECTION: Final = "pins"
TILE_INDEX: Final = "tile"
PIN_FIELDS: Final = {"names": "names", "causes": "causes", "region": "region"}
LAST: Final = "\U0010ffff"

PIN_INDEXES: Final[list[IndexModel]] = [
    # A tile is one range; what has no place is in no tile.
    IndexModel([("tile", ASCENDING)], name=TILE_INDEX, sparse=True),
    # What came last, to ask the directory for what came since.
    IndexModel([("arrived", ASCENDING)], name="arrived"),
]


class PinsVersion(NamedTuple):
    """What changes when a pin does: how many there are, and when the last one came."""

    pins: int
    arrived_us: int


def prepare_pins(pins: Pins) -> None:
    pins.create_indexes(PIN_INDEXES)


def pins_version(pins: Pins) -> PinsVersion:
    """Out of the index of arrival, and the collection's own count."""
    last = pins.find_one({}, {"arrived": 1}, sort=[("arrived", DESCENDING)])
    return PinsVersion(pins.estimated_document_count(), last["arrived"] if last else 0)


def count_pins(pins: Pins) -> int:
    """Exactly, to see whether NGOs are gone."""
    return pins.count_documents({}, hint="_id_")


def put_pins(pins: Pins, found: Sequence[Document]) -> None:
    if found:
        pins.bulk_write([ReplaceOne({"_id": pin["_id"]}, pin, upsert=True) for pin in found])


def drop_pins_between(pins: Pins, after: str, to: str | None, but: Iterable[str]) -> None:
    """Those of ids after `after`, up to `to` or to the end, that are not among `but`."""
    ids = {"$gt": after, "$lte": LAST if to is None else to, "$nin": list(but)}
    pins.delete_many({"_id": ids})


def pin_page(pins: Pins, page: ListPins, scopes: Iterable[str]) -> list[Document]:
    """Pins with a place in the order of ids, one more than asked for if there is more."""
    wanted: Condition = {**_condition(scopes, page.region, page.home), "tile": {"$exists": True}}
    if page.after is not None:
        wanted["_id"] = {"$gt": page.after}
    found = pins.find(wanted, {"tile": 0, "x": 0, "y": 0}).sort("_id", ASCENDING)
    return list(found.hint("_id_").limit(page.first + 1))


def pin_layer(pins: Pins, scopes: Iterable[str], region: str | None, home: str | None) -> TileLayer:
    """The NGOs of an audience, for tiles."""
    return TileLayer(pins, [_condition(scopes, region, home)], TILE_INDEX, PIN_FIELDS)


def _condition(scopes: Iterable[str], region: str | None, home: str | None) -> Condition:
    wanted: Condition = {"scope": {"$in": sorted(scopes)}}
    if region is not None:
        wanted["region"] = region if "-" in region else {"$gte": region, "$lt": f"{region}."}
    if home is not None:
        wanted["home"] = home
    return wanted
