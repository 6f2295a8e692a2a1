"""Places as the gazetteer answers them, the node's own places, and distances between them."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Final, Literal, NamedTuple

from services.map.gazetteer.keys import KEY_CHARS_MAX, key_of
from services.map.rules.cells import METRES_PER_DEGREE

__all__ = ["NO_OWN_PLACES", "Kind", "OwnPlace", "OwnPlaces", "Place", "contains", "metres"]

OWN_NAMES_MAX: Final = 20_000  # of a node's own places, all languages counted

# `prefecture` and `county` are China's second and third levels (市, 州; 县, 区), `own` the node's.
Kind = Literal["country", "region", "prefecture", "county", "city", "own"]


@dataclass(frozen=True, slots=True)
class Place:
    """One place that a name may mean.

    `region` is ISO 3166-2 (`CN-YN`), or the country's code where no region is known; "" of an own
    place. `lat` and `lng` are WGS 84 degrees of its middle, and `accuracy_m` says in which radius
    around it most of the place lies. `score` is 0 to 1, and comparable within one answer. `id` is
    that of an own place.
    """

    name: str
    kind: Kind
    region: str
    lat: float
    lng: float
    accuracy_m: int
    population: int
    score: float = 0.0
    id: str | None = None

    @property
    def country(self) -> str:
        return self.region[:2]


class OwnPlace(NamedTuple):
    """One name of a record of kind `place`; a place with three names is three of them."""

    name: str
    lat: float
    lng: float
    accuracy_m: int
    id: str


class OwnPlaces:
    """The node's own places, sorted by name; of more than OWN_NAMES_MAX the first.

    Make it once, and anew when places change: that takes some 7 µs a name, and `places` may give
    way to others between two of them.
    """

    def __init__(self, places: Iterable[OwnPlace]) -> None:
        self._by_key: dict[str, list[OwnPlace]] = {}
        for place in islice(places, OWN_NAMES_MAX):
            key = key_of(place.name)
            if 0 < len(key) <= KEY_CHARS_MAX:
                self._by_key.setdefault(key, []).append(place)
        self._keys = sorted(self._by_key)

    def last_up_to(self, key: str) -> str | None:
        index = bisect_right(self._keys, key)
        return self._keys[index - 1] if index else None

    def named(self, key: str) -> list[Place]:
        """The places of this name, as certain as a place can be."""
        return [
            Place(own.name, "own", "", own.lat, own.lng, own.accuracy_m, 0, 1.0, own.id)
            for own in self._by_key.get(key, ())
        ]


NO_OWN_PLACES: Final = OwnPlaces(())


def metres(one: Place, other: Place) -> float:
    """The distance of two places, on a plane: good to a few per cent below 1,000 km."""
    lng = abs(one.lng - other.lng)
    east = min(lng, 360 - lng) * math.cos(math.radians((one.lat + other.lat) / 2))
    return METRES_PER_DEGREE * math.hypot(one.lat - other.lat, east)


def contains(outer: Place, inner: Place) -> bool:
    """Whether `inner` is part of `outer`, as far as codes and distances tell."""
    if outer.country != inner.country or inner.kind == "country":
        return False
    if outer.kind == "country":
        return True
    if "-" in outer.region and "-" in inner.region:
        if outer.region != inner.region:
            return False
        if outer.kind == "region":
            return inner.kind != "region"
    return outer.accuracy_m > inner.accuracy_m and metres(outer, inner) <= outer.accuracy_m
