"""Nodes as an operator runs them: a folder, `hinterland up`, and the command line."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, TypeVar

import httpx

from cli.node import PORTS
from hinterland.config import Settings
from hinterland.ground import free_ports

__all__ = ["Node", "eventually", "link_to", "run_nodes"]

UP_LIMIT_S: Final = 180.0
STOP_LIMIT_S: Final = 120.0
COMMAND_LIMIT_S: Final = 180.0
EVENTUALLY_LIMIT_S: Final = 120.0
POLL_S: Final = 0.5

T = TypeVar("T")


def eventually(
    ask: Callable[[], T], holds: Callable[[T], bool], limit_s: float = EVENTUALLY_LIMIT_S
) -> T:
    """Asks until the answer holds; fails with the last answer when it never does."""
    give_up_at = time.monotonic() + limit_s
    while True:
        answer = ask()
        if holds(answer):
            return answer
        assert time.monotonic() < give_up_at, f"still after {limit_s} s: {answer!r:.3000}"
        time.sleep(POLL_S)


class Node:
    """One node in a folder of its own, with a broker and a mongod of its own."""

    def __init__(self, folder: Path, node: str, region: str) -> None:
        self.id = node
        self.folder = folder / node
        self.region = region
        self._up: subprocess.Popen[bytes] | None = None
        self._key = ""

    @property
    def settings(self) -> Settings:
        return Settings.load(self.folder)

    def init(self) -> None:
        """Makes the node's folder, with ports that nobody else has; peers come over TLS."""
        settings = (*PORTS, "broker_tls_port")
        ports = zip(settings, free_ports(len(settings)), strict=True)
        chosen = [word for name, port in ports for word in ("--set", f"{name}={port}")]
        self.cli("init", self.id, "--region", self.region, "--name", self.id, *chosen)

    def cli(self, *arguments: str, exits: Iterable[int] = (0,)) -> str:
        """Standard output of `hinterland --dir … arguments`, which must exit as told."""
        done = subprocess.run(
            [sys.executable, "-m", "cli", "--dir", str(self.folder), *arguments],
            capture_output=True,
            text=True,
            timeout=COMMAND_LIMIT_S,
            check=False,
        )
        assert done.returncode in exits, f"{arguments}: {done.returncode}\n{done.stderr}"
        return done.stdout

    def start(self) -> None:
        """Starts `up` and returns; `wait_until_ready` waits for it."""
        with (self.folder / "up.log").open("ab") as log:
            self._up = subprocess.Popen(
                [sys.executable, "-m", "cli", "--dir", str(self.folder), "up"],
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )

    def wait_until_ready(self) -> None:
        def ready() -> int:
            assert self._up is not None
            assert self._up.poll() is None, (self.folder / "up.log").read_text()
            try:
                return httpx.get(f"{self.url}/readyz", trust_env=False).status_code
            except httpx.TransportError:
                return 0

        eventually(ready, lambda status: status == 200, UP_LIMIT_S)

    def stop(self) -> None:
        self.begin_to_stop()
        if self._up is not None:
            self._up.wait(STOP_LIMIT_S)
            self._up = None

    def begin_to_stop(self) -> None:
        if self._up is not None:
            self._up.send_signal(signal.SIGINT)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.settings.gateway_port}"

    def supervisor(self, *arguments: str) -> str:
        """What `supervisorctl` of this node says."""
        config = self.settings.run_dir / "supervisord.conf"
        return subprocess.run(
            [sys.executable, "-m", "supervisor.supervisorctl", "-c", str(config), *arguments],
            capture_output=True,
            text=True,
            timeout=COMMAND_LIMIT_S,
            check=False,
        ).stdout

    def kill(self, program: str) -> None:
        """`kill -9` of one of the node's processes, which supervisord then starts again."""
        pid = int(self.supervisor("pid", program))
        os.kill(pid, signal.SIGKILL)

    def key(self) -> str:
        """An API key with the role moderator, made once."""
        if not self._key:
            made = self.cli("key", "create", "tests", "--role", "moderator")
            self._key = next(word for word in made.split() if word.startswith("hk_"))
        return self._key

    def graphql(self, query: str, key: str = "", **variables: Any) -> dict[str, Any]:
        """The data of an answer that has no errors."""
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        answer = httpx.post(
            f"{self.url}/graphql",
            json={"query": query, "variables": variables},
            headers=headers,
            timeout=60,
            trust_env=False,
        ).json()
        assert "errors" not in answer, answer["errors"]
        return dict(answer["data"])

    def status(self) -> dict[str, Any]:
        return dict(json.loads(self.cli("status", "--json", exits=(0, 3))))

    def total(self) -> int:
        """How many NGOs this node knows of."""
        return int(self.graphql("{ ngos(first: 1) { totalCount } }")["ngos"]["totalCount"])

    def join(self, coordinator: Node) -> None:
        lines = coordinator.cli("federation", "invite").split()
        invitation = next(word for word in lines if word.startswith("hinterland:"))
        self.cli("federation", "join", invitation)


def link_to(node: Node, peer: str) -> dict[str, Any]:
    """What `hinterland status` says about the link over which `node` hears `peer`."""
    links = {link["peer"]: link for link in node.status()["links"] or []}
    return dict(links.get(peer, {"status": "none", "error": ""}))


@contextmanager
def run_nodes(folder: Path, regions: dict[str, str]) -> Any:
    """Starts nodes `{id: region}` at once, forms a federation of them, and stops them at the end.

    The first one coordinates.
    """
    nodes = [Node(folder, node, region) for node, region in regions.items()]
    try:
        for node in nodes:
            node.init()
            node.start()
        for node in nodes:
            node.wait_until_ready()
        coordinator, *others = nodes
        root_key = str(folder / "root.key")
        coordinator.cli("federation", "create", "Tests", "--root-key", root_key)
        for node in others:
            node.join(coordinator)
        yield nodes
    finally:
        for node in nodes:
            node.begin_to_stop()
        for node in nodes:
            node.stop()
