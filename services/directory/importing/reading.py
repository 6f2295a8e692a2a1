"""A file as rows that `import_ngos` takes, with everything that was found on the way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import orjson

from hinterland import search
from hinterland.tables.files import ROWS_MAX, Table, open_table
from hinterland.tables.problems import FileProblem, UnreadableFile
from services.directory.contract import limits
from services.directory.contract.calls import ImportOptions
from services.directory.importing.cells import RowReader, is_blank
from services.directory.importing.columns import COLUMNS

__all__ = ["Reading", "Row", "read_tabular"]

PROBLEMS_MAX: Final = 10_000  # that are reported of one file
_COORDINATES: Final = ("lat", "lng")


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


def _read_row(
    reading: Reading, number: int, row: list[str], table: Table, options: ImportOptions
) -> None:
    if all(is_blank(row[place]) for place in table.targets if place < len(row)):
        return
    reader = RowReader(options)
    for place, target in table.targets.items():
        if place < len(row):
            reader.read(target, row[place])
    ngo = reader.finish()
    for fault in reader.faults:
        column = table.headings.get(fault.target or "", fault.target)
        reading.problem(FileProblem(fault.message, number, column))
    names = ngo.get("names", {})
    if not names:
        heading = table.headings.get("names") or table.headings.get("names.zh")
        reading.problem(FileProblem("the row has no name; left out", number, heading))
        return
    reading.add(number, ngo)


def read_tabular(
    path: Path,
    options: ImportOptions,
    *,
    mapping_path: Path | None = None,
    sheet: str | None = None,
) -> Reading:
    """Reads CSV or XLSX. Raises UnreadableFile, BadInput."""
    table = open_table(path, COLUMNS, mapping_path=mapping_path, sheet=sheet)
    reading = Reading(notes=table.notes, columns=table.columns)
    for number, row in table.rows:
        _read_row(reading, number, row, table, options)
    return reading
