"""`hinterland import reports`: files of reports onto this node's map."""

from __future__ import annotations

from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import click

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
from services.map.contract import SERVICE
from services.map.importing import Options, read_file, start_mapping

__all__ = ["REPORTS", "reports"]

REPORTS: Final = Import(
    service=SERVICE,
    method="import_reports",
    undo_method="undo_import",
    command="import reports",
    things="reports",
    counted={"imported": "imported", "unchanged": "there already", "refused": "refused"},
)


def _zone(context: click.Context, option: click.Parameter, value: str) -> ZoneInfo:
    try:
        return ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise click.BadParameter(f"{value!r} is no time zone like Asia/Shanghai") from error


@click.command()
@click.argument("file", type=EXISTING, required=False)
@click.option("--dry-run", is_flag=True, help="Report what would happen; write nothing.")
@click.option("--category", help="The category of rows that name none: its id, or its name.")
@click.option(
    "--region", callback=checked_region_option, help="The region of rows that name none: CN-YN."
)
@click.option("--language", help="The language of the texts, BCP 47: zh.")
@click.option(
    "--time-zone",
    "zone",
    callback=_zone,
    default="UTC",
    show_default=True,
    help="Of times that do not say theirs: Asia/Shanghai.",
)
@click.option("--sheet", help="The sheet of a workbook. By default the first one with a header.")
@click.option("--mapping", type=EXISTING, help="Which column is which field; see --write-mapping.")
@click.option("--write-mapping", type=WRITTEN, help="Write a mapping file to start from, and end.")
@click.option("--report", type=WRITTEN, help="Write every problem to this CSV file.")
@click.option("--undo", metavar="IMPORT_ID", help="Take back what an import made.")
@shown_json
@click.pass_context
@with_here
def reports(
    here: Here,
    context: click.Context,
    file: Path | None,
    dry_run: bool,
    category: str | None,
    region: str | None,
    language: str | None,
    zone: ZoneInfo,
    sheet: str | None,
    mapping: Path | None,
    write_mapping: Path | None,
    report: Path | None,
    undo: str | None,
    as_json: bool,
) -> None:
    """Imports the reports of FILE: CSV, XLSX or GeoJSON. They wait for a moderator, like all.

    Encoding, delimiter, header and columns are found by themselves; a mapping file helps where
    they are not. A row without a text or a title, or with an impossible place, is refused; any
    other faulty cell is left out. The same file may be imported again. Exit code 3 if rows were
    refused.

    \b
    Examples:
      hinterland --dir ~/yunnan import reports floods.csv --dry-run
      hinterland --dir ~/yunnan import reports floods.csv --category 洪水 --time-zone Asia/Shanghai
      hinterland --dir ~/yunnan import reports floods.geojson --write-mapping columns.json
      hinterland --dir ~/yunnan import reports --undo 20260131T080500Z-4f1c
    """
    if undo:
        take_back(here, REPORTS, undo)
        return
    if file is None:
        raise click.UsageError("Name a FILE, or an import with --undo.")
    if write_mapping:
        columns = start_mapping(file, write_mapping, sheet=sheet)
        tell_mapping(here, REPORTS, file, write_mapping, columns)
        return
    options = Options(category=category, language=language, region=region, zone=zone)
    with here.progress.status(f"Reading {file.name}"):
        reading = read_file(file, options, mapping=mapping, sheet=sheet)
    outcome = send(here, REPORTS, file, reading, {"dry_run": dry_run})
    finish(here, REPORTS, outcome, dry_run=dry_run, report=report, as_json=as_json)
    if outcome.counts["refused"]:
        context.exit(OUT_OF_STEP)
