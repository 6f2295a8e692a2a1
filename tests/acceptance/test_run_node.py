"""One node, as its operator runs it: `init`, `up`, `status`, and what may happen to it."""

from __future__ import annotations

import os
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from hinterland.config import Settings
from hinterland.ground import free_ports
from hinterland.ground.ports import answers
from hinterland.ground.process import poll
from tests.acceptance.foreground import Foreground, hinterland, processes_of

PORTS = (
    "mongo_port",
    "broker_port",
    "broker_management_port",
    "broker_distribution_port",
    "broker_epmd_port",
    "gateway_port",
    "door_port",
)
SERVICES = ("directory", "map", "accounts", "federation")
LIMIT_S = 60.0


def up(folder: Path) -> Foreground:
    command = [sys.executable, "-P", "-m", "cli", "--dir", str(folder), "up"]
    return Foreground(command, folder.with_suffix(".out"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a node that stands alone, with servers of its own."""
    folder = tmp_path_factory.mktemp("node") / "yunnan"
    ports = zip(PORTS, free_ports(len(PORTS)), strict=True)
    assignments = [part for name, port in ports for part in ("--set", f"{name}={port}")]
    made = hinterland(folder, "init", "yunnan", "--region", "CN-YN", *assignments)
    assert made.returncode == 0, made.stderr
    return folder


@pytest.fixture(scope="module")
def node(folder: Path) -> Iterator[Foreground]:
    """The node, up; the last test stops it."""
    with up(folder) as running:
        running.wait_for("Ctrl-C stops it.")
        yield running


def status(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = orjson.loads(hinterland(folder, "status", "--json").stdout)
    return found


def test_a_node_that_is_not_running_says_how_to_start_it(folder: Path) -> None:
    """`status` of a stopped node fails with the remedy."""
    answer = hinterland(folder, "status")

    assert answer.returncode == 1
    assert f"hinterland --dir {folder} up" in answer.stderr


def test_a_taken_port_is_reported_with_the_remedy(folder: Path) -> None:
    """A node whose gateway's port is taken does not start half."""
    port = Settings.load(folder).gateway_port
    with socket.create_server(("127.0.0.1", port)), up(folder) as node:
        assert node.process.wait(LIMIT_S) == 1

    assert f"Port {port}" in node.printed
    assert "set gateway_port" in node.printed
    assert processes_of(folder) == {}


def test_a_node_that_is_up_is_in_step(folder: Path, node: Foreground) -> None:
    """`status` of a running node names what is up."""
    found = status(folder)

    assert found["troubles"] == []
    assert {*SERVICES, "gateway"} == {each["service"] for each in found["services"] if each["up"]}


def test_a_killed_service_is_started_again(folder: Path, node: Foreground) -> None:
    """`kill -9` of a service is repaired without the operator, and reported."""
    (killed,) = (
        pid
        for pid, command in processes_of(folder).items()
        if "hinterland.serve accounts" in command
    )
    os.kill(killed, signal.SIGKILL)

    node.wait_for("accounts was started again.")
    poll(lambda: bool(status(folder)["in_step"]), lambda: True, "a node in step", LIMIT_S)


def test_a_running_node_is_not_started_twice(folder: Path, node: Foreground) -> None:
    """A second `up` says that the node runs, and leaves it alone."""
    second = hinterland(folder, "up")

    assert second.returncode == 1
    assert "running already" in second.stderr
    assert status(folder)["in_step"]


def test_a_node_keeps_its_data_and_leaves_no_process_behind(folder: Path, node: Foreground) -> None:
    """Neither Ctrl-C nor `kill -9` of `up` loses what was written, or leaves a process."""
    made = hinterland(folder, "key", "create", "Map app", "--role", "partner")
    assert made.stdout.startswith("hk_yunnan_")
    assert len(processes_of(folder)) > len(SERVICES)

    assert node.stop(signal.SIGINT) == 0
    assert processes_of(folder) == {}
    assert not any(answers("127.0.0.1", port) for port in ports_of(folder))

    with up(folder) as again:
        again.wait_for("Ctrl-C stops it.")
        keys = orjson.loads(hinterland(folder, "key", "list", "--json").stdout)
        assert [key["name"] for key in keys] == ["Map app"]
        again.process.kill()
        again.process.wait()
        poll(lambda: not processes_of(folder), lambda: True, "the end of all", LIMIT_S)


def ports_of(folder: Path) -> list[int]:
    settings = Settings.load(folder)
    return [getattr(settings, name) for name in PORTS]
