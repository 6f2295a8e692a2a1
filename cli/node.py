"""Making a node and running it: `init`, `up`."""

from __future__ import annotations

from typing import Any, Final

import click

from cli.here import Here, with_here
from deploy.embedded import run_node
from deploy.steps import Steps
from hinterland.config import Settings, init_node
from hinterland.ground.ports import next_free

__all__ = ["init", "up"]

EVERYWHERE: Final = "0.0.0.0"
BROKER_TLS_PORT: Final = 5771
PORTS: Final = (
    "mongo_port",
    "broker_port",
    "broker_management_port",
    "broker_distribution_port",
    "broker_epmd_port",
    "gateway_port",
    "door_port",
)


@click.command()
@click.argument("node", metavar="ID")
@click.option("--region", required=True, help="What it serves, ISO 3166-2: CN-YN, or CN.")
@click.option("--name", default="", help="The name shown to people; it can be changed.")
@click.option(
    "--host",
    default="",
    help="The name or address under which other nodes reach this machine. With it the broker and "
    "the door for joining nodes listen to the network, over TLS; without it, to this machine only.",
)
@click.option(
    "--set",
    "assignments",
    multiple=True,
    metavar="SETTING=VALUE",
    help="Any other setting of docs/settings.md; may be repeated.",
)
@with_here
def init(
    here: Here, node: str, region: str, name: str, host: str, assignments: tuple[str, ...]
) -> None:
    """Makes the folder of a new node: its settings, its key, its certificate.

    ID is the node's name for ever: small letters, digits and dashes. Ports that are taken on this
    machine are replaced by the next free ones.

    \b
    Examples:
      hinterland --dir ~/yunnan init yunnan --region CN-YN --name 云南
      hinterland --dir ~/gansu init gansu --region CN-GS --host hub.gansu.example.org
      hinterland --dir ~/gansu init gansu --region CN-GS --set gateway_port=9000
    """
    settings: dict[str, Any] = dict(_assignment(text) for text in assignments)
    if host:
        settings.setdefault("public_host", host)
        settings.setdefault("door_host", EVERYWHERE)
        settings.setdefault("broker_tls_host", EVERYWHERE)
        settings.setdefault("broker_tls_port", next_free(BROKER_TLS_PORT))
    for setting in PORTS:
        wanted = Settings.model_fields[setting].default
        if setting not in settings and (port := next_free(wanted)) != wanted:
            settings[setting] = port
            here.say(f"Port {wanted} is taken, so {setting} is {port}.")
    made = init_node(here.folder, node, region, name, **settings)
    here.say(f"Made the node {made.id} ({made.name}, {made.region}) in {made.dir}.")
    here.say(f"Keep {made.key_path.name} safe: who holds it writes as {made.id}.")
    here.say(f"Start it with `hinterland --dir {here.folder} up`.")


@click.command()
@with_here
def up(here: Here) -> None:
    """Runs the node in the foreground, until Ctrl-C or SIGTERM.

    It starts a mongod and a RabbitMQ of its own, unless the settings name others, then the
    services and the gateway. A process that ends is started again. The data is kept.

    \b
    Examples:
      hinterland --dir ~/yunnan up
      HINTERLAND_MONGO_URI='mongodb://db/?replicaSet=rs0' hinterland --dir ~/yunnan up
    """
    run_node(here.settings, Steps(here.progress))


def _assignment(text: str) -> tuple[str, Any]:
    key, sign, value = text.partition("=")
    if not sign:
        raise click.BadParameter(f"{text!r} is not SETTING=VALUE", param_hint="--set")
    key = key.strip()
    return key, ([part.strip() for part in value.split(",")] if key == "services" else value)
