"""One spelling for all spellings of a text, and the words in it."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import Final

import opencc

__all__ = ["ARABIC_ARTICLE", "SPACELESS", "fold", "is_spaceless", "joined", "words_of"]

# Scripts that are written without spaces between words, as a regular expression's character class:
# Thai and Lao, Burmese, Khmer, kana, Han (with its compatibility forms and extensions).
SPACELESS: Final = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3041-\u30ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
_SPACELESS_RUN: Final = re.compile(f"[{SPACELESS}]+")
_RUN: Final = re.compile(f"[{SPACELESS}]+|[^\\s{SPACELESS}]+")
_GAP: Final = re.compile(f"(?<=[{SPACELESS}])\\s+(?=[{SPACELESS}])")
_POSSESSIVE: Final = re.compile(r"['’ʼ]s\b")
_APOSTROPHES: Final = frozenset("'’‘ʼʻ`´")

# Letters that Unicode does not decompose.
_LETTERS: Final = {
    "đ": "d", "ð": "d", "ø": "o", "ł": "l", "æ": "ae", "œ": "oe", "ß": "ss", "ı": "i", "þ": "th",
    "ŋ": "n", "ħ": "h", "ə": "a",
    # Arabic: hamza carriers, final forms and Persian keyboards; tatweel is only a stretch.
    "ٱ": "ا", "ى": "ي", "ی": "ي", "ې": "ي", "ک": "ك", "ڪ": "ك", "ة": "ه", "ۀ": "ه", "ە": "ه",
    "ہ": "ه", "ھ": "ه", "ء": "", "ـ": "",
}  # fmt: skip

ARABIC_ARTICLE: Final = "ال"
_ARABIC_STEM_CHARS_MIN: Final = 3


def _is_mark(character: str) -> bool:
    """Marks that people leave out: Latin diacritics, Arabic and Hebrew vowel points. (Thai and
    Indic vowels are marks too, and stay.)"""
    code = ord(character)
    return (
        0x0300 <= code <= 0x036F
        or 0x0591 <= code <= 0x05C7
        or 0x0610 <= code <= 0x061A
        or 0x064B <= code <= 0x065F
        or code == 0x0670
        or 0x06D6 <= code <= 0x06ED
    )


@cache
def _to_simplified() -> opencc.OpenCC:
    return opencc.OpenCC("t2s")


def _fold_character(character: str) -> str:
    if character in _APOSTROPHES:
        return ""
    decimal = unicodedata.decimal(character, None)
    if decimal is not None:
        return str(decimal)
    if _SPACELESS_RUN.fullmatch(character):
        return str(_to_simplified().convert(character))
    folded = "".join(
        _LETTERS.get(part, part)
        for part in unicodedata.normalize("NFKD", character).casefold()
        if not _is_mark(part)
    )
    folded = unicodedata.normalize("NFC", folded)
    if not folded and (_is_mark(character) or character in _LETTERS):
        return ""
    return folded if folded and all(part.isalnum() for part in folded) else " "


class _FoldedCharacters(dict[int, str]):
    """A translation table that fills itself; it is bounded by the number of Unicode characters."""

    def __missing__(self, code: int) -> str:
        folded = self[code] = _fold_character(chr(code))
        return folded


_CHARACTERS: Final = _FoldedCharacters()


def fold(text: str) -> str:
    """Case, width, diacritics, Chinese and Arabic variants folded away; punctuation becomes spaces.

    >>> fold("ＮＧＯ「臺灣」 Trường—Sa")
    'ngo 台湾 truong sa'
    """
    composed = _POSSESSIVE.sub("", unicodedata.normalize("NFKC", text))
    return " ".join(composed.translate(_CHARACTERS).split())


def is_spaceless(run: str) -> bool:
    """Whether a run of folded text is in a script without spaces."""
    return _SPACELESS_RUN.match(run) is not None


def _without_article(word: str) -> str:
    if word.startswith(ARABIC_ARTICLE) and len(word) >= 2 + _ARABIC_STEM_CHARS_MIN:
        return word[2:]
    return word


def joined(folded: str) -> str:
    """Folded text with its spaceless runs written together, as brackets and dots often part
    them."""
    return _GAP.sub("", folded)


def words_of(folded: str) -> list[str]:
    """The words and the spaceless runs of folded text, in order; Arabic without its article.

    >>> words_of(fold("昆明 Green 绿色NGO"))
    ['昆明', 'green', '绿色', 'ngo']
    """
    return [_without_article(run) for run in _RUN.findall(folded)]
