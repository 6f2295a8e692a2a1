"""Rows of an XLSX workbook, as text."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time
from typing import Any, Final
from xml.etree.ElementTree import ParseError

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from hinterland.tables.problems import UnreadableFile

__all__ = ["UNPACKED_BYTES_MAX", "cell_text", "require_small", "sheets"]

UNPACKED_BYTES_MAX: Final = 1024**3  # of all parts of a workbook or package together
MEMBERS_MAX: Final = 10_000  # parts of a workbook or package
_ERRORS: Final = ("#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!")


def require_small(archive: zipfile.ZipFile) -> None:
    """Raises UnreadableFile for an archive that unpacks to more than the limits."""
    members = archive.infolist()
    size = sum(member.file_size for member in members)
    if len(members) > MEMBERS_MAX or size > UNPACKED_BYTES_MAX:
        raise UnreadableFile(
            f"the file unpacks to {len(members)} parts of {size} bytes together; "
            f"{MEMBERS_MAX} parts and {UNPACKED_BYTES_MAX} bytes are the limits"
        )


def cell_text(value: Any) -> str:
    """A cell as a person sees it: whole numbers without `.0`, dates as ISO 8601, errors as
    empty."""
    match value:
        case None:
            return ""
        case bool():
            return "1" if value else "0"
        case float() if value.is_integer():
            return str(int(value))
        case datetime() if value.time() == time():
            return value.date().isoformat()
        case datetime() | date() | time():
            return value.isoformat()
        case str() if value in _ERRORS:
            return ""
    return str(value)


def sheets(content: bytes) -> Iterator[tuple[str, Iterator[list[str]]]]:
    """The visible sheets, each with its name and rows. Raises UnreadableFile."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            require_small(archive)
        workbook = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
    except (zipfile.BadZipFile, InvalidFileException, KeyError, ValueError, OSError) as error:
        raise UnreadableFile(f"this is not an XLSX workbook: {error}") from error
    for sheet in workbook.worksheets:
        if sheet.sheet_state == "visible":
            # Some writers state a wrong size, and reading would stop there.
            sheet.reset_dimensions()
            yield sheet.title, _rows(sheet)


def _rows(sheet: Any) -> Iterator[list[str]]:
    try:
        for row in sheet.iter_rows(values_only=True):
            yield [cell_text(value) for value in row]
    except (ParseError, ValueError, KeyError) as error:
        raise UnreadableFile(f"sheet {sheet.title} is damaged: {error}") from error
