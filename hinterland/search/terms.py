"""The index's side: the terms that a record is found by.

A term begins with capitals that say what it is; folded text has none, so that kinds never mix:
`N` or `T` (in a name, or in other text) before `W` (word), `C` (characters of a spaceless run),
`P` (pinyin) and `I` (its initials); `A` for a whole name, `D` an identifier, `H` a phone number.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Final

from hinterland.search.folding import fold, is_spaceless, joined, words_of
from hinterland.search.pinyin import initials_of, pinyin_of

__all__ = [
    "ANCHOR_CHARS_MAX",
    "INITIALS_CHARS_MAX",
    "NAME_TERMS_MAX",
    "PINYIN_CHARS_MAX",
    "RUN_CHARS_MAX",
    "TEXT_TERMS_MAX",
    "WORD_CHARS_MAX",
    "anchor_term",
    "identifier_term",
    "index_terms",
    "phone_term",
]

NAME_TERMS_MAX: Final = 160  # of names, aliases and places; an index entry costs some 4 µs
TEXT_TERMS_MAX: Final = 48  # of other text, its beginning
TEXT_CHARS_MAX: Final = 1_000  # that are read to find them
WORD_CHARS_MAX: Final = 32  # the rest of a word is not compared
RUN_CHARS_MAX: Final = 6  # of one suffix; longer queries ask for several
PINYIN_CHARS_MAX: Final = 18  # of one suffix in pinyin; longer ones are cut at both sides
INITIALS_CHARS_MAX: Final = 12  # longer words are not taken for initials
ANCHOR_CHARS_MAX: Final = 48  # of a whole name, to see what begins with it


def anchor_term(name: str) -> str:
    """A whole name, without its spaces: what tiers 0 and 1 compare."""
    return "A" + fold(name).replace(" ", "")[:ANCHOR_CHARS_MAX]


def identifier_term(value: str) -> str:
    """Letters and digits only: `91-53 0000/x` and `91530000X` are one."""
    return "D" + fold(value).replace(" ", "").upper()


def phone_term(number: str) -> str:
    """The digits from the end, without leading zeros; what was typed of the end is a prefix."""
    digits = "".join(character for character in fold(number) if character.isdigit())
    return "H" + digits.lstrip("0")[::-1]


def _run_terms(run: str, audience: str) -> Iterator[str]:
    for start in range(len(run)):
        yield f"{audience}C{run[start : start + RUN_CHARS_MAX]}"


def _pinyin_terms(run: str, audience: str) -> Iterator[str]:
    syllables = pinyin_of(run)
    for start in range(len(run)):
        if not syllables[start]:
            continue
        yield f"{audience}P{''.join(syllables[start:])[:PINYIN_CHARS_MAX]}"
        initials = initials_of(syllables[start:])[:INITIALS_CHARS_MAX]
        if len(initials) > 1:
            yield f"{audience}I{initials}"


def _name_terms(names: Iterable[str], audience: str) -> Iterator[str]:
    for name in names:
        folded = joined(fold(name))
        if audience == "N":
            yield anchor_term(name)
        for word in words_of(folded):
            if is_spaceless(word):
                yield from _run_terms(word, audience)
                yield from _pinyin_terms(word, audience)
            else:
                yield f"{audience}W{word[:WORD_CHARS_MAX]}"


def _text_terms(texts: Iterable[str]) -> Iterator[str]:
    for text in texts:
        for word in words_of(joined(fold(text[:TEXT_CHARS_MAX]))):
            if is_spaceless(word):
                yield from _run_terms(word, "T")
            else:
                yield f"TW{word[:WORD_CHARS_MAX]}"


def _unique(terms: Iterator[str], limit: int) -> list[str]:
    return list(islice(dict.fromkeys(islice(terms, 4 * limit)), limit))


def index_terms(
    names: Iterable[str],
    *,
    places: Iterable[str] = (),
    texts: Iterable[str] = (),
    identifiers: Iterable[str] = (),
    phones: Iterable[str] = (),
) -> list[str]:
    """The terms of one record, without repeats: at most NAME_TERMS_MAX of its names, as many of its
    places, TEXT_TERMS_MAX of its texts (the first ones), and one for each identifier and phone.

    Names and places are found by pinyin too; what is found in a name ranks higher.
    """
    return [
        *_unique(_name_terms(names, "N"), NAME_TERMS_MAX),
        *_unique(_name_terms(places, "T"), NAME_TERMS_MAX),
        *_unique(_text_terms(texts), TEXT_TERMS_MAX),
        *dict.fromkeys(map(identifier_term, identifiers)),
        *dict.fromkeys(map(phone_term, phones)),
    ]
