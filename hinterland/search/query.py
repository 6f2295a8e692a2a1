"""The query's side: what somebody typed, as conditions on the array of terms."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any, Final

from bson.regex import Regex

from hinterland.search.folding import ARABIC_ARTICLE, fold, is_spaceless, words_of
from hinterland.search.pinyin import reading
from hinterland.search.terms import (
    ANCHOR_CHARS_MAX,
    INITIALS_CHARS_MAX,
    PINYIN_CHARS_MAX,
    RUN_CHARS_MAX,
    WORD_CHARS_MAX,
    anchor_term,
    identifier_term,
    phone_term,
)

__all__ = [
    "LAST_CHARACTER",
    "QUERY_WORDS_MAX",
    "Clause",
    "Conjunction",
    "Query",
    "Word",
    "one_edit",
    "parse",
]

QUERY_CHARS_MAX: Final = 200  # further letters are not looked at
QUERY_WORDS_MAX: Final = 8  # further words are not looked at
MISSPELT_CHARS_MIN: Final = 4  # shorter words have too many neighbours
MISSPELT_CHARS_MAX: Final = 20  # longer words are seldom typed, and have a thousand
IDENTIFIER_CHARS_MIN: Final = 5  # to be taken for the beginning of an identifier
PHONE_DIGITS_MIN: Final = 6  # to be taken for the end of a number
PHONE_DIGITS_MAX: Final = 17

_ALPHABET: Final = "abcdefghijklmnopqrstuvwxyz"
_LATIN: Final = re.compile(r"[a-z]+")
_PHONE: Final = re.compile(r"[\d\s+().\-/–—‐‑]+")
_TRUNK_ZERO: Final = re.compile(r"\(\s*0\s*\)")  # +86 (0)871 …
_U_FOR_UMLAUT: Final = re.compile(r"(?<=[ln])(?:yu|u)(?!a|i|o)")  # lu, lyu typed for lü

Condition = dict[str, Any]

LAST_CHARACTER: Final = "\U0010ffff"  # sorts after whatever may follow a prefix


def one_edit(word: str) -> list[str]:
    """Every word of a to z within one deletion, swap, replacement or insertion of `word`, except
    itself: at most 54 n + 25 of them, sorted.

    >>> "green" in one_edit("gren")
    True
    """
    halves = [(word[:index], word[index:]) for index in range(len(word) + 1)]
    edits = {left + right[1:] for left, right in halves if right}
    edits |= {left + right[1] + right[0] + right[2:] for left, right in halves if len(right) > 1}
    edits |= {left + letter + right[1:] for left, right in halves if right for letter in _ALPHABET}
    edits |= {left + letter + right for left, right in halves for letter in _ALPHABET}
    return sorted(edits - {word, ""})


@dataclass(frozen=True, slots=True)
class Clause:
    """Any of these terms, or of those that begin with one of these prefixes."""

    exact: tuple[str, ...] = ()
    prefixes: tuple[str, ...] = ()

    def __or__(self, other: Clause) -> Clause:
        return Clause(self.exact + other.exact, self.prefixes + other.prefixes)

    def lead(self, field: str) -> Condition:
        """The condition for an index to start from: tight bounds, one for each term."""
        return {field: {"$in": [*self.exact, *map(_prefix, self.prefixes)]}}

    def test(self, field: str) -> Condition:
        """The same for documents that are at hand, where regular expressions on every term of an
        array take ten times as long as comparing its ends."""
        conditions: list[Condition] = [
            {field: {"$elemMatch": {"$gte": prefix, "$lt": prefix + LAST_CHARACTER}}}
            for prefix in self.prefixes
        ]
        if self.exact:
            conditions.append({field: {"$in": list(self.exact)}})
        return conditions[0] if len(conditions) == 1 else {"$or": conditions}


@dataclass(frozen=True, slots=True)
class Conjunction:
    """Every one of the clauses, and none of the conjunctions before it."""

    clauses: tuple[Clause, ...]
    before: tuple[Conjunction, ...] = ()

    def leads(self, field: str) -> list[Condition]:
        """One condition for each clause, of which any will do to start from; then `test`."""
        return [clause.lead(field) for clause in self.clauses]

    def test(self, field: str) -> Condition:
        conditions = [clause.test(field) for clause in self.clauses]
        if self.before:
            conditions.append({"$nor": [earlier.test(field) for earlier in self.before]})
        return {"$and": conditions}


@dataclass(frozen=True, slots=True)
class Word:
    """One word, or one window of a longer spaceless run, as terms without their `N` or `T`."""

    text: str
    exact: tuple[str, ...] = ()
    prefixes: tuple[str, ...] = ()
    misspelt: bool = False

    @property
    def spelling(self) -> str | None:
        """The word, if one may have misspelt it; None for other scripts and very short words."""
        latin = _LATIN.fullmatch(self.text) is not None
        fits = MISSPELT_CHARS_MIN <= len(self.text) <= MISSPELT_CHARS_MAX
        return self.text if latin and fits else None

    def clause(self, audiences: str, *, misspelt: bool = False) -> Clause:
        edits = one_edit(self.text) if misspelt and self.misspelt else []
        exact = [*self.exact, *(f"W{edit}" for edit in edits)]
        return Clause(
            tuple(audience + term for audience in audiences for term in exact),
            tuple(audience + term for audience in audiences for term in self.prefixes),
        )


@dataclass(frozen=True, slots=True)
class Query:
    """What was typed. `whole` is the anchor of all of it; `numbers` are the prefixes that it is as
    an identifier or a phone number; `reading` is what the sort key of a name begins with that
    begins with it."""

    words: tuple[Word, ...]
    whole: str
    numbers: tuple[str, ...]
    reading: str

    @property
    def empty(self) -> bool:
        """Whether there was nothing to look for, but punctuation perhaps."""
        return not self.words and not self.numbers

    def spellings(self) -> dict[str, tuple[str, ...]]:
        """For each word that may be misspelt the terms of which one stands in the collection if
        somebody does spell it so."""
        return {
            word.text: (f"NW{word.text}", f"TW{word.text}")
            for word in self.words
            if word.spelling is not None
        }

    def with_misspelt(self, words: frozenset[str]) -> Query:
        """The same query with these words read as misspelt."""
        return replace(
            self,
            words=tuple(replace(word, misspelt=word.text in words) for word in self.words),
        )

    def found(self) -> Conjunction:
        """Whatever is found at all, the union of the tiers: what a whole name or a number begins
        with stands beside every word."""
        at_once = self._beginning() | Clause(prefixes=self.numbers)
        words = [word.clause("NT", misspelt=True) for word in self.words] or [Clause()]
        return Conjunction(tuple(at_once | word for word in words))

    def tiers(self) -> list[Conjunction]:
        """In the order of relevance; nothing is in two of them."""
        tiers = [
            (Clause((self.whole,), self.numbers),),
            (self._beginning(),),
            tuple(word.clause("N") for word in self.words),
            tuple(word.clause("NT") for word in self.words),
        ]
        if any(word.misspelt for word in self.words):
            tiers.append(tuple(word.clause("NT", misspelt=True) for word in self.words))
        found: list[Conjunction] = []
        for clauses in filter(None, tiers):
            found.append(Conjunction(clauses, tuple(Conjunction(each.clauses) for each in found)))
        return found

    def _beginning(self) -> Clause:
        """What a name's anchor is that begins with the query; a longer one is cut as names are."""
        if len(self.whole) <= ANCHOR_CHARS_MAX:
            return Clause(prefixes=(self.whole,))
        return Clause((self.whole,))


def _prefix(term: str) -> Regex[str]:
    # A bson Regex, not a Python pattern: that would carry the flag u, which costs the index bounds.
    return Regex("^" + re.escape(term))


def _pinyin_spellings(word: str) -> list[str]:
    """As typed, and with u or yu for ü read as v."""
    return list(dict.fromkeys([word, _U_FOR_UMLAUT.sub("v", word)]))


def _word(text: str, last: bool) -> Word:
    if is_spaceless(text):
        return Word(text, prefixes=(f"C{text}",))
    text = text[:WORD_CHARS_MAX]
    prefixes = [f"W{text}"] if last else []
    if last and len(text) > len(ARABIC_ARTICLE) and text.startswith(ARABIC_ARTICLE):
        prefixes.append(f"W{text.removeprefix(ARABIC_ARTICLE)}")
    if _LATIN.fullmatch(text) and len(text) > 1:
        prefixes += [f"P{spelling[:PINYIN_CHARS_MAX]}" for spelling in _pinyin_spellings(text)]
        if len(text) <= INITIALS_CHARS_MAX:
            prefixes.append(f"I{text}")
    return Word(text, exact=(f"W{text}",), prefixes=tuple(prefixes))


def _windows(word: str) -> list[str]:
    """A spaceless run in pieces that the index holds, each sharing a character with the next."""
    if not is_spaceless(word) or len(word) <= RUN_CHARS_MAX:
        return [word]
    starts = range(0, len(word) - 1, RUN_CHARS_MAX - 1)
    return [word[start : start + RUN_CHARS_MAX] for start in starts]


def _numbers(text: str, folded: str) -> tuple[str, ...]:
    squeezed = folded.replace(" ", "")
    numbers: list[str] = []
    if (
        len(squeezed) >= IDENTIFIER_CHARS_MIN
        and squeezed.isascii()
        and any(character.isdigit() for character in squeezed)
    ):
        numbers.append(identifier_term(text))
    digits = phone_term(_TRUNK_ZERO.sub("", text))
    if _PHONE.fullmatch(text) and PHONE_DIGITS_MIN < len(digits) <= 1 + PHONE_DIGITS_MAX:
        numbers.append(digits)
    return tuple(numbers)


def parse(text: str) -> Query:
    """What somebody typed into a search box, as a query; of a longer text the first
    QUERY_CHARS_MAX characters and QUERY_WORDS_MAX words.

    The last word is taken as unfinished, as it is while somebody types.
    """
    text = text[:QUERY_CHARS_MAX].strip()
    folded = fold(text)
    windows = [window for word in words_of(folded) for window in _windows(word)]
    words = [
        _word(window, last=place == len(windows))
        for place, window in enumerate(windows[:QUERY_WORDS_MAX], start=1)
    ]
    return Query(tuple(words), anchor_term(text), _numbers(text, folded), reading(text))
