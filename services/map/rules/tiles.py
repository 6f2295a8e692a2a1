"""Where a point lies on the map of tiles that web maps draw, and which tiles cover an area.

Web Mercator, as slippy maps cut it: at zoom z the world is 2**z by 2**z tiles, the first one in the
north west. A point is kept as two whole numbers of a world that is `WORLD` wide (one is 0.6 m at
the equator), and as these interleaved bit by bit: points of one tile are then neighbours, and a
tile of any zoom is one range of numbers.
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

from services.map.contract.calls import BoundingBox

__all__ = ["WORLD", "WORLD_BITS", "Span", "cover", "interleaved", "on_world", "span_of"]

WORLD_BITS: Final = 26  # two of them fit the 53 bits that a JSON number holds exactly
WORLD: Final = 1 << WORLD_BITS
COVER_SPANS_MAX: Final = 32  # ranges that an area is looked up by
# Beyond it Web Mercator ends; what lies there is drawn at its edge.
LATITUDE_MAX: Final = math.degrees(math.atan(math.sinh(math.pi)))


class Span(NamedTuple):
    """The interleaved numbers of one tile: from `first` to before `end`."""

    first: int
    end: int


def on_world(lat: float, lng: float) -> tuple[int, int]:
    """Eastwards and southwards from the north western corner, 0 to WORLD - 1."""
    latitude = math.radians(max(-LATITUDE_MAX, min(LATITUDE_MAX, lat)))
    x = (lng + 180.0) / 360.0
    y = (1.0 - math.asinh(math.tan(latitude)) / math.pi) / 2.0
    return _bounded(x), _bounded(y)


def _bounded(part: float) -> int:
    return max(0, min(WORLD - 1, math.floor(part * WORLD)))


def _spread(number: int) -> int:
    """A zero before every bit (Morton's code, by Sean Anderson's magic numbers)."""
    for shift, mask in (
        (16, 0x0000FFFF0000FFFF),
        (8, 0x00FF00FF00FF00FF),
        (4, 0x0F0F0F0F0F0F0F0F),
        (2, 0x3333333333333333),
        (1, 0x5555555555555555),
    ):
        number = (number | number << shift) & mask
    return number


def interleaved(x: int, y: int) -> int:
    return _spread(x) | _spread(y) << 1


def span_of(zoom: int, x: int, y: int) -> Span:
    """The points of one tile."""
    bits = 2 * (WORLD_BITS - zoom)
    first = interleaved(x, y) << bits
    return Span(first, first + (1 << bits))


def cover(box: BoundingBox) -> list[Span]:
    """A few ranges in which all points of an area lie, and others around it."""
    if box.west > box.east:
        halves = [(box.west, 180.0), (-180.0, box.east)]
    else:
        halves = [(box.west, box.east)]
    spans = [
        span
        for west, east in halves
        for span in _cover(on_world(box.north, west), on_world(box.south, east))
    ]
    return _joined(spans)


def _cover(corner: tuple[int, int], opposite: tuple[int, int]) -> list[Span]:
    """At the finest zoom at which the area is not more than half of COVER_SPANS_MAX tiles."""
    for zoom in range(WORLD_BITS, -1, -1):
        bits = WORLD_BITS - zoom
        columns = range(corner[0] >> bits, (opposite[0] >> bits) + 1)
        rows = range(corner[1] >> bits, (opposite[1] >> bits) + 1)
        if len(columns) * len(rows) <= COVER_SPANS_MAX // 2:
            break
    return [span_of(zoom, x, y) for x in columns for y in rows]


def _joined(spans: list[Span]) -> list[Span]:
    joined: list[Span] = []
    for span in sorted(spans):
        if joined and span.first <= joined[-1].end:
            joined[-1] = Span(joined[-1].first, max(joined[-1].end, span.end))
        else:
            joined.append(span)
    return joined
