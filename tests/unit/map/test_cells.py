"""Cells: fixed, nested, and large enough: `services.map.rules.cells`."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from services.map.contract.limits import CELL_LEVEL_MAX, CELL_LEVEL_MIN
from services.map.rules.cells import METRES_PER_DEGREE, cell_of

latitudes = st.floats(-90, 90)
longitudes = st.floats(-180, 180)
levels = st.integers(CELL_LEVEL_MIN, CELL_LEVEL_MAX)


def metres(lat: float, lng: float, other_lat: float, other_lng: float) -> float:
    """The distance of two points near each other, on a plane."""
    width = math.cos(math.radians((lat + other_lat) / 2))
    return math.hypot(lat - other_lat, (lng - other_lng) * width) * METRES_PER_DEGREE


@given(latitudes, longitudes, levels)
def test_a_cell_is_its_own_cell(lat: float, lng: float, level: int) -> None:
    """What is shown, sent in again, shows the same: reading twice says nothing new."""
    cell = cell_of(lat, lng, level)

    assert cell == cell_of(cell.lat, cell.lng, level)


@given(latitudes, longitudes, levels)
def test_a_point_lies_in_its_cell(lat: float, lng: float, level: int) -> None:
    """The accuracy that is shown is true."""
    cell = cell_of(lat, lng, level)

    assert metres(lat, lng, cell.lat, cell.lng) <= cell.accuracy_m * 1.01


@given(latitudes, longitudes, st.integers(CELL_LEVEL_MIN, CELL_LEVEL_MAX - 1))
def test_two_levels_say_no_more_than_the_finer_one(lat: float, lng: float, level: int) -> None:
    """The coarser cell follows from the finer one, so their intersection is the finer one."""
    finer = cell_of(lat, lng, level + 1)

    assert cell_of(lat, lng, level) == cell_of(finer.lat, finer.lng, level)
