"""`hinterland map`: what moderators do with the map from a terminal."""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path
from typing import Any, Final, get_args

import click
from rich.table import Column, Table

from cli.here import CommandGroup, Here, with_here
from cli.output import print_json, shown_json
from hinterland.errors import HinterlandError
from hinterland.tables.problems import FileProblem
from services.map.contract import SERVICE
from services.map.contract.calls import SharedScope
from services.map.contract.form_calls import FORM_FILE_BYTES_MAX

__all__ = ["map_"]

# A form is read in a process of its own, and its pictures are made ready one after the other.
FORM_S_MAX: Final = 180.0


@click.group("map", cls=CommandGroup)
def map_() -> None:
    """Forms of the map's reports."""


@map_.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--category", help="The id of the category that its reports are about.")
@click.option(
    "--scope",
    type=click.Choice(get_args(SharedScope)),
    default="public",
    show_default=True,
    help="Who may get the form.",
)
@click.option(
    "--media",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    multiple=True,
    help="A picture, sound or list that the form names. Repeat for more.",
)
@click.option("--dry-run", is_flag=True, help="Say what is not understood; put nothing.")
@shown_json
@with_here
def form(
    here: Here,
    file: Path,
    category: str | None,
    scope: str,
    media: tuple[Path, ...],
    dry_run: bool,
    as_json: bool,
) -> None:
    """Puts the form in FILE on the map: an XLSForm (.xlsx), or an XForm (.xml).

    Phones with ODK Collect or KoboCollect find it at once under the node's address with /openrosa
    behind it. What of the file is not done here is listed by sheet, row and column. A changed form
    needs a new version in the sheet settings.

    \b
    Examples:
      hinterland --dir ~/yunnan map form wells.xlsx --dry-run
      hinterland --dir ~/yunnan map form wells.xlsx --media well.jpg --scope members
    """
    if sum(each.stat().st_size for each in (file, *media)) > FORM_FILE_BYTES_MAX:
        raise click.UsageError(
            f"The form and its media are over {FORM_FILE_BYTES_MAX} bytes together. Make its "
            "pictures smaller."
        )
    params: dict[str, Any] = {
        "command_id": here.new_command_id(),
        "content": _encoded(file),
        "scope": scope,
        "media": [{"name": each.name, "content": _encoded(each)} for each in media],
        "dry_run": dry_run,
    }
    if category:
        params["category"] = category
    try:
        with here.progress.status(f"Reading {file.name}"):
            answer = here.call_until_done(SERVICE, "put_form", params, FORM_S_MAX)
    except HinterlandError as error:
        _say(here, error.details.get("errors", ()))
        raise
    if as_json:
        print_json(answer)
        return
    _say(here, answer["problems"])
    name = f"{answer['form_id']}, version {answer['form_version'] or '(none)'}"
    if dry_run:
        click.echo(f"{name}: would be put")
    else:
        click.echo(f"{name}: put as {answer['id']}")
        here.say(f"Phones find it at {here.settings.public_url}/openrosa")


def _encoded(file: Path) -> str:
    return b64encode(file.read_bytes()).decode()


def _say(here: Here, problems: Any) -> None:
    for each in problems:
        if {"sheet", "row", "column", "message"} <= each.keys():
            problem = FileProblem(each["message"], each["row"], each["column"], each["sheet"])
            here.say(f"  {problem}")


@map_.command()
@click.option("--all-versions", is_flag=True, help="Earlier versions, too.")
@shown_json
@with_here
def forms(here: Here, all_versions: bool, as_json: bool) -> None:
    """Lists the forms that this node's phones can get.

    \b
    Example:
      hinterland --dir ~/yunnan map forms
    """
    found = here.call(SERVICE, "list_forms", {"all_versions": all_versions})["items"]
    if as_json:
        print_json(found)
        return
    table = Table("Form", "Version", "Name", "Home", Column("Id", overflow="fold"))
    for each in found:
        name = next(iter(each["names"].values()))
        table.add_row(each["form_id"], each["version"], name, each["home"], each["id"])
    here.console.print(table)
