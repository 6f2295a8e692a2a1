"""An XLSForm (https://xlsform.org) to a form: pyxform makes the XForm that phones get, and what of
the workbook is not done here is listed, by sheet, row and column.

Heavy, and pyxform has not been made for strangers' files: services go through `process`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pyxform.errors import PyXFormError
from pyxform.xls2xform import convert

from hinterland.tables.problems import FileProblem, UnreadableFile
from hinterland.tables.sheets import sheets
from services.map.contract.errors import FormRefused
from services.map.contract.form_calls import FORM_FILE_BYTES_MAX
from services.map.forms.xform import FormReading, Remark, read_xform
from services.map.forms.xml import BadXml

__all__ = ["FormFile", "read_form"]

ROWS_MAX: Final = 20_000  # of all sheets together
COLUMNS_MAX: Final = 500
PROBLEMS_MAX: Final = 500  # that are listed of one form
MESSAGE_CHARS_MAX: Final = 1_000

_ZIP: Final = b"PK\x03\x04"
_UNUSED_SHEET: Final = re.compile(r"_")  # pyxform's convention for sheets that are left out
_WHERE: Final = re.compile(r"\[row : ?(\d+)\]\s*")
_SHEET: Final = re.compile(r"'(survey|choices|settings|entities)' sheet")
_COLUMN: Final = re.compile(r"the '([^']+)' value")
_TYPE: Final = re.compile(r"Unknown question type '(.+?)'")
_GROUP: Final = re.compile(r"(begin|end)[ _](group|repeat|loop|lgroup)", re.IGNORECASE)

SURVEY: Final = "survey"
CHOICES: Final = "choices"
SETTINGS: Final = "settings"
SHEETS: Final = (SURVEY, CHOICES, SETTINGS)

# Columns that this node acts on, by their name without a language.
_DONE: Final[Mapping[str, frozenset[str]]] = {
    SURVEY: frozenset(
        {"type", "name", "label", "hint", "required", "required_message", "relevant", "relevance"}
        | {"constraint", "constraint_message", "default", "appearance", "calculation", "calculate"}
        | {"read_only", "readonly", "choice_filter", "parameters", "repeat_count", "caption"}
        | {"requiredmsg", "constraining_message", "bind:relevant", "bind:constraint"}
        | {"bind:required", "bind:calculate", "bind:type", "bind:readonly", "body:appearance"}
    ),
    CHOICES: frozenset({"list_name", "list name", "name", "value", "label", "caption"}),
    SETTINGS: frozenset(
        {"form_title", "set_form_title", "title", "form_id", "set_form_id", "id_string", "version"}
        | {"default_language", "instance_name", "style", "allow_choice_duplicates"}
    ),
}
# Columns that phones act on, and this node does not.
_ON_PHONES: Final[Mapping[str, frozenset[str]]] = {
    SURVEY: frozenset(
        {"guidance_hint", "media:image", "media:audio", "media:video", "media:big-image", "image"}
        | {"audio", "video", "big-image", "trigger", "autoplay", "rows", "noapperrorstring"}
        | {"no_app_error_string", "body:accuracythreshold", "intent", "body:intent"}
    ),
    CHOICES: frozenset(
        {"media:image", "media:audio", "media:video", "media:big-image", "image", "audio", "video"}
        | {"big-image"}
    ),
    SETTINGS: frozenset({"auto_send", "auto_delete", "client_editable", "namespaces"}),
}
_PHONES_ALONE: Final = "only phones act on this column; it is in the form that they get"
_IGNORED: Final = "nothing is done with this column, here or on phones"
# What would send answers elsewhere, or make them unreadable here.
_REFUSED_SETTINGS: Final[Mapping[str, str]] = {
    "public_key": "encrypted submissions cannot be read here: take the key out",
    "submission_url": "phones would send their answers to that address, and not here: take it out",
}


@dataclass(frozen=True, slots=True)
class FormFile:
    """`body` as `xform.FormReading` has it; `problems`, what of the file is not done here: `file`
    of each is the sheet."""

    body: dict[str, Any]
    problems: list[FileProblem]


def read_form(content: bytes) -> FormFile:
    """A form out of an XLSForm (.xlsx) or an XForm (.xml).

    Raises FormRefused, with `errors` of `{sheet, row, column, message}`; UnreadableFile; BadXml.
    """
    if len(content) > FORM_FILE_BYTES_MAX:
        raise FormRefused(
            f"The file has {len(content)} bytes; {FORM_FILE_BYTES_MAX} is the limit. Leave "
            "pictures out of the workbook: they are sent beside it."
        )
    if not content.startswith(_ZIP):
        if content.lstrip()[:1] != b"<":
            raise UnreadableFile("This is neither an XLSX workbook nor an XForm (XML).")
        reading = read_xform(content)
        return FormFile(reading.body, [_remarked(each, {}) for each in reading.remarks])
    book = _Workbook.read(content)
    problems = list(book.problems())
    refused = list(book.refusals())
    if refused:
        raise _refusal(refused)
    reading, warnings = _convert(content, book)
    problems += [_said(each) for each in warnings]
    problems += [_remarked(each, book.rows_by_path) for each in reading.remarks]
    return FormFile(reading.body, problems[:PROBLEMS_MAX])


def _convert(content: bytes, book: _Workbook) -> tuple[FormReading, list[str]]:
    warnings: list[str] = []
    try:
        converted = convert(content, warnings=warnings, validate=False, file_type=".xlsx")
    except PyXFormError as error:
        raise _refusal([book.placed(_said(str(error)))]) from error
    if converted.itemsets is not None:
        message = "select_one_external is not taken here; use select_one with a choice_filter"
        raise _refusal([FileProblem(message, file="external_choices")])
    try:
        return read_xform(converted.xform.encode()), warnings
    except FormRefused as error:
        given = error.details.get("errors") or [{"field": "", "message": error.message}]
        faults = [_located(each["field"], each["message"], book.rows_by_path) for each in given]
        raise _refusal(faults) from error
    except BadXml as error:
        raise FormRefused(f"The form is too large: {error.message}") from error


@dataclass(frozen=True, slots=True)
class _Workbook:
    """The sheets as people wrote them: rows by sheet, the headings being the first. `rows_by_path`
    says in which row of the survey a field stands."""

    rows: dict[str, list[list[str]]]
    unknown_sheets: list[str]
    rows_by_path: dict[str, int]

    @classmethod
    def read(cls, content: bytes) -> _Workbook:
        rows: dict[str, list[list[str]]] = {}
        unknown: list[str] = []
        read = 0
        for title, found in sheets(content):
            name = title.strip().lower()
            if name not in SHEETS:
                if not _UNUSED_SHEET.match(name):
                    unknown.append(title)
                continue
            rows[name] = []
            for row in found:
                read += 1
                if read > ROWS_MAX or len(row) > COLUMNS_MAX:
                    raise FormRefused(
                        f"The workbook has over {ROWS_MAX} rows or {COLUMNS_MAX} columns. Move "
                        "long lists of choices to a file (select_one_from_file)."
                    )
                rows[name].append(row)
        return cls(rows, unknown, _rows_by_path(rows.get(SURVEY, [])))

    def refusals(self) -> Iterator[FileProblem]:
        """What makes the form of no use here."""
        if SURVEY not in self.rows:
            yield FileProblem("the workbook has no sheet survey; is it an XLSForm?")
        settings = dict(self._columns(SETTINGS))
        if not {"form_id", "set_form_id", "id_string"} & settings.keys():
            message = "the form has no form_id, by which phones know it; write one in this sheet"
            yield FileProblem(message, 2, "form_id", SETTINGS)
        for name, message in _REFUSED_SETTINGS.items():
            if name in settings:
                yield FileProblem(message, settings[name], name, SETTINGS)

    def problems(self) -> Iterator[FileProblem]:
        """What of the workbook is not done here, or nowhere."""
        for title in self.unknown_sheets:
            message = "nothing is done with this sheet"
            yield FileProblem(message, file=title)
        for sheet in SHEETS:
            for column, row in self._columns(sheet):
                plain = _plain(column)
                if plain in _DONE[sheet] or column in _REFUSED_SETTINGS:
                    continue
                if plain in _ON_PHONES[sheet] or plain.startswith(("bind:", "body:", "instance:")):
                    yield FileProblem(_PHONES_ALONE, row, column, sheet)
                elif sheet != CHOICES:  # where all others are for choice_filter
                    yield FileProblem(_IGNORED, row, column, sheet)

    def placed(self, problem: FileProblem) -> FileProblem:
        """pyxform does not say where a type is that it does not know."""
        match = _TYPE.search(problem.message)
        for number, row in enumerate(self.rows[SURVEY] if match else (), 1):
            if match and match[1] in row:
                return FileProblem(problem.message, number, "type", SURVEY)
        return problem

    def _columns(self, sheet: str) -> Iterator[tuple[str, int]]:
        """The headings of columns that hold anything, with the first row that does."""
        headings, *rows = self.rows.get(sheet) or [[]]
        for place, heading in enumerate(headings):
            if not heading.strip():
                continue
            for number, row in enumerate(rows, 2):
                if place < len(row) and row[place].strip():
                    yield heading.strip(), number
                    break


def _plain(heading: str) -> str:
    """`label::中文 (zh)` is `label`, and `media::image::en` is `media:image`."""
    parts = [part.strip().lower() for part in re.split(r"::?", heading)]
    if parts[0] in ("media", "bind", "body", "control", "instance") and len(parts) > 1:
        return f"{parts[0]}:{parts[1]}"
    return parts[0]


def _rows_by_path(rows: list[list[str]]) -> dict[str, int]:
    if not rows:
        return {}
    headings = [heading.strip().lower() for heading in rows[0]]
    if "type" not in headings or "name" not in headings:
        return {}
    type_at, name_at = headings.index("type"), headings.index("name")
    around: list[str] = []
    found: dict[str, int] = {}
    for number, row in enumerate(rows[1:], 2):
        kind = row[type_at].strip() if type_at < len(row) else ""
        name = row[name_at].strip() if name_at < len(row) else ""
        match = _GROUP.match(kind)
        if match and match[1].lower() == "end":
            del around[-1:]
            continue
        found.setdefault("/".join([*around, name]), number)
        if match:
            around.append(name)
    return found


def _said(message: str) -> FileProblem:
    """What pyxform says, taken apart where it says where."""
    row = _WHERE.search(message)
    sheet = _SHEET.search(message)
    column = _COLUMN.search(message)
    text = " ".join(_WHERE.sub("", message).split())[:MESSAGE_CHARS_MAX]
    return FileProblem(
        message=text,
        row=int(row[1]) if row else None,
        column=column[1] if column else None,
        file=sheet[1] if sheet else (SURVEY if row else None),
    )


def _remarked(remark: Remark, rows: Mapping[str, int]) -> FileProblem:
    if not remark.path:
        return FileProblem(remark.message, 1 if rows else None, remark.column, SURVEY)
    return _located(f"{remark.path}.{remark.column}", remark.message, rows)


def _located(field: str, message: str, rows: Mapping[str, int]) -> FileProblem:
    """A problem of a field, `water/level.constraint`, where the workbook has it."""
    path, _, column = field.rpartition(".")
    row = rows.get(path)
    if row is None:
        return FileProblem(f"{path}: {message}" if path else message, None, column or None)
    return FileProblem(message, row, column, SURVEY)


def _refusal(problems: list[FileProblem]) -> FormRefused:
    first = problems[0]
    return FormRefused(
        str(first),
        errors=[
            {"sheet": each.file, "row": each.row, "column": each.column, "message": each.message}
            for each in problems[:PROBLEMS_MAX]
        ],
    )
