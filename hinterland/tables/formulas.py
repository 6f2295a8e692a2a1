"""Cells that a spreadsheet would run as a formula (OWASP, CSV injection)."""

from __future__ import annotations

from typing import Final

__all__ = ["guarded"]

_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r")


def guarded(cell: str) -> str:
    """The cell as it is, or with an apostrophe before what would be taken for a formula."""
    return f"'{cell}" if cell.startswith(_FORMULA_STARTS) else cell
