"""The gazetteer's file, and the questions to it: indexed reads, and nothing is kept in memory."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import orjson

from hinterland.errors import Unavailable
from services.map.gazetteer.keys import (
    KEY_CHARS_MAX,
    Names,
    Scan,
    bare_key,
    is_han,
    key_of,
    longest_name,
    without_endings,
)
from services.map.gazetteer.places import NO_OWN_PLACES, OwnPlaces, Place
from services.map.gazetteer.placing import (
    Meaning,
    Mention,
    Placed,
    Unplaced,
    decide,
    decide_among_own,
    without_repeats,
)
from services.map.gazetteer.scoring import Circumstances, Form, score

__all__ = ["FORMAT", "PATH", "Gazetteer", "GazetteerMissing"]

PATH: Final = Path(__file__).parents[3] / "build" / "gazetteer.sqlite"
FORMAT: Final = 1  # of the file: counted up with its tables, or with what keys are

PLACES_PER_NAME_MAX: Final = 40  # of the node's country, then the most populous
BEGINNINGS_MAX: Final = 40  # names that begin with what somebody has typed so far
FIND_CHARS_MAX: Final = 200  # of what somebody types; the rest is not looked at
TEXT_CHARS_MAX: Final = 700  # of a message, ten SMS; further letters are not looked at
READS_MAX: Final = 1_500  # of one text, some 7 µs each; then the rest is not looked at
MENTIONS_MAX: Final = 8  # names of a text, the longest first
_AFTER: Final = "\U0010ffff"  # sorts after whatever may follow a prefix
_HAN_SORTS: Final = frozenset("省市县区州盟旗镇乡村")

# The last name up to a key: where a walk down the names goes on.
_LAST_UP_TO: Final = "SELECT key FROM name WHERE key <= ? ORDER BY key DESC LIMIT 1"
# The places of one name: those of a country first, then the most populous, as they are numbered.
# Only what is wanted is read of the other table: 150 places are called San Antonio.
_PLACES_NAMED: Final = f"""
    SELECT few.bare, place.name, labels, kind, region, lat, lng, accuracy_m, population
    FROM (SELECT place, bare FROM name WHERE key = ?
          ORDER BY country = ? DESC, place LIMIT {PLACES_PER_NAME_MAX}) AS few
    JOIN place ON place.id = few.place"""
# Names that somebody has begun to type.
_KEYS_FROM: Final = f"""
    SELECT DISTINCT key FROM name WHERE key > ? AND key < ? ORDER BY key LIMIT {BEGINNINGS_MAX}"""


class GazetteerMissing(Unavailable):
    """The gazetteer has not been built on this machine, or by another version. Run `make install`,
    or `python -m services.map.gazetteer`; until then no text is placed."""

    code = "GAZETTEER_MISSING"


class Gazetteer:
    """Read-only, and safe among greenlets and threads: SQLite serialises the reads, and each of
    them is far below a millisecond. Keep one for the whole life of a service; `make` replaces the
    file, and who has it open goes on with the old one."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    @classmethod
    def open(cls, path: Path = PATH) -> Gazetteer:
        """Raises GazetteerMissing."""
        if not path.is_file():
            raise GazetteerMissing()
        _ask_for(path)
        uri = f"{path.resolve().as_uri()}?mode=ro&immutable=1"
        connection = sqlite3.connect(uri, uri=True, check_same_thread=False)
        try:
            (found,) = connection.execute("PRAGMA user_version").fetchone()
        except sqlite3.DatabaseError as error:
            connection.close()
            raise GazetteerMissing(
                f"{path} is not a gazetteer. Delete it, and make it anew."
            ) from (error)
        if found != FORMAT:
            connection.close()
            raise GazetteerMissing()
        return cls(connection)

    def close(self) -> None:
        self._connection.close()

    def find(
        self,
        text: str,
        *,
        near_region: str | None = None,
        language: str | None = None,
        limit: int = 10,
    ) -> list[Place]:
        """The places that are called so, or else whose names begin so; likeliest first.

        Of equal names those in `near_region` (ISO 3166-2, the node's own) come first, then those
        of its country, then the larger ones. `language` (BCP 47) is that of the answered names,
        where the sources have it.
        """
        key = key_of(text[:FIND_CHARS_MAX])
        around = Circumstances(near_region)
        found: list[Place] = []
        for name, form in _spellings(key):
            found += [
                _scored(meaning, around)
                for meaning in self._meanings(name, form, near_region, language)
            ]
        if not found and (is_han(key) or len(key) > 1):
            found = [
                _scored(meaning, around)
                for name in self._keys_from(key)
                for meaning in self._meanings(name, Form.BEGINNING, near_region, language)
            ]
        return list(without_repeats(found)[:limit])

    def places_in(
        self,
        text: str,
        *,
        near_region: str | None = None,
        language: str | None = None,
        own: OwnPlaces = NO_OWN_PLACES,
    ) -> Placed | Unplaced:
        """The place that a free text names, in any language, or the candidates for a person.

        Longer names go before shorter ones that they overlap, and the node's own places before all
        others. The work is bounded for any text: TEXT_CHARS_MAX, READS_MAX, MENTIONS_MAX.
        """
        scan = Scan.of(text[:TEXT_CHARS_MAX])
        mine = [
            Mention(start, end, words, key, tuple(Meaning(place, Form.NAME) for place in places))
            for start, end, words, key in _longest_apart(_names_in(scan, own, [READS_MAX]))
            if (places := own.named(key))
        ]
        if mine:
            return decide_among_own(mine)
        budget = [READS_MAX]
        found = [
            *_names_in(scan, self, budget),
            *_inflected_names_in(scan, self, budget),
        ]
        mentions: list[Mention] = []
        for name in _longest_apart(found)[:MENTIONS_MAX]:
            start, end, words, key, form = _with_sort(scan, name)
            meanings = self._meanings(key, form, near_region, language)
            mentions.append(Mention(start, end, words, key, tuple(meanings)))
        return decide(mentions, near_region)

    def last_up_to(self, key: str) -> str | None:
        """The last name that is not after `key`, by code point (`keys.Names`)."""
        row = self._connection.execute(_LAST_UP_TO, (key,)).fetchone()
        return None if row is None else str(row[0])

    def _keys_from(self, key: str) -> list[str]:
        return [row[0] for row in self._connection.execute(_KEYS_FROM, (key, key + _AFTER))]

    def _meanings(
        self, key: str, form: Form, near_region: str | None, language: str | None
    ) -> list[Meaning]:
        country = (near_region or "")[:2]
        rows = self._connection.execute(_PLACES_NAMED, (key, country)).fetchall()
        return [_meaning(row, form, language) for row in rows]


def _ask_for(path: Path) -> None:
    """Has the system read the file ahead while others work: a slow disk takes 10 ms for each of the
    first reads, and a service's hub would wait for them."""
    if hasattr(os, "posix_fadvise"):
        with path.open("rb") as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_WILLNEED)


_Name = tuple[int, int, str, str]  # start and end in the scanned text, words there, key


def _names_in(scan: Scan, names: Names, budget: list[int]) -> list[_Name]:
    """The longest name at each place where one begins."""
    found: list[_Name] = []
    for start in scan.starts():
        key = longest_name(names, start, scan.ends, budget)
        if key is not None:
            end = start.at + start.shift + len(key)
            found.append((start.at, end, scan.text[start.at : end], key))
    return found


def _with_sort(scan: Scan, name: _Name) -> tuple[int, int, str, str, Form]:
    """A name, with the 市, 县 or 镇 behind it where the sources have it without, and its form."""
    start, end, words, key = name
    if is_han(key) and scan.text[end : end + 1] in _HAN_SORTS:
        return start, end + 1, scan.text[start : end + 1], key, Form.SORTED
    return start, end, words, key, Form.NAME if words.endswith(key) else Form.INFLECTED


def _inflected_names_in(scan: Scan, names: Names, budget: list[int]) -> list[_Name]:
    """Words that are names but for the ending of a case."""
    found: list[_Name] = []
    for at, word in scan.single_words():
        for stem in without_endings(word):
            if budget[0] <= 0:
                return found
            budget[0] -= 1
            if names.last_up_to(stem) == stem:
                found.append((at, at + len(word), word, stem))
                break
    return found


def _longest_apart(found: Iterable[_Name]) -> list[_Name]:
    """Names that do not overlap: a longer one goes before a shorter one, and of equals the first,
    which is as the text has it."""
    kept: list[_Name] = []
    for name in sorted(found, key=lambda name: (name[0] - name[1], name[0], name[2] != name[3])):
        if all(name[1] <= other[0] or other[1] <= name[0] for other in kept):
            kept.append(name)
    return kept


def _spellings(key: str) -> list[tuple[str, Form]]:
    """A typed name as it stands, and without 市, county, or the ending of a case."""
    if not key or len(key) > KEY_CHARS_MAX:
        return []
    spellings = [(key, Form.NAME), (bare_key(key), Form.BARE)]
    spellings += [(stem, Form.INFLECTED) for stem in without_endings(key)]
    return [(name, form) for i, (name, form) in enumerate(spellings) if i == 0 or name != key]


def _scored(meaning: Meaning, around: Circumstances) -> Place:
    return replace(meaning.place, score=score(*meaning, around))


def _meaning(row: tuple[Any, ...], form: Form, language: str | None) -> Meaning:
    bare, name, labels, kind, region, lat, lng, accuracy_m, population = row
    if language is not None and labels is not None:
        label = orjson.loads(labels).get(language.split("-")[0])
        name = label or name
    if bare and form is Form.NAME:
        form = Form.BARE
    return Meaning(Place(name, kind, region, lat, lng, accuracy_m, population), form)
