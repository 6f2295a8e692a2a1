"""What all tests share: the servers of `hinterland.testing`, and no settings from outside."""

from __future__ import annotations

import os
from typing import Any, Final

import pytest
from xdist.scheduler import LoadFileScheduling

from hinterland.config.settings import ENVIRONMENT_PREFIX

pytest_plugins = ["hinterland.testing"]


# They share three running nodes.
FEDERATION: Final = frozenset(
    f"tests/acceptance/test_{name}.py" for name in ("links", "replication", "rogue_member")
)


class Together(LoadFileScheduling):
    """A file's tests run in one process, one after the other, and so do files that share servers.

    Groups that take long begin first: acceptance, by its name.
    """

    def _split_scope(self, nodeid: str) -> str:
        file = str(super()._split_scope(nodeid))
        return "federation" if file in FEDERATION else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Together:
    return Together(config, log)


@pytest.fixture(autouse=True, scope="session")
def _no_settings_from_outside() -> None:
    """A developer's own HINTERLAND_ variables do not reach the tests."""
    for key in [key for key in os.environ if key.startswith(ENVIRONMENT_PREFIX)]:
        del os.environ[key]
