"""What a text message says: its category by the word that it begins with, and the rest.

洪水 大理市下关镇，水到膝盖        FLOOD: water is up to the knees in Dali
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Final, NamedTuple

from hinterland.search import fold, is_spaceless, words_of

__all__ = ["KEYWORD_CHARS_MAX", "Reading", "keyword_of", "read_text"]

KEYWORD_CHARS_MAX: Final = 40  # of the beginning in which a keyword is looked for

SPACELESS_CHARS_MIN: Final = 2  # of a keyword without spaces that nothing parts from the text
_SEPARATORS: Final = " \t\n:：,，、.。;；-–—!！】]）)>》」』،؛"
_OPENERS: Final = " #＃*【[（(<《「『"


class Reading(NamedTuple):
    """`category` and `keyword` (as the text has it) are None if the text begins with no keyword;
    `rest` is what it says, without the keyword and what parted it from that."""

    category: str | None
    keyword: str | None
    rest: str


def keyword_of(word: str) -> str:
    """A keyword as `read_text` wants it: folded, so that all spellings of it are one.

    >>> keyword_of("Ｆlood"), keyword_of("洪災"), keyword_of("الحريق")
    ('flood', '洪灾', 'حريق')
    """
    return " ".join(words_of(fold(word)))


def read_text(text: str, keywords: Mapping[str, str]) -> Reading:
    """Which category a text's first words name, and what else it says.

    `keywords` has the category's id by keyword (`keyword_of`), in any languages. The longest one
    counts, with the signs that people put around it (#, 【】, a colon); a space or a sign follows
    it, or nothing where either side is written without spaces.

    >>> read_text("【洪災】大理市", {"洪灾": "yunnan.category.1"})
    Reading(category='yunnan.category.1', keyword='洪災', rest='大理市')
    """
    text = text.strip()
    heads = [text[:length] for length in range(1, min(len(text), KEYWORD_CHARS_MAX) + 1)]
    # By keyword where it ends: what is behind it does not change how it folds.
    ends: dict[str, int] = {}
    for head in heads:
        keyword = keyword_of(head)
        if keyword in keywords and _parts(keyword, text[len(head) :]):
            ends.setdefault(keyword, len(head))
    if not ends:
        return Reading(None, None, text)
    keyword, end = max(ends.items(), key=lambda item: item[1])
    rest = text[end:].strip().lstrip(_SEPARATORS).strip()
    return Reading(keywords[keyword], text[:end].lstrip(_OPENERS), rest)


def _parts(keyword: str, rest: str) -> bool:
    """Whether a keyword ends before `rest`. Of one Chinese character it is hardly told from the
    beginning of a longer word (火 from 火车站), so that a sign or a space has to follow."""
    if not rest or not _is_part_of_word(rest[0]):
        return True
    if not rest[0].isalnum():
        return False  # an accent of the keyword's last letter, or an apostrophe
    if is_spaceless(keyword[-1]):
        return len(keyword) >= SPACELESS_CHARS_MIN
    return is_spaceless(fold(rest[0]))


def _is_part_of_word(character: str) -> bool:
    """Also an apostrophe: folding leaves "flood" of "flood's"."""
    return (
        character.isalnum() or character in "'’ʼ" or unicodedata.category(character).startswith("M")
    )
