"""`hinterland import`: files into this node's rooms, and out again if it was the wrong file."""

from __future__ import annotations

from typing import Final

import click
from rich.table import Column, Table

from cli.here import CommandGroup, Here, with_here
from cli.import_.ngos import NGOS, ngos
from cli.import_.reports import REPORTS, reports
from cli.output import print_json, shown_json

__all__ = ["import_"]

LISTED_IMPORTS: Final = 50
KINDS: Final = (NGOS, REPORTS)


@click.group("import", cls=CommandGroup)
def import_() -> None:
    """Files of NGOs into this node's directory, and of reports onto its map."""


@import_.command("list")
@shown_json
@with_here
def list_(here: Here, as_json: bool) -> None:
    """Lists the imports of this node, the latest first, with the ids for --undo.

    \b
    Example:
      hinterland --dir ~/yunnan import list
    """
    found = [
        {"of": kind.things, **each}
        for kind in KINDS
        if kind.service in here.settings.services
        for each in here.call(kind.service, "list_imports", {"first": LISTED_IMPORTS})["items"]
    ]
    found.sort(key=lambda each: str(each["at"]), reverse=True)
    if as_json:
        print_json(found)
        return
    table = Table(
        Column("Id", overflow="fold"), "Of", "File", "At", "Rows", "Imported", "Refused", ""
    )
    for each in found:
        table.add_row(
            each["import_id"],
            each["of"],
            each["file"],
            each["at"],
            str(each["rows"]),
            str(each["imported"]),
            str(each["refused"]),
            "undone" if each["undone"] else "",
        )
    here.console.print(table)


for command in (ngos, reports):
    import_.add_command(command)
