"""`python -m hinterland.ground mongod` or `rabbitmq`: where the server is, else the remedy."""

from __future__ import annotations

import sys

import click

from hinterland.ground.mongod import find_mongod
from hinterland.ground.process import ServerMissing
from hinterland.ground.rabbitmq import find_rabbitmq

FIND = {"mongod": find_mongod, "rabbitmq": find_rabbitmq}


@click.command()
@click.argument("server", type=click.Choice(sorted(FIND)))
def main(server: str) -> None:
    """Prints the path of SERVER on this machine; if it is missing, what to do."""
    try:
        click.echo(FIND[server]())
    except ServerMissing as error:
        click.echo(error.message, err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
