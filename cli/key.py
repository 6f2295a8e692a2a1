"""`hinterland key`: API keys for partners' apps and for colleagues."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click
from rich.table import Column, Table

from cli.here import CommandGroup, Here, with_here
from cli.output import print_json, shown_json
from hinterland.actors import ROLES
from services.accounts.contract import SERVICE

__all__ = ["key"]


@click.group(cls=CommandGroup)
def key() -> None:
    """API keys: who may use this node's GraphQL for what."""


@key.command()
@click.argument("name")
@click.option("--role", type=click.Choice(ROLES), required=True, help="What the key may do.")
@click.option("--account", help="The account that it is for. By default a new one, called NAME.")
@with_here
def create(here: Here, name: str, role: str, account: str | None) -> None:
    """Makes an API key called NAME and prints it, this once.

    \b
    partner      reads what is public
    editor       also reads what is for members, writes this node's NGOs, suggests and decides
    moderator    also verifies and withdraws
    operator     also makes keys, and says what is accepted without a person looking at it
    coordinator  also looks after the federation

    \b
    Example:
      hinterland --dir ~/yunnan key create "Map app" --role partner
    """
    params = {
        "command_id": here.new_command_id(),
        "name": name,
        "role": role,
        "account": account,
    }
    made = here.call(SERVICE, "create_key", params)
    click.echo(made["key"])
    here.say(f"Hand it over by a safe way: it is not shown again. Its id is {made['id']}.")
    here.say("Requests carry it in a header: Authorization: Bearer KEY")


@key.command("list")
@shown_json
@with_here
def list_(here: Here, as_json: bool) -> None:
    """Lists the API keys of this node, without their secrets.

    \b
    Example:
      hinterland --dir ~/yunnan key list
    """
    found = list(_keys(here))
    if as_json:
        print_json(found)
        return
    table = Table(Column("Id", overflow="fold"), "Name", "Role", "Changed", "")
    for each in found:
        state = f"revoked {each['revoked_at']}" if each["revoked_at"] else ""
        table.add_row(each["id"], each["name"], each["role"], each["changed"], state)
    here.console.print(table)


@key.command()
@click.argument("id")
@with_here
def revoke(here: Here, id: str) -> None:
    """Revokes the key with this ID: it is refused from now on, for good.

    \b
    Example:
      hinterland --dir ~/yunnan key revoke yunnan.key.01JZ8M0C7K3TQ4B2N9XH5RGVWA
    """
    here.call(SERVICE, "revoke_key", {"command_id": here.new_command_id(), "id": id})
    here.say(f"Revoked {id}.")


def _keys(here: Here) -> Iterator[dict[str, Any]]:
    """Every key, page after page."""
    after = ""
    while True:
        page = here.call(SERVICE, "list_keys", {"after": after})
        yield from page["items"]
        if not page["has_next"]:
            return
        after = page["items"][-1]["id"]
