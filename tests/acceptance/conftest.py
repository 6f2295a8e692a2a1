"""Three nodes, each with its own broker, mongod and processes, for all tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.acceptance.nodes import Node, run_nodes


@pytest.fixture(scope="session")
def federation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Node]]:
    """National (coordinator), Yunnan and Gansu, joined."""
    folder = tmp_path_factory.mktemp("nodes")
    with run_nodes(folder, {"national": "CN", "yunnan": "CN-YN", "gansu": "CN-GS"}) as nodes:
        yield nodes
