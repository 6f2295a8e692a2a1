"""npm packages that tests ask, each pinned by the package-lock.json of its folder."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

import pytest

from gateway.graphiql import npm

__all__ = ["installed"]

TESTS: Final = Path(__file__).parent


def installed(name: str, factory: pytest.TempPathFactory) -> Path:
    """A copy of the folder `name` of tests, with its packages."""
    folder = factory.mktemp(name) / name
    shutil.copytree(TESTS / name, folder, ignore=shutil.ignore_patterns("node_modules"))
    npm.install(folder)
    return folder
