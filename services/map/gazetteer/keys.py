"""One spelling for all spellings of a place's name, and the names with which a text begins."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Protocol

from hinterland.search import fold, is_spaceless, words_of
from hinterland.search.folding import SPACELESS, joined

__all__ = [
    "KEY_CHARS_MAX",
    "Names",
    "Scan",
    "Start",
    "bare_key",
    "is_han",
    "is_short",
    "key_of",
    "longest_name",
    "without_endings",
]

KEY_CHARS_MAX: Final = 48  # of a folded name; the few longer ones are left out
HAN_CHARS_MIN: Final = 2  # of a name in a text; one character is a word
LETTERS_MIN: Final = 3  # of a name in a text; shorter ones are words: "of", "di", "en"

_HAN: Final = re.compile(f"[{SPACELESS}]+")
# What says of a place which sort it is: behind Chinese names, longest first; a word elsewhere.
_HAN_SORT: Final = re.compile("(特别行政区|自治[区州县旗]|地区|林区|街道|[省市县区州盟旗镇乡])$")
_WORD_SORT: Final = re.compile(
    r"^(?:kota|kabupaten|kab|provinsi|tinh|thanh pho|tp|huyen|محافظه|مدينه|г|город)\s+(?=\S)"
    r"|\s+(?:city|county|province|shi|xian|sheng|oblysy|облысы|область|каласы|қаласы)$"
)

# "and", "in", "to", "so", "like", written together with the word that follows.
_ARABIC_PREFIX: Final = re.compile(r"^(?:[وف]?(?:[بك]ال|لل)|[وف]ال|[وف]?[بلك]|[وف])(?=.{3})")
_ARABIC: Final = re.compile(r"[\u0620-\u064a]+")
_CYRILLIC: Final = re.compile(r"[\u0400-\u04ff]+")
# "In", "from" and "to" a place are endings in Kazakh and Russian: what replaces them. Folding has
# made ё to е and й to и before.
_ENDINGS: Final = (
    *((ending, "") for ending in ("дан", "ден", "тан", "тен", "нан", "нен")),
    *((ending, "") for ending in ("да", "де", "та", "те", "ға", "ге", "қа", "ке", "а", "у", "ом")),
    *(("е", ""), ("е", "а"), ("е", "и"), ("у", "а"), ("ы", "а"), ("и", "а"), ("и", "ь")),
    *(("ои", "а"), ("ью", "ь")),
)
_STEM_CHARS_MIN: Final = 4


def key_of(name: str) -> str:
    """The name as it is compared: folded, without punctuation and Arabic articles; "" of nothing.

    >>> key_of("大理市"), key_of("Đà Nẵng"), key_of("القاهرة")
    ('大理市', 'da nang', 'قاهره')
    """
    return " ".join(words_of(joined(fold(name))))


def bare_key(key: str) -> str:
    """A key without what says which sort of place it is; the key itself where nothing would remain.

    >>> bare_key("昆明市"), bare_key("kota bandung")
    ('昆明', 'bandung')
    """
    bare = (_HAN_SORT if is_han(key) else _WORD_SORT).sub("", key)
    return bare if len(bare) >= HAN_CHARS_MIN else key


def is_han(key: str) -> bool:
    """Whether a key is written without spaces, and can stand within other text."""
    return _HAN.fullmatch(key) is not None


def is_short(key: str) -> bool:
    """Whether a key is too short to be looked for in a text, though it is somewhere's name."""
    return len(key) < (HAN_CHARS_MIN if is_han(key) else LETTERS_MIN)


def _without_prefix(word: str) -> str | None:
    """An Arabic word without the particles written together with it."""
    if _ARABIC.fullmatch(word) is None:
        return None
    bare = _ARABIC_PREFIX.sub("", word)
    return None if bare == word else bare


def without_endings(word: str) -> list[str]:
    """What a Russian or Kazakh word could be without the ending of its case."""
    if _CYRILLIC.fullmatch(word) is None:
        return []
    return list(
        dict.fromkeys(
            word.removesuffix(ending) + instead
            for ending, instead in _ENDINGS
            if word.endswith(ending) and len(word) - len(ending) >= _STEM_CHARS_MIN
        )
    )


class Names(Protocol):
    """Keys in order, by code point."""

    def last_up_to(self, key: str) -> str | None:
        """The last key that is not after `key`; None if there is none."""


@dataclass(frozen=True, slots=True)
class Start:
    """A place in a text at which a name may begin, and the text from there: without the particles
    of its first word, which are `shift` letters."""

    at: int
    text: str
    shift: int = 0


@dataclass(frozen=True)
class Scan:
    """A text, folded once, in which names are looked for."""

    words: tuple[str, ...]

    @classmethod
    def of(cls, text: str) -> Scan:
        return cls(tuple(words_of(joined(fold(text)))))

    @cached_property
    def text(self) -> str:
        return " ".join(self.words)

    @cached_property
    def ends(self) -> frozenset[int]:
        """Where a name may end: behind words, and behind every character of spaceless writing."""
        return frozenset(end for start, word in self._places() for end in _ends(start, word))

    def starts(self) -> Iterator[Start]:
        """Where a name may begin, and how the text reads from there; in order."""
        for at, word in self._places():
            if is_spaceless(word):
                yield from (Start(at + i, self._from(at + i)) for i in range(len(word)))
                continue
            yield Start(at, self._from(at))
            bare = _without_prefix(word)
            if bare is not None:
                rest = self.text[at + len(word) : at + len(word) + KEY_CHARS_MAX]
                yield Start(at, (bare + rest)[:KEY_CHARS_MAX], len(word) - len(bare))

    def single_words(self) -> Iterator[tuple[int, str]]:
        """Where each word of letters begins, and the word."""
        return ((at, word) for at, word in self._places() if not is_spaceless(word))

    def _from(self, at: int) -> str:
        return self.text[at : at + KEY_CHARS_MAX]

    def _places(self) -> Iterable[tuple[int, str]]:
        at = 0
        for word in self.words:
            yield at, word
            at += len(word) + 1


def _ends(start: int, word: str) -> Iterable[int]:
    if is_spaceless(word):
        return range(start + 1, start + len(word) + 1)
    return (start + len(word),)


def longest_name(names: Names, start: Start, ends: frozenset[int], budget: list[int]) -> str | None:
    """The longest of `names` with which the text begins at `start`; each read costs 1 of `budget`.

    A walk down a sorted list: the last name up to the text is either what it begins with, or shows
    how many letters of the text any name shares; with those it goes on, so that one or two reads
    are usual. A hundred names that begin alike do not make it longer.
    """
    text = start.text
    while budget[0] > 0 and not is_short(text):
        budget[0] -= 1
        name = names.last_up_to(text)
        if name is None:
            return None
        shared = _shared(name, text)
        if shared != name:
            text = shared
        elif start.at + len(name) + start.shift in ends and not is_short(name):
            return name
        else:
            text = name[:-1]
    return None


def _shared(one: str, other: str) -> str:
    """The letters with which both begin."""
    for index, (left, right) in enumerate(zip(one, other, strict=False)):
        if left != right:
            return one[:index]
    return min(one, other, key=len)
