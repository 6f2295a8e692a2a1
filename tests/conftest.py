"""What all tests share: the servers of `hinterland.testing`, and no settings from outside."""

from __future__ import annotations

import os

import pytest

from hinterland.config.settings import ENVIRONMENT_PREFIX

pytest_plugins = ["hinterland.testing"]


def pytest_itemcollected(item: pytest.Item) -> None:
    """A file's tests run in one worker, unless they name another group: they share its servers."""
    if item.get_closest_marker("xdist_group") is None:
        item.add_marker(pytest.mark.xdist_group(str(item.path)))


@pytest.fixture(autouse=True, scope="session")
def _no_settings_from_outside() -> None:
    """A developer's own HINTERLAND_ variables do not reach the tests."""
    for key in [key for key in os.environ if key.startswith(ENVIRONMENT_PREFIX)]:
        del os.environ[key]
