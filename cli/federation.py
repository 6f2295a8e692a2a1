"""`hinterland federation`: found one, invite nodes, join, see who is in it, and expel."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import click
from rich.table import Table

from cli.here import CommandGroup, Here, with_here
from cli.output import print_json, shown_json
from hinterland.clock import rfc3339, system_clock
from hinterland.identity import NodeKey, RootStatement, federation_name
from services.federation.contract import (
    INVITATION_HOURS_DEFAULT,
    INVITATION_HOURS_MAX,
    SERVICE,
    AlreadyFederated,
)

__all__ = ["federation"]


@click.group(cls=CommandGroup)
def federation() -> None:
    """Nodes that accept each other's records: found, invite, join, expel."""


@federation.command()
@click.argument("title")
@click.option(
    "--root-key",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where to write the root key. By default root.key in the node's folder.",
)
@with_here
def create(here: Here, title: str, root_key: Path | None) -> None:
    """Founds a federation called TITLE, with this node as its coordinator.

    It writes the federation's root key to a file. The key signs only who the coordinator is, and
    is needed again only when the coordinator's own key or machine is lost: take it offline.

    \b
    Example:
      hinterland --dir ~/national federation create "Green Hinterland" --root-key /mnt/usb/root.key
    """
    path = root_key or here.settings.dir / "root.key"
    resumed = path.exists()
    key = NodeKey.load(path) if resumed else NodeKey.generate()
    if not resumed:
        key.save(path)
    statement = RootStatement.issue(
        key,
        name=federation_name(title),
        coordinator=here.settings.id,
        key=NodeKey.load(here.settings.key_path).public,
        issued_at=rfc3339(system_clock()),
    )
    # The root key is the command's id: with the file that is there, `create` may be repeated.
    command_id = hashlib.sha256(key.public.encode()).hexdigest()
    params = {"command_id": command_id, "title": title, "statement": statement.text}
    try:
        made = here.call(SERVICE, "create", params)
    except AlreadyFederated:
        if not resumed:
            path.unlink()
        raise
    here.say(f"Founded {title} ({made['federation']}); {here.settings.id} coordinates it.")
    here.say(f"The root key is in {path}.")
    here.say("Move it to a USB stick or paper, lock that away, and delete the file.")
    here.say(f"Invite the first node with `hinterland --dir {here.folder} federation invite`.")


@federation.command()
@click.option(
    "--hours",
    type=click.IntRange(1, INVITATION_HOURS_MAX),
    default=INVITATION_HOURS_DEFAULT,
    show_default=True,
    help="How long the invitation is good for.",
)
@with_here
def invite(here: Here, hours: int) -> None:
    """Prints one line of text that lets one node join. Only the coordinator can invite.

    Send it to the node's operator by a way that nobody else reads: whoever has it can join.

    \b
    Example:
      hinterland --dir ~/national federation invite --hours 24
    """
    params = {"command_id": here.new_command_id(), "valid_hours": hours}
    made = here.call(SERVICE, "invite", params)
    click.echo(made["invitation"])
    here.say(f"It lets one node join, until {made['expires_at']}. There, it is used like this:")
    here.say("  hinterland --dir DIR federation join INVITATION")


@federation.command()
@click.argument("invitation")
@with_here
def join(here: Here, invitation: str) -> None:
    """Joins the federation that INVITATION comes from, and sets up the links on both sides.

    If it fails half-way, repeat it with the same invitation.

    \b
    Example:
      hinterland --dir ~/yunnan federation join "$(cat invitation.txt)"
    """
    # The invitation is good for one node, so it makes a good id for the command too.
    command_id = hashlib.sha256(invitation.strip().encode()).hexdigest()
    params = {"command_id": command_id, "invitation": invitation.strip()}
    made = here.call(SERVICE, "join", params)
    here.say(f"{here.settings.id} is a member of {made['title']} ({made['federation']}),")
    here.say(f"coordinated by {made['coordinator']}. Records arrive within a minute:")
    here.say(f"`hinterland --dir {here.folder} status` says how far they are.")


@federation.command()
@shown_json
@with_here
def members(here: Here, as_json: bool) -> None:
    """Lists the members of the federation.

    \b
    Example:
      hinterland --dir ~/yunnan federation members
    """
    found: list[dict[str, Any]] = here.call(SERVICE, "members")["members"]
    if as_json:
        print_json(found)
        return
    table = Table("Node", "Region", "Name", "Since", "")
    for member in found:
        table.add_row(
            member["node"], member["region"], member["name"], member["joined_at"], _role(member)
        )
    here.console.print(table)


@federation.command()
@click.argument("node")
@click.option("--note", help="Why, for the other members to read.")
@click.confirmation_option(
    prompt="Nothing that it writes from now on will count, and its id is not used again. Go on?",
    help="Do not ask.",
)
@with_here
def expel(here: Here, node: str, note: str | None) -> None:
    """Expels NODE: nothing that it writes from now on counts anywhere.

    What every member holds of it until now stays readable; its access to every broker ends.
    Only the coordinator can expel.

    \b
    Example:
      hinterland --dir ~/national federation expel gansu --note "its key was stolen"
    """
    params = {"command_id": here.new_command_id(), "node": node, "note": note}
    made = here.call(SERVICE, "expel", params)
    here.say(f"Expelled {node}. What counts of it:")
    for feed, (_epoch, n, _hash) in made["feeds"].items():
        here.say(f"  {feed} up to number {n}")


def _role(member: dict[str, Any]) -> str:
    if member["expelled_at"]:
        return f"expelled {member['expelled_at']}"
    return "coordinator" if member["coordinator"] else ""
