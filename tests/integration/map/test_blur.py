"""The blur, attacked: whatever is read of a sensitive report, it is no closer than its cell.

Two maps have a report each, at two ends of one cell. An attacker who cannot tell the two apart by
anything that he may read has learnt nothing but the cell.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import orjson
import pytest

from hinterland.actors import ANONYMOUS
from hinterland.batch import decode
from hinterland.rooms.answers import KeptPerHead
from services.map.contract import limits
from services.map.contract.calls import (
    ExportReports,
    GetRecords,
    ListReports,
    ReadTile,
    SummariseReports,
)
from services.map.handlers import reading, tiles
from services.map.rules.cells import cell_of
from services.map.rules.tiles import WORLD_BITS, on_world
from tests.integration.map.conftest import Node

LEVEL: Final = 11
CELL: Final = cell_of(25.0389, 102.7183, LEVEL)
HEIGHT, WIDTH = 180 / 2**LEVEL, 360 / 2**LEVEL
PROBES: Final = ((25.0, 102.0), (24.2, 102.9), (26.0, 103.5), (CELL.lat, CELL.lng + WIDTH))
BISECTIONS: Final = 30
KEPT: Final = "the same in both maps"


def corner(east: float, north: float) -> dict[str, float]:
    """A point of the cell, as parts of its half width and height from its centre."""
    return {"lat": CELL.lat + north * HEIGHT / 2, "lng": CELL.lng + east * WIDTH / 2}


class Attacked:
    """One map with one sensitive report, as anybody may read it."""

    def __init__(self, node: Node, place: dict[str, float]) -> None:
        self.node = node
        self.exact = place
        category = node.category(sensitive=True, cell_level=LEVEL)
        self.report = node.verified(
            category,
            location=place,
            accuracy_m=3.0,
            located_by="gps",
            place_name="盘龙区三楼",
            title="王家院子",
            region="CN-YN",
        )

    def listed(self, order_by: str | None = None, **wanted: Any) -> list[dict[str, Any]]:
        params = ListReports.model_validate({"filter": wanted, "order_by": order_by})
        records = self.node.records
        return list(reading.list_reports(records, KeptPerHead(), ANONYMOUS, params)["items"])

    def is_found(self, **wanted: Any) -> bool:
        return bool(self.listed("happened", **wanted))

    def tile(self, zoom: int) -> list[Any]:
        """Where it is drawn, in the tile of its cell's centre and in those around it."""
        x, y = (part >> WORLD_BITS - zoom for part in on_world(CELL.lat, CELL.lng))
        drawn = []
        for column in (x - 1, x, x + 1):
            for row in (y - 1, y, y + 1):
                if 0 <= min(column, row) and max(column, row) < 2**zoom:
                    params = ReadTile(zoom=zoom, x=column, y=row)
                    read = tiles.read_tile(self.node.records, KeptPerHead(), ANONYMOUS, params)
                    features = read["layers"][0]["features"]
                    drawn += [(column - x, row - y, each["x"], each["y"]) for each in features]
        return drawn


@pytest.fixture(params=[(0.98, 0.98), (-0.98, 0.3)])
def maps(
    request: pytest.FixtureRequest, new_map: Callable[[str], Node]
) -> tuple[Attacked, Attacked]:
    return (
        Attacked(new_map("yunnan"), corner(-0.9, -0.9)),
        Attacked(new_map("gansu"), corner(*request.param)),
    )


def bisected(found_within: Callable[[float], bool], low: float, high: float) -> float:
    """Where, between `low` and `high`, it begins to be found."""
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        low, high = (low, middle) if found_within(middle) else (middle, high)
    return high


def test_radius_bisection_finds_the_centre(maps: tuple[Attacked, Attacked]) -> None:
    """Three circles would give a place away, were it not the centre of the cell that they meet."""
    radii = [
        [
            bisected(
                lambda km, m=attacked, at=probe: m.is_found(
                    near={"lat": at[0], "lng": at[1], "radius_km": km}
                ),
                0.001,
                500.0,
            )
            for probe in PROBES
        ]
        for attacked in maps
    ]

    assert radii[0] == radii[1]


def test_the_edges_of_areas_find_the_centre(maps: tuple[Attacked, Attacked]) -> None:
    """An area that is made smaller and smaller closes in on the centre of the cell."""
    for attacked in maps:
        east = bisected(
            lambda degrees, m=attacked: m.is_found(
                bbox={"west": 100, "south": 20, "east": degrees, "north": 30}
            ),
            100.0,
            110.0,
        )
        north = bisected(
            lambda degrees, m=attacked: m.is_found(
                bbox={"west": 100, "south": 20, "east": 110, "north": degrees}
            ),
            20.0,
            30.0,
        )
        assert pytest.approx(CELL.lng, abs=1e-6) == east
        assert pytest.approx(CELL.lat, abs=1e-6) == north


def test_distances_and_their_order_are_those_of_the_centre(
    maps: tuple[Attacked, Attacked],
) -> None:
    """Also among others, whose places are known, between which it is sorted."""
    for attacked in maps:
        plain = attacked.node.category("洪水")
        for north in range(-8, 9):
            attacked.node.verified(plain, location=corner(1.0, north / 8), text=f"标记 {north}")

    def order(attacked: Attacked, lat: float, lng: float) -> list[Any]:
        items = attacked.listed("distance", near={"lat": lat, "lng": lng, "radius_km": 500})
        return [(item.get("text", "?"), item["distance_km"]) for item in items]

    for probe in PROBES:
        assert order(maps[0], *probe) == order(maps[1], *probe)


def test_tiles_draw_the_centre_at_every_zoom(maps: tuple[Attacked, Attacked]) -> None:
    """However far one zooms in."""
    for zoom in range(limits.TILE_ZOOM_MAX + 1):
        drawn = maps[0].tile(zoom)
        assert len(drawn) == 1 or zoom <= 1
        assert drawn == maps[1].tile(zoom)


def test_reading_again_says_nothing_new(maps: tuple[Attacked, Attacked]) -> None:
    """Nothing is drawn at random, so that there is nothing to be averaged away; nor does writing
    the report again move it."""
    for attacked in maps:
        [intake] = attacked.node.records.collection.find({"kind": "intake"})
        places = set()
        for state in ("resolved", "verified", "resolved", "verified"):
            attacked.node.review(intake["_id"], state=state)
            places |= {orjson.dumps(each["location"]) for each in attacked.listed()}
        assert {orjson.dumps({"lat": CELL.lat, "lng": CELL.lng})} == places


def test_all_that_can_be_read_is_the_same(maps: tuple[Attacked, Attacked]) -> None:
    """Single records, lists, exports, summaries: but for ids and times, not a byte differs."""

    def seen(attacked: Attacked) -> bytes:
        records = attacked.node.records
        summary = SummariseReports.model_validate({"by": ["region", "state", "home"]})
        answers = [
            reading.get_records(records, ANONYMOUS, GetRecords(ids=[attacked.report])),
            reading.export_reports(records, ANONYMOUS, ExportReports()),
            {"items": attacked.listed()},
            reading.summarise_reports(records, KeptPerHead(), ANONYMOUS, summary),
        ]
        text = orjson.dumps(answers, option=orjson.OPT_SORT_KEYS).decode()
        [shown] = attacked.listed()
        for key in ("id", "intake", "category", "at", "arrived", "verified_at", "version", "home"):
            text = text.replace(str(shown[key]), KEPT)
        for answer in answers:
            text = text.replace(str(answer.get("head", KEPT)), KEPT)
        return text.encode()

    assert seen(maps[0]) == seen(maps[1])


def test_words_of_the_place_find_nothing(maps: tuple[Attacked, Attacked]) -> None:
    """Who guesses at the name, the yard or the coordinates is not told that he is right."""
    for attacked in maps:
        exact = str(attacked.exact["lat"])
        for guess in ("盘龙区", "王家院子", "panlong", exact):
            assert not attacked.is_found(search=guess)


def test_what_is_replicated_holds_the_cell_alone(maps: tuple[Attacked, Attacked]) -> None:
    """Batches of the shared feed, the whole history, and every field that is indexed."""
    for attacked in maps:
        batches = attacked.node.store.collection("batches")
        shared = batches.find({"feed": {"$not": {"$regex": "/private$"}}})
        lines = [line for found in shared for line in decode(bytes(found["frame"])).payloads]
        [record] = attacked.node.records.collection.find({"kind": "report"})
        text = b"".join(lines).decode() + repr(record)

        for axis in ("lat", "lng"):
            assert str(attacked.exact[axis])[:8] not in text
        assert "王家院子" not in text
        cell = on_world(CELL.lat, CELL.lng)
        assert cell == (record["ix"]["x"], record["ix"]["y"])
