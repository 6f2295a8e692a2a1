"""The tables of a package: which file is which, and their rows."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Final, NamedTuple

from hinterland.tables.files import FILE_BYTES_MAX
from hinterland.tables.problems import UnreadableFile
from hinterland.tables.sheets import require_small
from hinterland.tables.text import csv_rows, decode, delimiter_of
from services.directory.importing.cells import is_blank

__all__ = ["TABLE_ROWS_MAX", "Line", "Tables", "is_package", "read_tables"]

TABLE_BYTES_MAX: Final = FILE_BYTES_MAX  # of one table of a package
TABLE_ROWS_MAX: Final = 1_000_000  # of one table of a package

TABLES: Final[Mapping[str, str]] = {
    "organization": "organization",
    "organizations": "organization",
    "organization_identifier": "organization_identifier",
    "organization_identifiers": "organization_identifier",
    "service": "service",
    "services": "service",
    "location": "location",
    "locations": "location",
    "service_at_location": "service_at_location",
    "services_at_location": "service_at_location",
    "service_at_locations": "service_at_location",
    "phone": "phone",
    "phones": "phone",
    "address": "address",
    "addresses": "address",
    "physical_address": "address",
    "physical_addresses": "address",
    "schedule": "schedule",
    "schedules": "schedule",
    "regular_schedule": "schedule",
    "regular_schedules": "schedule",
    "language": "language",
    "languages": "language",
    "taxonomy_term": "taxonomy_term",
    "taxonomy_terms": "taxonomy_term",
    "taxonomy": "taxonomy",
    "taxonomies": "taxonomy",
    "service_taxonomy": "attribute",
    "service_attribute": "attribute",
    "service_attributes": "attribute",
    "other_attribute": "attribute",
    "other_attributes": "attribute",
    "attribute": "attribute",
    "attributes": "attribute",
}


class Line(NamedTuple):
    """One row of a table: its file, its number there, and its cells that are not blank by
    column."""

    file: str
    number: int
    cells: dict[str, str]


Tables = dict[str, list[Line]]


def _table_of(name: str) -> str | None:
    path = PurePosixPath(name.lower().replace("\\", "/"))
    return TABLES.get(path.stem) if path.suffix in (".csv", ".tsv", ".txt") else None


def is_package(path: Path) -> bool:
    """Whether a folder or zip holds HSDS tables, an organization table at least."""
    if path.is_dir():
        names = [found.name for found in path.iterdir()]
    else:
        try:
            with zipfile.ZipFile(path) as archive:
                names = archive.namelist()
        except zipfile.BadZipFile:
            return False
    return "organization" in {_table_of(name) for name in names}


def _contents(path: Path) -> Iterator[tuple[str, bytes]]:
    if path.is_dir():
        for found in sorted(path.iterdir()):
            if found.is_file() and _table_of(found.name):
                if found.stat().st_size > TABLE_BYTES_MAX:
                    raise UnreadableFile(f"{found} is larger than {TABLE_BYTES_MAX} bytes")
                yield found.name, found.read_bytes()
        return
    with zipfile.ZipFile(path) as archive:
        require_small(archive)
        for member in archive.infolist():
            if _table_of(member.filename):
                with archive.open(member) as opened:
                    content = opened.read(TABLE_BYTES_MAX + 1)
                if len(content) > TABLE_BYTES_MAX:
                    raise UnreadableFile(f"{member.filename} unpacks to too many bytes")
                yield PurePosixPath(member.filename).name, content


def _lines(name: str, content: bytes) -> Iterator[Line]:
    text, _ = decode(content)
    rows = csv_rows(text, delimiter_of(text))
    header = [cell.strip().lower() for cell in next(rows, [])]
    for number, row in enumerate(rows, start=2):
        if number > TABLE_ROWS_MAX:
            raise UnreadableFile(f"{name} has more than {TABLE_ROWS_MAX} rows")
        pairs = zip(header, row, strict=False)
        cells = {column: cell.strip() for column, cell in pairs if not is_blank(cell)}
        if cells:
            yield Line(name, number, cells)


def read_tables(path: Path) -> Tables:
    """The rows of a package by table. Raises UnreadableFile."""
    tables: Tables = {}
    try:
        for name, content in _contents(path):
            tables.setdefault(_table_of(name) or "", []).extend(_lines(name, content))
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError) as error:
        raise UnreadableFile(f"{path} cannot be unpacked: {error}") from error
    return tables
