"""When two entries are probably one organisation: the same identifier, or a like name nearby.

Like names are equal once place names, script, case and punctuation are taken off, or differ by one
replaced character or one misspelt word. Candidates come out of an index by `alike_keys`: the key of
a name, and its keys with one part left vague, so that two names that differ there share a key.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from itertools import islice
from typing import Any, Final, Literal

from rapidfuzz.distance import OSA

from hinterland import search
from services.directory.rules.places import city_key, km, without_places

__all__ = ["ALIKE_KEYS_MAX", "NEARBY_KM", "Likeness", "Profile", "alike_keys", "likeness"]

NEARBY_KM: Final = 10.0
NAMES_MAX: Final = 4  # of one NGO that are compared: its names first, then aliases
PARTS_MAX: Final = 24  # characters and words of one name
ALIKE_KEYS_MAX: Final = 40  # index entries of one NGO
ONE_EDIT_CHARACTERS_MIN: Final = 5  # below, one character makes another name: 绿色昆明, 绿色高原
ONE_EDIT_WORDS_MIN: Final = 3  # below, one word makes another name
MISSPELT_WORD_CHARS_MIN: Final = 4  # shorter words are compared as they are
MISSPELT_WORD_LIKENESS_MIN: Final = 0.7  # share of letters in place
KEY_BYTES: Final = 6  # of a hash; what shares a key by chance is told apart later

Likeness = Literal["identifier", "name"]
Parts = tuple[str, ...]

# What tells apart organisations that are otherwise named alike: 第一小学, 第二小学.
_COUNTERS: Final = frozenset("零〇一二三四五六七八九十百两甲乙丙丁东南西北中上下左右大小老新")
_FILLERS: Final = frozenset({"the", "of", "for", "and", "in", "a", "an"})
_FILLER_CHARACTERS: Final = frozenset("的之与和及暨省市县区")  # may be left out of a name


@dataclass(frozen=True, slots=True)
class Profile:
    """What an NGO is recognised by, read out of its body once."""

    names: tuple[Parts, ...]
    identifiers: dict[str, str]
    region: str
    city: str | None
    location: Mapping[str, float] | None

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> Profile:
        city = body.get("city")
        names = islice((*body.get("names", {}).values(), *body.get("aliases", ())), NAMES_MAX)
        parts = (_parts(without_places(search.fold(name), body["region"], city)) for name in names)
        return cls(
            names=tuple(dict.fromkeys(filter(None, parts))),
            identifiers={found["scheme"]: found["value"] for found in body.get("identifiers", ())},
            region=body["region"],
            city=city_key(city) if city else None,
            location=body.get("location"),
        )


def _parts(folded: str) -> Parts:
    """A name's characters, where it is written without spaces, and its words."""
    parts: list[str] = []
    for run in search.words_of(folded):
        if search.is_spaceless(run):
            parts.extend(run)
        elif run not in _FILLERS:
            parts.append(run)
    return tuple(parts[:PARTS_MAX])


def _counts(part: str) -> bool:
    """Whether a part tells organisations apart, so that it is never a slip."""
    return part in _COUNTERS or part.isdigit()


def _in_words(parts: Parts) -> bool:
    return all(len(part) > 1 or part.isascii() for part in parts)


def _edits_allowed(parts: Parts) -> bool:
    least = ONE_EDIT_WORDS_MIN if _in_words(parts) else ONE_EDIT_CHARACTERS_MIN
    return len(parts) >= least


def _vague(part: str) -> str | None:
    """What stays of a part when it may be a slip: of a word its ends, of a character nothing; None
    where no slip is thought of."""
    if _counts(part):
        return None
    if len(part) == 1:
        return ""
    return f"{part[0]}*{part[-1]}" if len(part) >= MISSPELT_WORD_CHARS_MIN else None


def _key(parts: Iterable[str]) -> int:
    digest = blake2b("\0".join(parts).encode(), digest_size=KEY_BYTES).digest()
    return int.from_bytes(digest, "big")


def _keys(profile: Profile) -> Iterator[int]:
    for parts in profile.names:
        yield _key(parts)
        if not _edits_allowed(parts):
            continue
        for place, part in enumerate(parts):
            vague = _vague(part)
            if vague is not None:
                between = (vague,) if vague else ()
                yield _key((*parts[:place], *between, *parts[place + 1 :]))


def alike_keys(profile: Profile) -> list[int]:
    """Numbers of which two NGOs with like names have at least one in common; others seldom do."""
    return list(islice(dict.fromkeys(_keys(profile)), ALIKE_KEYS_MAX))


def _one_part_differs(one: Parts, other: Parts) -> bool:
    if not (_edits_allowed(one) and _edits_allowed(other)) or OSA.distance(one, other) > 1:
        return False
    left = [part for part in one if part not in other]
    right = [part for part in other if part not in one]
    if any(_counts(part) for part in (*left, *right)):
        return False
    if len(one) != len(other):  # a character or a word more is another name: 青年, 青少年
        return all(part in _FILLER_CHARACTERS for part in (*left, *right))
    if any(len(part) > 1 for part in (*left, *right)):
        return (
            len(left) == len(right) == 1
            and OSA.normalized_similarity(left[0], right[0]) >= MISSPELT_WORD_LIKENESS_MIN
        )
    return True


def _nearby(one: Profile, other: Profile) -> bool:
    """Within NEARBY_KM or in one city; where a city is missing, in one region."""
    if one.location and other.location and km(one.location, other.location) <= NEARBY_KM:
        return True
    if one.city and other.city:
        return one.city == other.city
    return one.region == other.region


def likeness(one: Profile, other: Profile) -> Likeness | None:
    """Why two are probably one organisation; None if they probably are not. Different values under
    one identifier scheme mean two organisations, whatever they are called."""
    common = one.identifiers.keys() & other.identifiers.keys()
    if common:
        same = any(one.identifiers[scheme] == other.identifiers[scheme] for scheme in common)
        return "identifier" if same else None
    if not _nearby(one, other):
        return None
    like = any(a == b or _one_part_differs(a, b) for a in one.names for b in other.names)
    return "name" if like else None
