"""The command `hinterland`."""

from __future__ import annotations

from pathlib import Path

import click

from cli.export import export
from cli.federation import federation
from cli.here import CommandGroup, Here
from cli.import_ import import_
from cli.key import key
from cli.map import map_
from cli.node import init, up
from cli.quarantine import quarantine
from cli.receipts import receipts
from cli.resume import resume
from cli.status import status
from cli.verify import verify

__all__ = ["main"]


@click.group(
    cls=CommandGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="hinterland")
@click.option(
    "--dir",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    envvar="HINTERLAND_DIR",
    default=".",
    show_default="the current folder",
    help="The node's folder.",
)
@click.pass_context
def main(context: click.Context, folder: Path) -> None:
    """Runs and looks after a node of Hinterland, a federated platform for networks of NGOs.

    \b
    A node of one's own:
      hinterland --dir ~/yunnan init yunnan --region CN-YN --name 云南
      hinterland --dir ~/yunnan up

    \b
    Exit codes:
      0  done
      1  failed; the message says what to do
      2  the command was not understood
      3  it works, but: status, verify: something is down, behind or unequal;
         import: rows were refused
    """
    here = Here(folder)
    context.obj = here
    context.call_on_close(here.close)


COMMANDS = (
    *(init, up, status, verify, resume, federation),
    *(import_, export, map_, key, quarantine, receipts),
)
for command in COMMANDS:
    main.add_command(command)
