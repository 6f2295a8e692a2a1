"""Places in names and filters: cities and regions in all their notations, and distances."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from hinterland import search
from services.directory.contract.regions import COUNTRIES, PROVINCES_CN

__all__ = ["city_key", "km", "without_places"]

EARTH_RADIUS_KM: Final = 6371.0088
CITIES_KEPT_MAX: Final = 4096  # whose keys are remembered

_NATIONALITIES: Final = (
    "壮|回|维吾尔|白|傣|景颇|哈尼|彝|藏|苗|傈僳|蒙古|土家|侗|布依|朝鲜|羌|哈萨克|柯尔克孜|东乡|保安|撒拉|"
    "纳西|普米|怒|独龙|拉祜|佤|布朗|瑶|裕固"
)
_PLACE_SUFFIX: Final = re.compile(
    f"((({_NATIONALITIES})族?)*自治[区州县]|特别行政区|省|市|县|区|州|盟)$"
)
_CITY_WORD: Final = re.compile(r" (city|county|shi|xian)$")


@lru_cache(maxsize=CITIES_KEPT_MAX)
def city_key(city: str) -> str:
    """昆明市, 昆明 and Kunming are one: folded, without 市 or County, as pinyin if Chinese."""
    bare = _CITY_WORD.sub("", search.fold(city)).replace(" ", "")
    if len(bare) > 2:
        bare = _PLACE_SUFFIX.sub("", bare)
    return "".join(
        part or character for part, character in zip(search.pinyin_of(bare), bare, strict=True)
    )


@lru_cache(maxsize=1)
def _regions() -> Mapping[str, tuple[str, ...]]:
    """By code the ways in which a folded name begins with its region, longest first."""
    names: dict[str, tuple[str, ...]] = {}
    for code, labels in {**COUNTRIES, **PROVINCES_CN}.items():
        chinese = search.fold(labels["zh"])
        names[code] = (chinese, _PLACE_SUFFIX.sub("", chinese), search.fold(labels["en"]))
    return names


@lru_cache(maxsize=CITIES_KEPT_MAX)
def _places(region: str, city: str | None) -> tuple[str, ...]:
    places = [*_regions().get(region[:2], ()), *_regions().get(region, ())]
    if city:
        folded = search.fold(city)
        places += [folded, _PLACE_SUFFIX.sub("", folded)]
    return tuple(place for place in dict.fromkeys(places) if place)


def without_places(folded: str, region: str, city: str | None) -> str:
    """A folded name without the country, province and city that it begins with, in any order."""
    places = _places(region, city)
    shorter = True
    while shorter:
        shorter = False
        for place in places:
            if folded.startswith(place) and len(folded) > len(place) + 1:
                folded = folded[len(place) :].lstrip(" 省市县区")
                shorter = True
    return folded


def km(one: Mapping[str, float], other: Mapping[str, float]) -> float:
    """The great-circle distance of two points `{lng, lat}`, in kilometres."""
    lat1, lat2 = math.radians(one["lat"]), math.radians(other["lat"])
    lng = math.radians(other["lng"] - one["lng"])
    half = (
        math.sin((lat2 - lat1) / 2) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin(lng / 2) ** 2
    )
    return 2 * EARTH_RADIUS_KM * math.asin(min(1.0, math.sqrt(half)))
