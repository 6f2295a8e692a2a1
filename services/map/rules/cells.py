"""Cells: how finely a sensitive report is shown.

The world is cut into cells that never move. A report shows the centre of its cell, always the same,
so that reading it a hundred times says no more than reading it once; and cells of one level lie
inside those of the level below, so that two levels say no more than the finer of them. A random
offset has neither property: its mean is the place.
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

__all__ = ["EXACT", "Cell", "cell_of"]

METRES_PER_DEGREE: Final = 111_320.0
EXACT: Final = 99  # the level of what is not shown by a cell: finer than any


class Cell(NamedTuple):
    """The centre of a cell, WGS 84 in degrees, and how far from it the cell reaches, in metres."""

    lat: float
    lng: float
    accuracy_m: float


def cell_of(lat: float, lng: float, level: int) -> Cell:
    """The cell of this level that a point lies in."""
    rows = 2**level
    height, width = 180.0 / rows, 360.0 / rows
    # The poles and the 180th meridian belong to the last row and column.
    row = min(math.floor((lat + 90.0) / height), rows - 1)
    column = min(math.floor((lng + 180.0) / width), rows - 1)
    south, west = row * height - 90.0, column * width - 180.0
    centre = (south + height / 2, west + width / 2)
    # Of the two edges the one nearer to the equator is longer.
    nearest = min(abs(south), abs(south + height))
    reach = math.hypot(height / 2, width / 2 * math.cos(math.radians(nearest)))
    return Cell(*centre, math.ceil(reach * METRES_PER_DEGREE))
