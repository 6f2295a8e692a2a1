"""Points, tiles and areas on the map that the web draws."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from services.map.contract.calls import BoundingBox
from services.map.rules.index import index
from services.map.rules.tiles import (
    COVER_SPANS_MAX,
    WORLD,
    WORLD_BITS,
    cover,
    interleaved,
    on_world,
    span_of,
)

latitudes = st.floats(-90, 90)
longitudes = st.floats(-180, 180)


@given(latitudes, longitudes, st.integers(0, WORLD_BITS))
def test_a_point_lies_in_one_tile_of_each_zoom(lat: float, lng: float, zoom: int) -> None:
    """In that whose row and column it has, and in no other."""
    x, y = on_world(lat, lng)
    shift = WORLD_BITS - zoom
    span = span_of(zoom, x >> shift, y >> shift)

    assert span.first <= interleaved(x, y) < span.end
    if x >> shift:
        neighbour = span_of(zoom, (x >> shift) - 1, y >> shift)
        assert not neighbour.first <= interleaved(x, y) < neighbour.end


@given(latitudes, longitudes, latitudes, latitudes, longitudes, longitudes)
def test_the_cover_of_an_area_has_all_its_points(
    lat: float, lng: float, one: float, other: float, west: float, east: float
) -> None:
    """Also across the 180th meridian, and beyond where Web Mercator ends; in a few ranges."""
    box = BoundingBox(west=west, south=min(one, other), east=east, north=max(one, other))
    inside = box.south <= lat <= box.north and (
        west <= lng <= east if west <= east else lng >= west or lng <= east
    )
    at = interleaved(*on_world(lat, lng))
    covered = any(span.first <= at < span.end for span in cover(box))

    assert covered or not inside
    assert len(cover(box)) <= COVER_SPANS_MAX


def test_the_corners_are_where_slippy_maps_have_them() -> None:
    """North west is the first tile; Null Island is in the middle; Kunming as others have it."""
    assert (0, 0) == on_world(90, -180)
    assert (WORLD - 1, WORLD - 1) == on_world(-90, 180)
    assert (WORLD // 2, WORLD // 2) == on_world(0, 0)
    x, y = on_world(25.0389, 102.7183)
    assert (804, 438) == (x >> WORLD_BITS - 10, y >> WORLD_BITS - 10)


def test_what_a_copy_may_hold_can_be_indexed() -> None:
    """Numbers in quotes, times in seconds, and the ends of the calendar come from other nodes."""
    body = {"category": "gansu.category.1", "state": "verified", "intake": "gansu.intake.1"}
    for happened in ("0001-01-01T00:00:00+08:00", "9999-12-31T23:59:59-08:00", 1767225600):
        place = {"lat": "25.5", "lng": "102"}
        fields = index("report", {**body, "happened_at": happened, "location": place})
        assert [102.0, 25.5] == fields["point"]["coordinates"]
        assert fields["happened"].tzinfo is not None
