"""A file as a table: where its header is, which column is which field, and its rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Final

from hinterland.errors import BadInput
from hinterland.tables.columns import Columns
from hinterland.tables.problems import UnreadableFile
from hinterland.tables.sheets import sheets
from hinterland.tables.text import csv_rows, decode, delimiter_of

__all__ = ["FILE_BYTES_MAX", "ROWS_MAX", "Table", "columns_of", "open_table", "require_size"]

FILE_BYTES_MAX: Final = 256 * 1024 * 1024  # of one file to import
ROWS_MAX: Final = 200_000  # of one file; split a longer one
HEADER_ROWS_MAX: Final = 30  # title lines above the header
HEADINGS_MIN: Final = 2  # known headings that make a row the header
ZIP_MAGIC: Final = b"PK"
OLD_EXCEL_MAGIC: Final = b"\xd0\xcf\x11\xe0"
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

Mapped = Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class Table:
    """`notes` say how the file was understood. `columns` has the target of each heading, `targets`
    of each place in a row; `rows` are the numbered rows below the header, without totals."""

    notes: list[str]
    columns: dict[str, str | None]
    targets: dict[int, str]
    rows: Iterator[tuple[int, list[str]]]
    headings: dict[str, str]  # by target


def require_size(path: Path) -> None:
    """Raises UnreadableFile for a file that is too large to import."""
    if path.stat().st_size > FILE_BYTES_MAX:
        raise UnreadableFile(f"{path} is larger than {FILE_BYTES_MAX} bytes; split it")


def _tables(path: Path, sheet: str | None) -> Iterator[tuple[str, Iterator[list[str]]]]:
    """The tables of a file, each with how it was understood: a sheet each, or the whole CSV."""
    require_size(path)
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


def _find_header(
    rows: Iterable[list[str]], columns: Columns, mapping: Mapped | None
) -> tuple[int, list[str], dict[int, str]] | None:
    """Row number, cells and targets of the header: of the first rows the one with the most known
    headings. None if no row has enough."""
    best: tuple[int, list[str], dict[int, str]] | None = None
    for number, row in enumerate(islice(rows, HEADER_ROWS_MAX), start=1):
        if mapping is None:
            targets = columns.headings(row)
        else:
            mapped = ((place, mapping.get(cell.strip())) for place, cell in enumerate(row))
            targets = {place: target for place, target in mapped if target is not None}
        enough = len(targets) >= (HEADINGS_MIN if mapping is None else 1)
        if enough and (best is None or len(targets) > len(best[2])):
            best = number, row, targets
    return best


def open_table(
    path: Path, columns: Columns, *, mapping_path: Path | None = None, sheet: str | None = None
) -> Table:
    """Reads CSV (any usual encoding and delimiter) or XLSX; of a workbook the first sheet with a
    header. Raises UnreadableFile, BadInput."""
    mapping = columns.read_mapping(mapping_path) if mapping_path else None
    for note, rows in _tables(path, sheet):
        iterator = iter(rows)
        top = list(islice(iterator, HEADER_ROWS_MAX))
        header = _find_header(top, columns, mapping)
        if header is not None:
            number, cells, targets = header
            following = enumerate(chain(top[number:], iterator), start=number + 1)
            return Table(
                notes=[note, f"header in row {number}"],
                columns=_named(cells, targets),
                targets=targets,
                rows=((place, row) for place, row in following if not _is_total(row)),
                headings={target: cells[place].strip() for place, target in targets.items()},
            )
    raise BadInput(
        f"none of the first {HEADER_ROWS_MAX} rows of {path.name} is a header with known column "
        "names; `--write-mapping FILE` starts a mapping, `--mapping FILE` uses it",
        field="file",
    )


def _named(cells: list[str], targets: Mapping[int, str]) -> dict[str, str | None]:
    return {cell.strip(): targets.get(place) for place, cell in enumerate(cells) if cell.strip()}


def _is_total(row: list[str]) -> bool:
    first = next((cell.strip().lower() for cell in row if cell.strip()), "")
    return first.startswith(_TOTALS)


def columns_of(path: Path, columns: Columns, *, sheet: str | None = None) -> dict[str, str | None]:
    """The headings of a file with their targets, None for unknown ones. Where no heading is known
    the first of the widest rows counts as the header. Raises UnreadableFile."""
    for _, rows in _tables(path, sheet):
        top = [row for row in islice(rows, HEADER_ROWS_MAX) if any(map(str.strip, row))]
        header = _find_header(top, columns, None)
        if header is not None:
            _, cells, targets = header
        elif top:
            cells = max(top, key=lambda row: sum(bool(cell.strip()) for cell in row))
            targets = columns.headings(cells)
        else:
            continue
        return _named(cells, targets)
    raise UnreadableFile(f"{path.name} has no rows")
