"""`hinterland receipts`: has everybody forgotten what this node erased?"""

from __future__ import annotations

import click
from rich.table import Column, Table

from cli.here import OUT_OF_STEP, Here, with_here
from cli.output import print_json, shown_json

__all__ = ["receipts"]


@click.command()
@shown_json
@click.pass_context
@with_here
def receipts(here: Here, context: click.Context, as_json: bool) -> None:
    """Lists the latest records that this node erased, and the nodes that still have to forget them.

    A node that is away forgets them when it returns. Exit code 3 while one has not.

    \b
    Example:
      hinterland --dir ~/yunnan receipts
    """
    found = [
        {"service": service, **item}
        for service in here.settings.services
        for item in here.call(service, "erase_receipts")["items"]
    ]
    waiting = [[node for node, done in item["by_node"].items() if not done] for item in found]
    if as_json:
        print_json(found)
    elif not found:
        here.say("This node has erased nothing.")
    else:
        table = Table(Column("Record", overflow="fold"), "Erased", "Forgotten by", "Not yet by")
        for item, left in zip(found, waiting, strict=True):
            forgotten = len(item["by_node"]) - len(left)
            table.add_row(
                item["id"], item["at"], f"{forgotten} of {len(item['by_node'])}", ", ".join(left)
            )
        here.console.print(table)
    if any(waiting):
        context.exit(OUT_OF_STEP)
