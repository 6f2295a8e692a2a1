"""`hinterland import ngos`: files of NGOs into this node's directory."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, get_args

import click
from pydantic import ValidationError

from cli.here import OUT_OF_STEP, Here, with_here
from cli.import_.sending import (
    EXISTING,
    WRITTEN,
    Import,
    checked_region_option,
    finish,
    send,
)
from cli.import_.sending import undo as take_back
from cli.import_.sending import write_mapping as tell_mapping
from cli.output import shown_json
from services.directory.contract import SERVICE
from services.directory.contract.access import Scope
from services.directory.contract.calls import ImportOptions
from services.directory.contract.codes import CAUSES
from services.directory.importing import read_file, start_mapping

__all__ = ["NGOS", "ngos"]

NGOS: Final = Import(
    service=SERVICE,
    method="import_ngos",
    undo_method="undo_import",
    command="import ngos",
    things="NGOs",
    counted={
        "imported": "imported",
        "unchanged": "there already",
        "repeated": "twice in the file",
        "duplicate": "likely duplicates",
        "refused": "refused",
    },
)


@click.command()
@click.argument("file", type=EXISTING, required=False)
@click.option("--dry-run", is_flag=True, help="Report what would happen; write nothing.")
@click.option(
    "--region",
    callback=checked_region_option,
    help="The region of rows that name none: CN-YN.",
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
        take_back(here, NGOS, undo)
        return
    if file is None:
        raise click.UsageError("Name a FILE, or an import with --undo.")
    if write_mapping:
        columns = start_mapping(file, write_mapping, sheet=sheet)
        tell_mapping(here, NGOS, file, write_mapping, columns)
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
    params = {"options": options.model_dump(), "dry_run": dry_run}
    outcome = send(here, NGOS, file, reading, params, _duplicate)
    outcome.counts["repeated"] = reading.repeated
    finish(here, NGOS, outcome, dry_run=dry_run, report=report, as_json=as_json)
    if outcome.counts["refused"]:
        context.exit(OUT_OF_STEP)


def _duplicate(row: Mapping[str, Any]) -> str | None:
    if row["outcome"] != "duplicate":
        return None
    of = row["of"] or f"row {row['of_row']}"
    same = "has the same identifier" if row["why"] == "identifier" else "is nearby and like"
    return f"not imported: {of} {same}"


def _options(**given: Any) -> ImportOptions:
    try:
        return ImportOptions(**given)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        option = f"--{first['loc'][0]}"
        raise click.BadParameter(first["msg"], param_hint=option) from error
