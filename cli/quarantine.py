"""`hinterland quarantine`: entries that count but cannot be applied here."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any, Final

import click
from rich.table import Column, Table

from cli.here import CommandGroup, Here, with_here
from cli.output import print_json, shown_json

__all__ = ["quarantine"]

RETRIED_AT_ONCE: Final = 500


@click.group(cls=CommandGroup)
def quarantine() -> None:
    """Entries of other nodes that are kept but cannot be applied, and what to do about them."""


@quarantine.command("list")
@shown_json
@with_here
def list_(here: Here, as_json: bool) -> None:
    """Lists what is in quarantine, with the reason.

    \b
    Example:
      hinterland --dir ~/yunnan quarantine list
    """
    found = [{"service": service, **item} for service, item in _quarantined(here)]
    if as_json:
        print_json(found)
        return
    if not found:
        here.say("Nothing is in quarantine.")
        return
    table = Table(
        Column("Id", overflow="fold"), Column("Record", overflow="fold"), "Since", "Reason"
    )
    for item in found:
        table.add_row(item["id"], item["record"], item["since"], item["reason"])
    here.console.print(table)


@quarantine.command()
@click.argument("ids", nargs=-1, metavar="[ID]...")
@with_here
def retry(here: Here, ids: tuple[str, ...]) -> None:
    """Judges entries in quarantine again, all of them or those with the given IDs.

    Worth doing after an upgrade: what a newer version wrote may be understood now.

    \b
    Example:
      hinterland --dir ~/yunnan quarantine retry
    """
    waiting: dict[str, list[str]] = defaultdict(list)
    for service, item in _quarantined(here):
        if not ids or item["id"] in ids:
            waiting[service].append(item["id"])
    total = sum(map(len, waiting.values()))
    if unknown := set(ids) - {id for found in waiting.values() for id in found}:
        raise click.UsageError(f"Not in quarantine: {', '.join(sorted(unknown))}")
    applied = 0
    for service, found in waiting.items():
        for start in range(0, len(found), RETRIED_AT_ONCE):
            params = {"ids": found[start : start + RETRIED_AT_ONCE]}
            applied += here.call(service, "quarantine_retry", params)["applied"]
    here.say(f"{applied} of {total} applied; {total - applied} remain in quarantine.")


def _quarantined(here: Here) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every entry in quarantine, with the service that holds it, page after page."""
    for service in here.settings.services:
        after = ""
        while items := here.call(service, "quarantine_list", {"after": after})["items"]:
            for item in items:
                yield service, item
            after = items[-1]["id"]
