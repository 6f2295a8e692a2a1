"""Chinese as pinyin, cached per character; phrases set right what depends on its neighbours."""

from __future__ import annotations

import unicodedata
from functools import cache
from typing import Final

from hinterland.search.folding import fold, is_spaceless, words_of

__all__ = ["SORT_KEY_CHARS_MAX", "initials_of", "pinyin_of", "reading", "sort_key"]

SORT_KEY_CHARS_MAX: Final = 48  # of the reading; several indexes hold it
SORT_NAME_CHARS_MAX: Final = 16  # of the name as it is, for equal readings
_PHRASE_CHARS_MAX: Final = 3  # longer phrases hardly add readings: 重庆, 银行, 音乐 are short
_DIAERESIS: Final = "\u0308"


def _plain(toned: str) -> str:
    """`lǜ` to `lv`: tones off, ü as v, as keyboards have it."""
    return "".join(
        part
        for part in unicodedata.normalize("NFD", toned).replace("u" + _DIAERESIS, "v")
        if not unicodedata.combining(part)
    )


@cache
def _readings() -> tuple[dict[str, str], dict[str, tuple[str, ...]]]:
    """The usual reading of each character, and of short phrases where it differs."""
    from pypinyin import phrases_dict, pinyin_dict  # half a second: only who searches pays it

    characters = {
        chr(code): _plain(toned.split(",", 1)[0]) for code, toned in pinyin_dict.pinyin_dict.items()
    }
    phrases: dict[str, tuple[str, ...]] = {}
    for phrase, syllables in phrases_dict.phrases_dict.items():
        if not 2 <= len(phrase) <= _PHRASE_CHARS_MAX or len(syllables) != len(phrase):
            continue
        reading = tuple(_plain(options[0]) for options in syllables)
        if any(
            characters.get(character) != syllable
            for character, syllable in zip(phrase, reading, strict=True)
        ):
            phrases[phrase] = reading
    return characters, phrases


def pinyin_of(run: str) -> list[str]:
    """One syllable for each character of a folded run; "" for what is not Chinese.

    >>> pinyin_of("重庆绿色")
    ['chong', 'qing', 'lv', 'se']
    """
    characters, phrases = _readings()
    syllables: list[str] = []
    while len(syllables) < len(run):
        start = len(syllables)
        for length in range(_PHRASE_CHARS_MAX, 1, -1):
            reading = phrases.get(run[start : start + length])
            if reading is not None:
                syllables.extend(reading)
                break
        else:
            syllables.append(characters.get(run[start], ""))
    return syllables


def initials_of(syllables: list[str]) -> str:
    """The first letter of each syllable: `lsly` for 绿色流域."""
    return "".join(syllable[:1] for syllable in syllables)


def reading(text: str) -> str:
    """Pinyin where a text is Chinese, folded letters elsewhere: `lv se liu yu ngo`."""
    parts: list[str] = []
    for run in words_of(fold(text)[:SORT_KEY_CHARS_MAX]):
        if is_spaceless(run):
            parts.extend(
                syllable or character
                for character, syllable in zip(run, pinyin_of(run), strict=True)
            )
        else:
            parts.append(run)
    return " ".join(parts)[:SORT_KEY_CHARS_MAX]


def sort_key(name: str) -> str:
    """What to order names by: their reading, so that Chinese and Latin names mingle as in a Chinese
    telephone book; equal readings go by character.

    >>> sorted(["中心", "Boat", "安宁", "昆明"], key=sort_key)
    ['安宁', 'Boat', '昆明', '中心']
    """
    return f"{reading(name)}\u0001{name.strip()[:SORT_NAME_CHARS_MAX]}"
