"""A small gazetteer, made of a sample of its sources."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from services.map.gazetteer import Gazetteer
from tests.unit.map.sample_places import build


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gazetteer]:
    gazetteer = Gazetteer.open(build(tmp_path_factory.mktemp("gazetteer") / "sample.sqlite"))
    yield gazetteer
    gazetteer.close()
