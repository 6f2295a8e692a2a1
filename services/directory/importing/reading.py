"""A file as rows that `import_ngos` takes, with everything that was found on the way."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Final

import orjson

from hinterland import search
from hinterland.errors import BadInput
from hinterland.tables.problems import FileProblem, UnreadableFile
from hinterland.tables.sheets import sheets
from hinterland.tables.text import csv_rows, decode, delimiter_of
from services.directory.contract import limits
from services.directory.contract.calls import ImportOptions
from services.directory.importing.cells import RowReader, is_blank
from services.directory.importing.columns import headings, read_mapping

__all__ = ["FILE_BYTES_MAX", "ROWS_MAX", "Reading", "Row", "columns_of", "read_tabular"]

FILE_BYTES_MAX: Final = 256 * 1024 * 1024  # of one file to import
ROWS_MAX: Final = 200_000  # of one file; split a longer one
HEADER_ROWS_MAX: Final = 30  # title lines above the header
HEADINGS_MIN: Final = 2  # known headings that make a row the header
PROBLEMS_MAX: Final = 10_000  # that are reported of one file
ZIP_MAGIC: Final = b"PK"
OLD_EXCEL_MAGIC: Final = b"\xd0\xcf\x11\xe0"
_COORDINATES: Final = ("lat", "lng")
_TOTALS: Final = (
    "合计",
    "合計",
    "总计",
    "總計",
    "小计",
    "小計",
    "total",
    "jumlah",
    "tổng cộng",
    "المجموع",
)


@dataclass(frozen=True, slots=True)
class Row:
    """`row` as a spreadsheet counts; `ngo` as RegisterNgo takes it."""

    row: int
    ngo: dict[str, Any]


@dataclass(slots=True)
class Reading:
    """What was read from a file. `columns` says where each heading's cells went (None: nowhere)."""

    rows: list[Row] = field(default_factory=list)
    problems: list[FileProblem] = field(default_factory=list)
    columns: dict[str, str | None] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)  # how the file was understood, for people
    repeated: int = 0  # rows left out because an earlier one is the same organisation
    _seen: dict[Any, int] = field(default_factory=dict)

    def problem(self, problem: FileProblem) -> None:
        if len(self.problems) < PROBLEMS_MAX:
            self.problems.append(problem)

    def add(self, row: int, ngo: dict[str, Any], file: str | None = None) -> None:
        """Takes a row, unless an earlier one is the same organisation."""
        if len(self.rows) >= ROWS_MAX:
            raise UnreadableFile(f"the file has more than {ROWS_MAX} rows; split it")
        keys = list(_keys(ngo))
        same = next((self._seen[key] for key in keys if key in self._seen), None)
        if same is not None:
            self.repeated += 1
            self.problem(
                FileProblem(f"the same organisation as in row {same}; left out", row, file=file)
            )
            return
        self._seen.update(dict.fromkeys(keys, row))
        self.rows.append(Row(row, ngo))

    def heading_of(self, field: str | None) -> str | None:
        """The heading of the column that a field came from, as a person finds it in the file; the
        field itself where no column was for it alone. `field` may be a path: `phones.0`."""
        if field is None:
            return None
        name = field.partition(".")[0]
        targets = (field, name, *_COORDINATES) if name == "location" else (field, name)
        for target in targets:
            for heading, found in self.columns.items():
                if found == target or (found or "").startswith(f"{target}."):
                    return heading
        return field

    def chunks(self) -> Iterator[list[dict[str, Any]]]:
        """The rows as arguments of `import_ngos`, within its limits on number and size."""
        chunk: list[dict[str, Any]] = []
        size = 0
        for row in self.rows:
            item = {"row": row.row, "ngo": row.ngo}
            length = len(orjson.dumps(item))
            full = len(chunk) == limits.IMPORT_ROWS_MAX
            if chunk and (full or size + length > limits.IMPORT_CHUNK_BYTES_MAX):
                yield chunk
                chunk, size = [], 0
            chunk.append(item)
            size += length
        if chunk:
            yield chunk


def _keys(ngo: Mapping[str, Any]) -> Iterator[Any]:
    """What makes two rows of one file the same: an identifier, or all names in one place."""
    for identifier in ngo.get("identifiers", ()):
        yield identifier["scheme"].upper(), search.fold(identifier["value"]).replace(" ", "")
    names = tuple(sorted(search.fold(name) for name in ngo.get("names", {}).values()))
    if names and not ngo.get("identifiers"):
        yield names, ngo.get("region"), search.fold(ngo.get("city") or "")


def _find_header(
    rows: Iterable[list[str]], mapping: Mapping[str, str | None] | None
) -> tuple[int, list[str], dict[int, str]] | None:
    """Row number, cells and targets of the header: of the first rows the one with the most known
    headings. None if no row has enough."""
    best: tuple[int, list[str], dict[int, str]] | None = None
    for number, row in enumerate(islice(rows, HEADER_ROWS_MAX), start=1):
        if mapping is None:
            targets = headings(row)
        else:
            mapped = ((place, mapping.get(cell.strip())) for place, cell in enumerate(row))
            targets = {place: target for place, target in mapped if target is not None}
        enough = len(targets) >= (HEADINGS_MIN if mapping is None else 1)
        if enough and (best is None or len(targets) > len(best[2])):
            best = number, row, targets
    return best


def _read_rows(
    reading: Reading,
    rows: list[list[str]] | Iterator[list[str]],
    mapping: Mapping[str, str | None] | None,
    options: ImportOptions,
) -> bool:
    """Reads one table; False if it has no header."""
    iterator = iter(rows)
    top = list(islice(iterator, HEADER_ROWS_MAX))
    header = _find_header(top, mapping)
    if header is None:
        return False
    number, cells, targets = header
    reading.columns = {
        cell.strip(): targets.get(place) for place, cell in enumerate(cells) if cell.strip()
    }
    reading.notes.append(f"header in row {number}")
    headings_by_target = {target: cells[place].strip() for place, target in targets.items()}
    following = enumerate(_chain(top[number:], iterator), start=number + 1)
    for place, row in following:
        _read_row(reading, place, row, targets, headings_by_target, options)
    return True


def _chain(top: list[list[str]], rest: Iterator[list[str]]) -> Iterator[list[str]]:
    yield from top
    yield from rest


def _read_row(
    reading: Reading,
    number: int,
    row: list[str],
    targets: Mapping[int, str],
    headings_by_target: Mapping[str, str],
    options: ImportOptions,
) -> None:
    first = next((cell.strip().lower() for cell in row if cell.strip()), "")
    if first.startswith(_TOTALS) or all(
        is_blank(row[place]) for place in targets if place < len(row)
    ):
        return
    reader = RowReader(options)
    for place, target in targets.items():
        if place < len(row):
            reader.read(target, row[place])
    ngo = reader.finish()
    for fault in reader.faults:
        column = headings_by_target.get(fault.target or "", fault.target)
        reading.problem(FileProblem(fault.message, number, column))
    names = ngo.get("names", {})
    if not names:
        heading = headings_by_target.get("names") or headings_by_target.get("names.zh")
        reading.problem(FileProblem("the row has no name; left out", number, heading))
        return
    reading.add(number, ngo)


def _tables(path: Path, sheet: str | None) -> Iterator[tuple[str, Iterator[list[str]]]]:
    """The tables of a file, each with how it was understood: a sheet each, or the whole CSV."""
    if path.stat().st_size > FILE_BYTES_MAX:
        raise UnreadableFile(f"{path} is larger than {FILE_BYTES_MAX} bytes; split it")
    content = path.read_bytes()
    if content.startswith(ZIP_MAGIC):
        for title, rows in sheets(content):
            if sheet is None or title == sheet:
                yield f"XLSX, sheet {title}", rows
        return
    if content.startswith(OLD_EXCEL_MAGIC):
        raise UnreadableFile("this is an old Excel file (.xls); save it as .xlsx and try again")
    text, encoding = decode(content)
    delimiter = delimiter_of(text)
    yield f"CSV in {encoding}, columns parted by {delimiter!r}", csv_rows(text, delimiter)


def read_tabular(
    path: Path,
    options: ImportOptions,
    *,
    mapping_path: Path | None = None,
    sheet: str | None = None,
) -> Reading:
    """Reads CSV (any usual encoding and delimiter) or XLSX; of a workbook the first sheet with a
    header. Raises UnreadableFile, BadInput."""
    mapping = read_mapping(mapping_path) if mapping_path else None
    for note, rows in _tables(path, sheet):
        reading = Reading(notes=[note])
        if _read_rows(reading, rows, mapping, options):
            return reading
    raise BadInput(
        f"none of the first {HEADER_ROWS_MAX} rows of {path.name} is a header with known column "
        "names; `--write-mapping FILE` starts a mapping, `--mapping FILE` uses it",
        field="file",
    )


def columns_of(path: Path, *, sheet: str | None = None) -> dict[str, str | None]:
    """The headings of a file with their targets, None for unknown ones. Where no heading is known
    the first of the widest rows counts as the header. Raises UnreadableFile."""
    for _, rows in _tables(path, sheet):
        top = [row for row in islice(rows, HEADER_ROWS_MAX) if any(map(str.strip, row))]
        header = _find_header(top, None)
        if header is not None:
            _, cells, targets = header
        elif top:
            cells = max(top, key=lambda row: sum(bool(cell.strip()) for cell in row))
            targets = headings(cells)
        else:
            continue
        return {
            cell.strip(): targets.get(place) for place, cell in enumerate(cells) if cell.strip()
        }
    raise UnreadableFile(f"{path.name} has no rows")
