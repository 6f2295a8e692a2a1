"""What is wrong with a file, and where: nothing but an unreadable file stops an import."""

from __future__ import annotations

from dataclasses import dataclass

from hinterland.errors import BadInput

__all__ = ["FileProblem", "UnreadableFile"]


@dataclass(frozen=True, slots=True)
class FileProblem:
    """`row` as a spreadsheet counts (from 1, the header included); `column` is its heading; `file`
    only where there are several. None where it is not about one."""

    message: str
    row: int | None = None
    column: str | None = None
    file: str | None = None

    def __str__(self) -> str:
        where = [
            self.file,
            f"row {self.row}" if self.row is not None else None,
            f"column {self.column}" if self.column is not None else None,
        ]
        place = ", ".join(part for part in where if part)
        return f"{place}: {self.message}" if place else self.message


class UnreadableFile(BadInput):
    """This file cannot be read as a table. Save it as CSV (UTF-8) or XLSX and try again."""

    code = "UNREADABLE_FILE"
