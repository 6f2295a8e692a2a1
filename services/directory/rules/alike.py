"""When two entries are probably one organisation: the same identifier, or a like name nearby.

Like names are equal once place names, script, case and punctuation are taken off, or differ by one
replaced character or one misspelt word. Candidates come out of an index by `alike_keys`: a name's
key, and its keys with one part left out, so that two names with one differing part share a key."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from hashlib import blake2b
from itertools import islice
from typing import Any, Final, Literal

from rapidfuzz.distance import OSA

from hinterland import search
from services.directory.contract.regions import COUNTRIES, PROVINCES_CN

__all__ = [
    "ALIKE_KEYS_MAX",
    "EARTH_RADIUS_KM",
    "NEARBY_KM",
    "Likeness",
    "alike_keys",
    "city_key",
    "km",
    "likeness",
]

NEARBY_KM: Final = 10.0
NAMES_MAX: Final = 4  # of one NGO that are compared: its names first, then aliases
PARTS_MAX: Final = 24  # characters and words of one name
ALIKE_KEYS_MAX: Final = 40
ONE_EDIT_CHARACTERS_MIN: Final = 5  # below, one character makes another name: 绿色昆明, 绿色高原
ONE_EDIT_WORDS_MIN: Final = 3
MISSPELT_WORD_LIKENESS_MIN: Final = 0.7
EARTH_RADIUS_KM: Final = 6371.0088

Likeness = Literal["identifier", "name"]

# What tells apart organisations that are otherwise named alike: 第一小学, 第二小学.
_COUNTERS: Final = frozenset(
    "零〇一二三四五六七八九十百两甲乙丙丁东南西北中上下左右大小老新0123456789"
)
_FILLERS: Final = frozenset({"the", "of", "for", "and", "in", "a", "an"})
_FILLER_CHARACTERS: Final = frozenset("的之与和及暨省市县区")  # may be left out of a name
_NATIONALITIES: Final = (
    "壮|回|维吾尔|白|傣|景颇|哈尼|彝|藏|苗|傈僳|蒙古|土家|侗|布依|朝鲜|羌|哈萨克|柯尔克孜|东乡|保安|撒拉|"
    "纳西|普米|怒|独龙|拉祜|佤|布朗|瑶|裕固"
)
_PLACE_SUFFIX: Final = re.compile(
    f"((({_NATIONALITIES})族?)*自治[区州县]|特别行政区|省|市|县|区|州|盟)$"
)


def city_key(city: str) -> str:
    """昆明市, 昆明 and Kunming are one: folded, without 市 or County, as pinyin if Chinese."""
    folded = search.fold(city)
    bare = re.sub(r" (city|county|shi|xian)$", "", folded).replace(" ", "")
    if len(bare) > 2:
        bare = _PLACE_SUFFIX.sub("", bare)
    return "".join(
        part or character for part, character in zip(search.pinyin_of(bare), bare, strict=True)
    )


@lru_cache(maxsize=1)
def _region_names() -> Mapping[str, tuple[str, ...]]:
    """By code the ways in which a name begins with its region, longest first."""
    names: dict[str, tuple[str, ...]] = {}
    for code, labels in {**COUNTRIES, **PROVINCES_CN}.items():
        folded = [search.fold(labels["zh"]), search.fold(labels["en"])]
        names[code] = (folded[0], _PLACE_SUFFIX.sub("", folded[0]), folded[1])
    return names


def _parts(name: str, region: str, city: str | None) -> tuple[str, ...]:
    """A name's characters and words, without the places that it begins with."""
    folded = search.fold(name)
    places = [*_region_names().get(region[:2], ()), *_region_names().get(region, ())]
    if city:
        bare = search.fold(city)
        places += [bare, _PLACE_SUFFIX.sub("", bare)]
    stripped = folded
    for place in [*places, *places]:
        if place and stripped.startswith(place) and len(stripped) > len(place) + 1:
            stripped = stripped[len(place) :].lstrip(" 省市县区")
    parts: list[str] = []
    for run in search.words_of(stripped or folded):
        if run.isascii() or not run[0].isalpha() or run[0] < "\u0e00":
            if run not in _FILLERS:
                parts.append(run)
        else:
            parts.extend(run)
    return tuple(parts[:PARTS_MAX])


def _names(body: Mapping[str, Any]) -> list[tuple[str, ...]]:
    names = [*body.get("names", {}).values(), *body.get("aliases", ())]
    parts = (_parts(name, body["region"], body.get("city")) for name in names[:NAMES_MAX])
    return list(dict.fromkeys(part for part in parts if part))


def _edits_allowed(parts: tuple[str, ...]) -> bool:
    words = all(len(part) > 1 for part in parts)
    return len(parts) >= (ONE_EDIT_WORDS_MIN if words else ONE_EDIT_CHARACTERS_MIN)


def _key(parts: Iterable[str]) -> int:
    digest = blake2b("\0".join(parts).encode(), digest_size=6).digest()
    return int.from_bytes(digest, "big")


def _keys(body: Mapping[str, Any]) -> Iterator[int]:
    for parts in _names(body):
        yield _key(parts)
        if _edits_allowed(parts):
            for place in range(len(parts)):
                yield _key(parts[:place] + parts[place + 1 :])


def alike_keys(body: Mapping[str, Any]) -> list[int]:
    """Numbers of which two NGOs with like names have at least one in common; other NGOs seldom
    do."""
    return list(islice(dict.fromkeys(_keys(body)), ALIKE_KEYS_MAX))


def _one_part_differs(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    if not (_edits_allowed(one) and _edits_allowed(other)) or OSA.distance(one, other) > 1:
        return False
    left = [part for part in one if part not in other]
    right = [part for part in other if part not in one]
    if any(part in _COUNTERS or part.isdigit() for part in (*left, *right)):
        return False
    if len(left) == len(right) == 1 and len(left[0]) > 1 and len(right[0]) > 1:
        return OSA.normalized_similarity(left[0], right[0]) >= MISSPELT_WORD_LIKENESS_MIN
    if len(one) != len(other):  # a character or a word more is another name: 青年, 青少年
        return all(part in _FILLER_CHARACTERS for part in (*left, *right))
    return all(len(part) == 1 for part in (*left, *right))


def _like_names(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    others = _names(other)
    return any(a == b or _one_part_differs(a, b) for a in _names(one) for b in others)


def km(one: Mapping[str, float], other: Mapping[str, float]) -> float:
    """The great-circle distance of two points, in kilometres."""
    lat1, lat2 = math.radians(one["lat"]), math.radians(other["lat"])
    half = (
        math.sin((lat2 - lat1) / 2) ** 2
        + math.cos(lat1)
        * math.cos(lat2)
        * math.sin(math.radians(other["lng"] - one["lng"]) / 2) ** 2
    )
    return 2 * EARTH_RADIUS_KM * math.asin(min(1.0, math.sqrt(half)))


def _nearby(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Within NEARBY_KM or in one city; where a city is missing, in one region."""
    here, there = one.get("location"), other.get("location")
    if here and there and km(here, there) <= NEARBY_KM:
        return True
    if one.get("city") and other.get("city"):
        return city_key(one["city"]) == city_key(other["city"])
    return bool(one["region"] == other["region"])


def likeness(one: Mapping[str, Any], other: Mapping[str, Any]) -> Likeness | None:
    """Why two bodies are probably one organisation; None if they probably are not. Different values
    under one identifier scheme mean two organisations, whatever they are called."""
    mine, theirs = (
        {found["scheme"]: found["value"] for found in body.get("identifiers", ())}
        for body in (one, other)
    )
    common = mine.keys() & theirs.keys()
    if common:
        return "identifier" if any(mine[key] == theirs[key] for key in common) else None
    return "name" if _like_names(one, other) and _nearby(one, other) else None
