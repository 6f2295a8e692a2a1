"""`hinterland verify`: is what this node shows what the homes signed?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import click
from rich.table import Table

from cli.here import OUT_OF_STEP, Here, with_here
from cli.output import print_json, shown_json

__all__ = ["verify"]

# The whole feed is read, every signature checked: some thousand records a second.
VERIFY_S_MAX: Final = 1_800.0


@click.command()
@click.argument("feeds", nargs=-1, metavar="[FEED]...")
@shown_json
@click.pass_context
@with_here
def verify(here: Here, context: click.Context, feeds: Sequence[str], as_json: bool) -> None:
    """Recomputes replicas from their records and compares them with what their homes signed.

    All feeds that the node holds, or those named. Exit code 3 if one of them is not equal.

    \b
    Examples:
      hinterland --dir ~/yunnan verify
      hinterland --dir ~/yunnan verify gansu/directory
    """
    held = _held(here)
    if unknown := [feed for feed in feeds if feed not in held]:
        raise click.UsageError(f"Not held here: {', '.join(unknown)}. Held: {', '.join(held)}")
    found = []
    for feed in feeds or held:
        with here.progress.status(f"Verifying {feed}"):
            params = {"feed": feed}
            found.append(here.call(held[feed], "verify_replica", params, VERIFY_S_MAX))
    if as_json:
        print_json(found)
    else:
        _show(here, found)
    if not all(each["equal"] for each in found):
        context.exit(OUT_OF_STEP)


def _held(here: Here) -> dict[str, str]:
    """Every feed that is held here, and the service that holds it."""
    return {
        feed["feed"]: service
        for service in here.settings.services
        for feed in here.call(service, "feed_status")["feeds"]
        if feed["n"]
    }


def _show(here: Here, found: list[dict[str, Any]]) -> None:
    table = Table("Feed", "Position", "Records", "Digest", "")
    for each in found:
        reasons = list(each["problems"])
        reasons += [f"{each['holes']} holes"] if each["holes"] else []
        reasons += [f"{each['quarantined']} in quarantine"] if each["quarantined"] else []
        table.add_row(
            each["feed"],
            each["position"],
            str(each["records"]),
            each["digest"][:16],
            "equal" if each["equal"] else "; ".join(reasons),
        )
    here.console.print(table)
