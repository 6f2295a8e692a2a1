"""`hinterland resume`: write on after a restored backup, without waiting for everybody."""

from __future__ import annotations

import click

from cli.here import Here, with_here

__all__ = ["resume"]


@click.command()
@click.option("--yes", is_flag=True, help="Do not ask.")
@with_here
def resume(here: Here, yes: bool) -> None:
    """Writes on after a restored backup, without members that cannot be reached.

    A node whose database was restored asks every member for what it had written since the backup,
    and writes nothing until all have answered. Where one is away for long, this goes on without it.
    If it turns out to hold what nobody else did, the feed is forked: the others stop following it.

    \b
    Example:
      hinterland --dir ~/yunnan resume
    """
    waiting = [
        service
        for service in here.settings.services
        for feed in here.call(service, "feed_status")["feeds"]
        if feed["feed"] == f"{here.settings.id}/{service}" and feed["recover_to"]
    ]
    if not waiting:
        here.say("No service waits for what it lost.")
        return
    if not yes:
        click.confirm(
            f"{', '.join(waiting)}: give up what members that did not answer may still hold?",
            abort=True,
        )
    for service in waiting:
        here.call(service, "resume_writing")
    here.say(f"{', '.join(waiting)}: written on.")
