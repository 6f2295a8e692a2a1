"""`hinterland export`: this node's directory as a file."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, Final

import click

from cli.here import CommandGroup, Here, with_here
from services.directory.contract import SERVICE
from services.directory.exporting import write_csv, write_hsds, write_jsonl

__all__ = ["export"]

FORMATS: Final = ("csv", "jsonl", "hsds")


@click.group(cls=CommandGroup)
def export() -> None:
    """This node's directory as a file."""


@export.command()
@click.option(
    "--format",
    "format_",
    type=click.Choice(FORMATS),
    default="csv",
    show_default=True,
    help="csv, as `import ngos` reads it; jsonl, a record a line; hsds, HSDS 3 JSON.",
)
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where to write. By default to standard output.",
)
@click.option("--home", metavar="NODE", help="Only the NGOs of this node.")
@with_here
def ngos(here: Here, format_: str, output: Path | None, home: str | None) -> None:
    """Writes all NGOs that staff of this node may read, page by page as they come.

    \b
    Examples:
      hinterland --dir ~/yunnan export ngos --output ngos.csv
      hinterland --dir ~/national export ngos --format jsonl --home gansu | jq .names.zh
    """
    if output is None:
        count = _write(sys.stdout.buffer, format_, _pages(here, home), byte_order_mark=False)
        sys.stdout.flush()
    else:
        # Under another name until it is whole, so that no half a file is taken for one.
        partial = output.with_name(f"{output.name}.partial")
        with partial.open("wb") as file:
            count = _write(file, format_, _pages(here, home), byte_order_mark=True)
        partial.replace(output)
    here.say(f"Exported {count} NGOs{f' to {output}' if output else ''}.")


def _write(
    out: BinaryIO, format_: str, found: Iterator[dict[str, Any]], *, byte_order_mark: bool
) -> int:
    """Returns how many were written. With the mark Excel reads a CSV file as UTF-8."""
    if format_ == "jsonl":
        return write_jsonl(found, out)
    if format_ == "hsds":
        return write_hsds(found, out)
    encoding = "utf-8-sig" if byte_order_mark else "utf-8"
    text = io.TextIOWrapper(out, encoding=encoding, newline="")
    count = write_csv(found, text)
    text.flush()
    text.detach()
    return count


def _pages(here: Here, home: str | None) -> Iterator[dict[str, Any]]:
    """Every NGO, in the order of ids."""
    after = None
    while True:
        page = here.call(SERVICE, "export_ngos", {"after": after, "home": home})
        yield from page["items"]
        after = page["next"]
        if after is None:
            return
