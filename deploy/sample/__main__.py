"""`python -m deploy.sample FOLDER`: writes the sample files, and says which."""

from __future__ import annotations

from pathlib import Path

import click

from deploy.sample import NOTICE, write_samples


@click.command(help="Write yunnan.csv and gansu.xlsx, files of invented NGOs, into FOLDER.")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
def main(folder: Path) -> None:
    click.echo(NOTICE)
    for path in write_samples(folder).values():
        click.echo(path)


if __name__ == "__main__":
    main()
