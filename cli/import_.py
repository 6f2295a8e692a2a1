"""`hinterland import`: files of NGOs into this node's directory, and out again if it was wrong."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, get_args

import click
from pydantic import ValidationError
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Column, Table

from cli.here import OUT_OF_STEP, CommandGroup, Here, with_here
from cli.output import print_json, shown_json
from hinterland.clock import system_clock
from hinterland.config import BadSettings, checked_region
from services.directory.contract import SERVICE
from services.directory.contract.access import Scope
from services.directory.contract.calls import ImportOptions
from services.directory.contract.codes import CAUSES
from services.directory.importing import FileProblem, Reading, read_file, start_mapping

__all__ = ["import_"]

SHOWN_PROBLEMS: Final = 20
LISTED_IMPORTS: Final = 50
# A chunk takes a second or two; after this it is sent again, which does nothing twice.
CHUNK_S_MAX: Final = 60.0

EXISTING = click.Path(exists=True, path_type=Path)
WRITTEN = click.Path(dir_okay=False, writable=True, path_type=Path)


@click.group("import", cls=CommandGroup)
def import_() -> None:
    """Files of NGOs into this node's directory."""


COUNTED: Final = ("imported", "unchanged", "repeated", "duplicate", "refused")


@dataclass(slots=True)
class Outcome:
    """What became of a file's rows: how many of each outcome, and everything to look at."""

    import_id: str
    file: str
    notes: list[str]
    columns_left_out: list[str]
    counts: Counter[str] = field(default_factory=Counter)
    problems: list[FileProblem] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        problems = [
            {"file": each.file, "row": each.row, "column": each.column, "message": each.message}
            for each in self.problems
        ]
        return {
            "import_id": self.import_id,
            "file": self.file,
            "notes": self.notes,
            "columns_left_out": self.columns_left_out,
            **{key: self.counts[key] for key in COUNTED},
            "problems": problems,
        }


def _region(context: click.Context, option: click.Parameter, value: str | None) -> str | None:
    try:
        return None if value is None else checked_region(value)
    except BadSettings as error:
        raise click.BadParameter(error.message) from error


@import_.command()
@click.argument("file", type=EXISTING, required=False)
@click.option("--dry-run", is_flag=True, help="Report what would happen; write nothing.")
@click.option(
    "--region", callback=_region, help="The region of rows that name none, ISO 3166-2: CN-YN."
)
@click.option("--city", help="The city of rows that name none.")
@click.option("--cause", type=click.Choice(list(CAUSES)), help="The cause of rows that name none.")
@click.option("--language", help="The language of texts that do not show it, BCP 47: zh.")
@click.option(
    "--scope",
    type=click.Choice(get_args(Scope)),
    default="public",
    show_default=True,
    help="Who may read the NGOs.",
)
@click.option("--sheet", help="The sheet of a workbook. By default the first one with a header.")
@click.option("--mapping", type=EXISTING, help="Which column is which field; see --write-mapping.")
@click.option("--write-mapping", type=WRITTEN, help="Write a mapping file to start from, and end.")
@click.option(
    "--import-similar", is_flag=True, help="Import rows with a like-named NGO nearby too."
)
@click.option("--report", type=WRITTEN, help="Write every problem to this CSV file.")
@click.option("--undo", metavar="IMPORT_ID", help="Withdraw what an import made.")
@shown_json
@click.pass_context
@with_here
def ngos(
    here: Here,
    context: click.Context,
    file: Path | None,
    dry_run: bool,
    region: str | None,
    city: str | None,
    cause: str | None,
    language: str | None,
    scope: str,
    sheet: str | None,
    mapping: Path | None,
    write_mapping: Path | None,
    import_similar: bool,
    report: Path | None,
    undo: str | None,
    as_json: bool,
) -> None:
    """Imports the NGOs of FILE: CSV, XLSX, or an HSDS package (a folder or a zip).

    Encoding, delimiter, header and columns are found by themselves; a mapping file helps where
    they are not. A faulty cell is left out, a row that lacks a name, a region or a cause is
    refused, and neither stops the rest. An NGO that is there already is not imported twice, so
    the same file may be imported again. Exit code 3 if rows were refused.

    \b
    Examples:
      hinterland --dir ~/yunnan import ngos list.xlsx --dry-run
      hinterland --dir ~/yunnan import ngos list.csv --region CN-YN --cause other
      hinterland --dir ~/yunnan import ngos list.csv --write-mapping columns.json
      hinterland --dir ~/yunnan import ngos list.csv --mapping columns.json
      hinterland --dir ~/yunnan import ngos --undo 20260131T080500Z-4f1c
    """
    if undo:
        _undo(here, undo)
        return
    if file is None:
        raise click.UsageError("Name a FILE, or an import with --undo.")
    if write_mapping:
        _write_mapping(here, file, write_mapping, sheet)
        return
    options = _options(
        region=region,
        city=city,
        cause=cause,
        language=language,
        scope=scope,
        import_similar=import_similar,
    )
    with here.progress.status(f"Reading {file.name}"):
        reading = read_file(file, options, mapping=mapping, sheet=sheet)
    outcome = _send(here, file, reading, options, dry_run)
    if report:
        _write_report(report, outcome.problems)
    if as_json:
        print_json(outcome.to_json())
    else:
        _show(here, outcome, dry_run, report)
    if outcome.counts["refused"]:
        context.exit(OUT_OF_STEP)


@import_.command("list")
@shown_json
@with_here
def list_(here: Here, as_json: bool) -> None:
    """Lists the imports of this node, the latest first, with the ids for --undo.

    \b
    Example:
      hinterland --dir ~/yunnan import list
    """
    found = here.call(SERVICE, "list_imports", {"first": LISTED_IMPORTS})["items"]
    if as_json:
        print_json(found)
        return
    table = Table(Column("Id", overflow="fold"), "File", "At", "Rows", "Imported", "Refused", "")
    for each in found:
        table.add_row(
            each["import_id"],
            each["file"],
            each["at"],
            str(each["rows"]),
            str(each["imported"]),
            str(each["refused"]),
            "undone" if each["undone"] else "",
        )
    here.console.print(table)


def _options(**given: Any) -> ImportOptions:
    try:
        return ImportOptions(**given)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        option = f"--{first['loc'][0]}"
        raise click.BadParameter(first["msg"], param_hint=option) from error


def _send(
    here: Here, file: Path, reading: Reading, options: ImportOptions, dry_run: bool
) -> Outcome:
    """Sends the rows chunk by chunk, with a bar; a chunk that is sent again is not done twice."""
    outcome = Outcome(
        import_id=f"{system_clock():%Y%m%dT%H%M%SZ}-{here.new_command_id()[:4]}",
        file=file.name,
        notes=reading.notes,
        columns_left_out=[column for column, target in reading.columns.items() if target is None],
        problems=list(reading.problems),
    )
    outcome.counts["repeated"] = reading.repeated
    bar = Progress(
        TextColumn("Importing"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=here.progress,
        transient=True,
    )
    with bar:
        task = bar.add_task("", total=len(reading.rows))
        for place, rows in enumerate(reading.chunks()):
            params = {
                "import_id": outcome.import_id,
                "chunk": place,
                "rows": rows,
                "options": options.model_dump(),
                "file": file.name,
                "dry_run": dry_run,
            }
            answer = here.call_until_done(SERVICE, "import_ngos", params, CHUNK_S_MAX)
            for row in answer["outcomes"]:
                _count(outcome, row, reading)
            bar.advance(task, len(rows))
    outcome.problems.sort(key=lambda problem: problem.row or 0)
    return outcome


def _count(outcome: Outcome, row: dict[str, Any], reading: Reading) -> None:
    outcome.counts[row["outcome"]] += 1
    if row["outcome"] == "duplicate":
        of = row["of"] or f"row {row['of_row']}"
        same = "has the same identifier" if row["why"] == "identifier" else "is nearby and like"
        message = f"not imported: {of} {same}"
        outcome.problems.append(FileProblem(message, row["row"]))
    outcome.problems += [
        FileProblem(problem["message"], row["row"], reading.heading_of(problem["field"]))
        for problem in row["problems"]
    ]


def _show(here: Here, outcome: Outcome, dry_run: bool, report: Path | None) -> None:
    counts = outcome.counts
    here.say(f"{outcome.file}: {'; '.join(outcome.notes)}")
    if outcome.columns_left_out:
        here.say(f"Columns left out: {', '.join(outcome.columns_left_out)}")
    shown = outcome.problems[:SHOWN_PROBLEMS]
    for problem in shown:
        here.say(f"  {problem}")
    if len(shown) < len(outcome.problems):
        rest = len(outcome.problems) - len(shown)
        where = f"all are in {report}" if report else "--report FILE writes them all"
        here.say(f"  … and {rest} more; {where}")
    click.echo(
        f"{counts['imported']} {'would be ' if dry_run else ''}imported, "
        f"{counts['unchanged']} there already, {counts['repeated']} twice in the file, "
        f"{counts['duplicate']} likely duplicates, "
        f"{counts['refused']} refused"
    )
    if counts["imported"] and not dry_run:
        undo = f"hinterland --dir {here.folder} import ngos --undo {outcome.import_id}"
        here.say(f"To take it back: {undo}")


def _write_mapping(here: Here, file: Path, target: Path, sheet: str | None) -> None:
    columns = start_mapping(file, target, sheet=sheet)
    unknown = [column for column, target_field in columns.items() if target_field is None]
    here.say(f"Wrote {len(columns)} columns to {target}, {len(unknown)} of them without a field.")
    here.say(f"Edit it, then: hinterland --dir {here.folder} import ngos {file} --mapping {target}")


def _write_report(path: Path, problems: Sequence[FileProblem]) -> None:
    with path.open("w", newline="", encoding="utf-8-sig") as file:
        writer = csv.writer(file)
        writer.writerow(["file", "row", "column", "problem"])
        writer.writerows([each.file, each.row, each.column, each.message] for each in problems)


def _undo(here: Here, import_id: str) -> None:
    withdrawn = 0
    kept: list[str] = []
    more = True
    with here.progress.status(f"Undoing {import_id}"):
        while more:
            answer = here.call_until_done(
                SERVICE, "undo_import", {"import_id": import_id}, CHUNK_S_MAX
            )
            withdrawn += answer["withdrawn"]
            kept += answer["kept"]
            more = answer["more"]
    if not withdrawn and not kept:
        here.say(f"Nothing is left of {import_id}. `hinterland import list` shows all imports.")
        return
    here.say(f"Withdrew {withdrawn} NGOs.")
    for ngo in kept:
        here.say(f"  kept {ngo}: somebody has changed it since")
