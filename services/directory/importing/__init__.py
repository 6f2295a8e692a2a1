"""Files of NGOs, read without a server: what the command line sends to `import_ngos`.

    reading = read_file(Path("ngos.csv"), ImportOptions(region="CN-YN"))
    for place, rows in enumerate(reading.chunks()):
        call("import_ngos", {"import_id": …, "chunk": place, "rows": rows, "options": …})

- `reading`: rows, and the same organisation twice in one file
- `columns`: which column is which field
- `cells`, `vocabulary`: cells to fields, words to codes
- `hsds`: HSDS packages

What is common to all tables is in `hinterland.tables`.
"""

from __future__ import annotations

from pathlib import Path

from hinterland.tables.files import columns_of
from hinterland.tables.problems import FileProblem, UnreadableFile
from services.directory.contract.calls import ImportOptions
from services.directory.importing.columns import COLUMNS
from services.directory.importing.hsds import is_package, read_package
from services.directory.importing.reading import Reading, Row, read_tabular

__all__ = [
    "FileProblem",
    "Reading",
    "Row",
    "UnreadableFile",
    "read_file",
    "start_mapping",
]


def read_file(
    path: Path,
    options: ImportOptions,
    *,
    mapping: Path | None = None,
    sheet: str | None = None,
) -> Reading:
    """Reads a CSV or XLSX file, or an HSDS package (a folder or a zip).

    Faults of rows and cells are in `Reading.problems`. Raises UnreadableFile where nothing can be
    read, and BadInput where there is no header or the mapping is wrong.
    """
    if not path.exists():
        raise UnreadableFile(f"{path} does not exist")
    if is_package(path):
        return read_package(path, options)
    if path.is_dir():
        raise UnreadableFile(f"{path} is a folder without HSDS tables (organization.csv, …)")
    return read_tabular(path, options, mapping_path=mapping, sheet=sheet)


def start_mapping(source: Path, target: Path, *, sheet: str | None = None) -> dict[str, str | None]:
    """Writes a mapping file to start from: the headings of `source` with the fields that are known
    for them, null for the others. Returns what it wrote. Raises UnreadableFile, BadInput."""
    columns = columns_of(source, COLUMNS, sheet=sheet)
    COLUMNS.write_mapping(target, columns)
    return columns
