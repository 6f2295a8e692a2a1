"""`make run`, as a newcomer meets it: three nodes, a sample directory, one query to paste."""

from __future__ import annotations

import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import orjson
import pytest

from deploy.federation_demo import DOOR_OFFSET, NODES
from deploy.sample import NGOS_PER_PROVINCE
from hinterland.ground import free_ports
from hinterland.ground.ports import is_free
from hinterland.ground.process import poll
from tests.acceptance.foreground import Foreground, hinterland, processes_of

LIMIT_S = 120.0
READY = "Ctrl-C stops all of it."
COUNT = {"query": "{ ngos { totalCount } }"}


def first_port() -> int:
    """A port that is free together with all others that the demo takes from it on."""
    while True:
        (port,) = free_ports(1)
        wanted = [port + offset + place for offset in (0, DOOR_OFFSET) for place in range(3)]
        if all(is_free("127.0.0.1", each) for each in wanted):
            return port


class Demo:
    """The folder and the ports of one `make run`."""

    def __init__(self, var: Path) -> None:
        self.var = var
        self.port = first_port()

    def run(self) -> Foreground:
        arguments = ["--var", str(self.var), "--port", str(self.port)]
        command = [sys.executable, "-P", "-m", "deploy.federation_demo", *arguments]
        return Foreground(command, self.var.with_suffix(".out"))

    def ngos_at(self, place: int) -> int:
        answer = httpx.post(f"http://127.0.0.1:{self.port + place}/graphql", json=COUNT)
        return int(answer.json()["data"]["ngos"]["totalCount"])

    def in_step(self, node: str) -> bool:
        status = hinterland(self.var / node, "status", "--json")
        return status.returncode == 0 and bool(orjson.loads(status.stdout)["in_step"])


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    return Demo(tmp_path_factory.mktemp("demo") / "var")


@pytest.fixture(scope="module")
def running(demo: Demo) -> Iterator[Foreground]:
    """The first start; the last test stops it."""
    with demo.run() as command:
        command.wait_for(READY)
        yield command


def test_every_node_comes_to_hold_every_ngo(demo: Demo, running: Foreground) -> None:
    """What was imported at one node is answered by all three from their own disks."""
    everything = sum(NGOS_PER_PROVINCE.values())

    for place, node in enumerate(NODES):
        poll(lambda at=place: demo.ngos_at(at) == everything, lambda: True, node.id, LIMIT_S)  # type: ignore[misc]


def test_every_node_is_equal_to_every_home(demo: Demo, running: Foreground) -> None:
    """`hinterland status` of each node exits with 0: nothing is behind, every digest is equal."""
    for node in NODES:
        poll(lambda id=node.id: demo.in_step(id), lambda: True, f"{node.id} in step", LIMIT_S)  # type: ignore[misc]


def test_the_query_to_paste_works_as_printed(running: Foreground) -> None:
    """A newcomer who pastes what he sees gets NGOs of Kunming."""
    printed = running.printed.replace("\\\n", " ")
    (command,) = re.findall(r"^ *(curl .*)$", printed, re.MULTILINE)
    answer = subprocess.run(
        [*shlex.split(command), "--silent"], capture_output=True, check=True, timeout=LIMIT_S
    )

    found = orjson.loads(answer.stdout)["data"]["ngos"]
    assert found["totalCount"] > 0
    assert {edge["node"]["home"] for edge in found["edges"]} == {"yunnan"}


def test_the_readme_shows_what_happens(demo: Demo, running: Foreground) -> None:
    """The README's query returns, byte for byte, what the README says."""
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    (command, expected) = re.findall(r"^\$ (curl (?:.*\\\n)*.*)\n(\{.*\})$", readme, re.MULTILINE)[
        0
    ]
    here = command.replace("\\\n", " ").replace(":8002/", f":{demo.port + 2}/")
    poll(lambda: demo.ngos_at(2) == sum(NGOS_PER_PROVINCE.values()), lambda: True, "all", LIMIT_S)
    answer = subprocess.run(
        [*shlex.split(here), "--silent"], capture_output=True, check=True, timeout=LIMIT_S
    )

    assert answer.stdout.decode() == expected


def test_a_port_that_is_taken_is_named_with_the_remedy(demo: Demo, running: Foreground) -> None:
    """A second `make run` on the same ports says what to type instead."""
    other = Demo(demo.var.with_name("other"))
    other.port = demo.port
    with other.run() as second:
        assert second.process.wait(LIMIT_S) == 1

    assert f"Port {demo.port}" in second.printed
    assert "make run PORT=" in second.printed


def test_a_second_start_goes_on_where_the_first_ended(demo: Demo, running: Foreground) -> None:
    """Ctrl-C ends every process and keeps the data; nothing is formed or imported again."""
    assert running.stop(signal.SIGINT) == 0
    assert processes_of(demo.var) == {}

    with demo.run() as again:
        again.wait_for(READY)
        assert "federation create" not in again.printed
        assert "import ngos" not in again.printed
        assert demo.ngos_at(0) == sum(NGOS_PER_PROVINCE.values())
