"""Reports as CSV (RFC 4180) with headings, a row of HXL tags, and then a row for each."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Mapping
from io import StringIO
from typing import Any, Final, NamedTuple

from hinterland.tables.formulas import guarded

__all__ = ["MEDIA_TYPE", "START", "rows"]

MEDIA_TYPE: Final = "text/csv; charset=utf-8; header=present"

Report = Mapping[str, Any]
Names = Mapping[str, str]


class Column(NamedTuple):
    """`tag` is what the column means, in HXL 1.1."""

    heading: str
    tag: str
    cell: Callable[[Report, Names], str]


def _text(key: str) -> Callable[[Report, Names], str]:
    return lambda report, _names: guarded(str(report.get(key) or ""))


def _number(key: str) -> Callable[[Report, Names], str]:
    return lambda report, _names: str(report[key]) if key in report else ""


def _degrees(axis: str) -> Callable[[Report, Names], str]:
    """A number: the minus before it is none of a formula."""
    return lambda report, _names: str((report.get("location") or {}).get(axis, ""))


def _category(report: Report, names: Names) -> str:
    return guarded(names.get(report["category"], ""))


COLUMNS: Final = (
    Column("id", "#meta+id", _text("id")),
    Column("category", "#event+category+name", _category),
    Column("category_id", "#event+category+id", _text("category")),
    Column("title", "#event+title", _text("title")),
    Column("text", "#description", _text("text")),
    Column("language", "#meta+language", _text("language")),
    Column("state", "#status", _text("state")),
    Column("happened_at", "#date+occurred", _text("happened_at")),
    Column("region", "#adm1+code", _text("region")),
    Column("place", "#loc+name", _text("place_name")),
    Column("lat", "#geo+lat", _degrees("lat")),
    Column("lng", "#geo+lon", _degrees("lng")),
    Column("accuracy_m", "#geo+accuracy+m", _number("accuracy_m")),
    Column("located_by", "#geo+method", _text("located_by")),
    Column("channel", "#meta+channel", _text("channel")),
    Column("home", "#meta+source", _text("home")),
    Column("updated_at", "#date+updated", _text("at")),
)


def _written(table: Iterable[Iterable[str]]) -> bytes:
    out = StringIO()
    csv.writer(out).writerows(table)
    return out.getvalue().encode("utf-8", "replace")


# The mark at the start tells Excel that it is UTF-8.
START: Final = "\ufeff".encode() + _written(
    [[column.heading for column in COLUMNS], [column.tag for column in COLUMNS]]
)


def rows(reports: Iterable[Report], names: Names) -> bytes:
    """A row for each; `names` are those of categories by their ids. A text that a spreadsheet would
    run as a formula begins with an apostrophe."""
    return _written([column.cell(report, names) for column in COLUMNS] for report in reports)
