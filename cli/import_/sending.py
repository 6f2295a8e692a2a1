"""Sending a file to a room chunk by chunk, and telling what became of its rows."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Protocol

import click
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from cli.here import Here
from cli.output import print_json
from hinterland.clock import system_clock
from hinterland.config import BadSettings, checked_region
from hinterland.tables.problems import FileProblem

__all__ = [
    "EXISTING",
    "WRITTEN",
    "Import",
    "Outcome",
    "checked_region_option",
    "finish",
    "send",
    "undo",
    "write_mapping",
]

SHOWN_PROBLEMS: Final = 20
# A chunk takes a second or two; after this it is sent again, which does nothing twice.
CHUNK_S_MAX: Final = 60.0

EXISTING: Final = click.Path(exists=True, path_type=Path)
WRITTEN: Final = click.Path(dir_okay=False, writable=True, path_type=Path)


class Reading(Protocol):
    """What a room made of a file."""

    problems: list[FileProblem]
    columns: dict[str, str | None]
    notes: list[str]

    @property
    def rows(self) -> Sequence[Any]: ...

    def chunks(self) -> Iterator[list[dict[str, Any]]]: ...

    def heading_of(self, name: str | None, /) -> str | None: ...


@dataclass(frozen=True, slots=True)
class Import:
    """What a file is imported as: the command of the room that takes a chunk, and its words.

    `counted` are the outcomes of a row that are told, with the words for them, in order.
    """

    service: str
    method: str
    undo_method: str
    command: str
    things: str
    counted: Mapping[str, str]


@dataclass(slots=True)
class Outcome:
    """What became of a file's rows: how many of each outcome, and everything to look at."""

    import_id: str
    file: str
    notes: list[str]
    columns_left_out: list[str]
    counts: Counter[str] = field(default_factory=Counter)
    problems: list[FileProblem] = field(default_factory=list)

    def to_json(self, counted: Mapping[str, str]) -> dict[str, Any]:
        problems = [
            {"file": each.file, "row": each.row, "column": each.column, "message": each.message}
            for each in self.problems
        ]
        return {
            "import_id": self.import_id,
            "file": self.file,
            "notes": self.notes,
            "columns_left_out": self.columns_left_out,
            **{key: self.counts[key] for key in counted},
            "problems": problems,
        }


def checked_region_option(
    context: click.Context, option: click.Parameter, value: str | None
) -> str | None:
    try:
        return None if value is None else checked_region(value)
    except BadSettings as error:
        raise click.BadParameter(error.message) from error


def send(
    here: Here,
    kind: Import,
    file: Path,
    reading: Reading,
    params: Mapping[str, Any],
    message_of: Callable[[Mapping[str, Any]], str | None] = lambda row: None,
) -> Outcome:
    """Sends the rows chunk by chunk, with a bar; a chunk that is sent again is not done twice.
    `message_of` says what is to be told of a row besides its problems."""
    outcome = Outcome(
        import_id=f"{system_clock():%Y%m%dT%H%M%SZ}-{here.new_command_id()[:4]}",
        file=file.name,
        notes=reading.notes,
        columns_left_out=[column for column, target in reading.columns.items() if target is None],
        problems=list(reading.problems),
    )
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
            chunk = {"import_id": outcome.import_id, "chunk": place, "rows": rows}
            asked = {**params, **chunk, "file": file.name}
            answer = here.call_until_done(kind.service, kind.method, asked, CHUNK_S_MAX)
            for row in answer["outcomes"]:
                outcome.counts[row["outcome"]] += 1
                if message := message_of(row):
                    outcome.problems.append(FileProblem(message, row["row"]))
                outcome.problems += [
                    FileProblem(each["message"], row["row"], reading.heading_of(each["field"]))
                    for each in row["problems"]
                ]
            bar.advance(task, len(rows))
    outcome.problems.sort(key=lambda problem: problem.row or 0)
    return outcome


def finish(
    here: Here,
    kind: Import,
    outcome: Outcome,
    *,
    dry_run: bool,
    report: Path | None,
    as_json: bool,
) -> None:
    """Tells what became of a file, on the terminal, as JSON and in a file of problems."""
    if report:
        _write_report(report, outcome.problems)
    if as_json:
        print_json(outcome.to_json(kind.counted))
    else:
        _show(here, kind, outcome, dry_run, report)


def _show(here: Here, kind: Import, outcome: Outcome, dry_run: bool, report: Path | None) -> None:
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
    would = "would be " if dry_run else ""
    told = ", ".join(
        f"{counts[key]} {would if key == 'imported' else ''}{words}"
        for key, words in kind.counted.items()
    )
    click.echo(told)
    if counts["imported"] and not dry_run:
        again = f"hinterland --dir {here.folder} {kind.command} --undo {outcome.import_id}"
        here.say(f"To take it back: {again}")


def write_mapping(
    here: Here, kind: Import, file: Path, target: Path, columns: Mapping[str, str | None]
) -> None:
    """Says what to do with a mapping file that was just made."""
    unknown = [column for column, target_field in columns.items() if target_field is None]
    here.say(f"Wrote {len(columns)} columns to {target}, {len(unknown)} of them without a field.")
    next_step = f"hinterland --dir {here.folder} {kind.command} {file} --mapping {target}"
    here.say(f"Edit it, then: {next_step}")


def _write_report(path: Path, problems: Sequence[FileProblem]) -> None:
    with path.open("w", newline="", encoding="utf-8-sig") as file:
        writer = csv.writer(file)
        writer.writerow(["file", "row", "column", "problem"])
        writer.writerows([each.file, each.row, each.column, each.message] for each in problems)


def undo(here: Here, kind: Import, import_id: str) -> None:
    """Takes back what an import made, chunk by chunk."""
    withdrawn = 0
    kept: list[str] = []
    more = True
    with here.progress.status(f"Undoing {import_id}"):
        while more:
            answer = here.call_until_done(
                kind.service, kind.undo_method, {"import_id": import_id}, CHUNK_S_MAX
            )
            withdrawn += answer["withdrawn"]
            kept += answer["kept"]
            more = answer["more"]
    if not withdrawn and not kept:
        here.say(f"Nothing is left of {import_id}. `hinterland import list` shows all imports.")
        return
    here.say(f"Withdrew {withdrawn} {kind.things}.")
    for each in kept:
        here.say(f"  kept {each}: somebody has changed it since")
