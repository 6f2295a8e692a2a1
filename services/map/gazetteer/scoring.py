"""How likely it is that a name means this place: by where it is, how big it is, how it was written.

A score is a product of shares between 0 and 1. It orders candidates and is no probability; the
constants were set by the texts in tests/unit/map/test_placing.py.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass
from enum import Enum
from typing import Final

from services.map.gazetteer.keys import is_han
from services.map.gazetteer.places import Kind, Place
from services.map.gazetteer.words import COMMON_WORDS

__all__ = ["Circumstances", "Form", "is_word", "score", "score_in_text"]

IN_REGION: Final = 1.0  # of the node
IN_COUNTRY: Final = 0.8
ABROAD: Final = 0.28  # never placed by that name alone: `placing.PLACED_SCORE_MIN`
NOWHERE_NEAR: Final = 0.8  # nobody said where the node is

WORD: Final = 0.28  # the name is a word as well, and nothing says that the place is meant
SIZE_OF_NOBODY: Final = 0.4  # a village of which no population is known
PEOPLE_MAX: Final = 10_000_000  # more make a place no likelier
KINDS: Final[dict[Kind, float]] = {
    "country": 1.0,
    "region": 0.85,
    "prefecture": 0.9,
    "county": 0.85,
    "own": 1.0,
}

TOWN_PEOPLE_MIN: Final = 15_000  # who make a town of a village
CITY_PEOPLE_MIN: Final = 500_000  # who make it known in its country
WORD_HAN_CHARS_MAX: Final = 2
WORD_LETTERS_MAX: Final = 4


class Form(Enum):
    """How a place was called; the value is the share that this leaves of its score."""

    NAME = 1.0  # a name of it, as it stands in the sources
    SORTED = 0.97  # its name, and 市, 县, 镇 … behind it that the sources have not got
    BARE = 0.9  # its name without 市, 县, Kota …
    INFLECTED = 0.85  # its name with the ending of a case
    BEGINNING = 0.5  # of its name


@dataclass(frozen=True, slots=True)
class Circumstances:
    """Where the node is (`CN-YN`; None: nobody knows), and which countries and regions a text
    names (their codes)."""

    near_region: str | None = None
    named: Collection[str] = frozenset()


def score(place: Place, form: Form, around: Circumstances) -> float:
    """0 to 1, of a name that is nothing else than a name."""
    return _nearness(place, around) * form.value * _size(place)


def score_in_text(
    place: Place, key: str, form: Form, around: Circumstances, *, behind: bool
) -> float:
    """0 to 1, of a name among other words. `behind`: it stands directly behind that of a place that
    contains this one."""
    if behind:
        return IN_REGION * form.value * _size(place)
    word = WORD if is_word(place, key, form, around) else 1.0
    return score(place, form, around) * word


def is_word(place: Place, key: str, form: Form, around: Circumstances) -> bool:
    """Whether a name by itself is too short, or too common, to say that this place is meant."""
    if place.kind in ("country", "region", "own"):
        return False
    if all(word in COMMON_WORDS for word in key.split()):
        return True
    nearby = around.near_region is not None and place.region == around.near_region
    is_short = len(key) <= (WORD_HAN_CHARS_MAX if is_han(key) else WORD_LETTERS_MAX)
    if _is_village(place):
        # Somewhere there is a village of any name.
        return is_short or not (nearby or place.region in around.named)
    return is_short and not nearby and place.population < CITY_PEOPLE_MIN


def _is_village(place: Place) -> bool:
    return place.kind == "city" and place.population < TOWN_PEOPLE_MIN


def _nearness(place: Place, around: Circumstances) -> float:
    if place.region == around.near_region:
        return IN_REGION
    # A country does not say of itself that it is meant, nor does a region.
    if place.country in around.named and place.kind != "country":
        return IN_REGION
    if place.region in around.named and place.kind not in ("country", "region"):
        return IN_REGION
    if around.near_region is None:
        return NOWHERE_NEAR
    return IN_COUNTRY if place.country == around.near_region[:2] else ABROAD


def _size(place: Place) -> float:
    if place.kind in KINDS:
        return KINDS[place.kind]
    people = min(max(place.population, 1), PEOPLE_MAX)
    return SIZE_OF_NOBODY + (1 - SIZE_OF_NOBODY) * math.log10(people) / math.log10(PEOPLE_MAX)
