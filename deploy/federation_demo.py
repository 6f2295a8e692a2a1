"""`make run`: a small federation on this machine, formed with the operator's own commands.

The national coordinator, Yunnan and Gansu, each with its own folder, vhost, databases and
processes, on one mongod and one broker. What the first start makes is kept in the folder `var`.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import click
from rich.console import Console

from deploy.embedded import (
    StopSignal,
    launch_ground,
    stop_signal,
    wait_for_gateway,
    watch,
)
from deploy.programs import Program, ground_program, node_programs
from deploy.sample import write_samples
from deploy.shared_ground import SharedGround
from deploy.steps import Steps, print_what_can_be_printed
from deploy.supervision import Supervision
from hinterland.config import NODE_FILE, Settings, init_node
from hinterland.config.settings import ENVIRONMENT_PREFIX
from hinterland.errors import HinterlandError
from hinterland.ground import require_free, require_ports
from services.federation.contract import NotFederated

__all__ = ["main"]

FIRST_PORT: Final = 8000
DOOR_OFFSET: Final = 443
COORDINATOR: Final = "national"
FEDERATION: Final = "Hinterland demo"
SHOWN_CHARS_MAX: Final = 100
IMPORTED: Final = "sample-imported"

QUERY: Final = """\
{ ngos(search: "kunming", first: 5) { totalCount edges { node { name region city home } } } }"""


@dataclass(frozen=True)
class DemoNode:
    """One node of the demo, the `place`-th on its ports."""

    id: str
    region: str
    name: str
    place: int

    def ports(self, first_port: int) -> dict[str, int]:
        port = first_port + self.place
        return {"gateway_port": port, "door_port": port + DOOR_OFFSET}


NODES: Final = (
    DemoNode(COORDINATOR, "CN", "全国", 0),
    DemoNode("yunnan", "CN-YN", "云南", 1),
    DemoNode("gansu", "CN-GS", "甘肃", 2),
)


class Demo:
    """The three nodes under `var`, their gateways on `first_port` and the two after it."""

    def __init__(
        self, var: Path, first_port: int, environment: Mapping[str, str], steps: Steps
    ) -> None:
        self._var = var
        self._steps = steps
        self._ground = SharedGround.open(var / "ground", environment)
        self._ports = {node.id: node.ports(first_port) for node in NODES}
        self._settings = {node.id: self._open(node) for node in NODES}

    def run(self) -> None:
        """Runs until a signal; returns when everything has ended."""
        with stop_signal():
            try:
                self._run()
            except StopSignal:
                self._steps.say(
                    f"Stopped. The data is kept in {_near(self._var)}; `make run` goes on."
                )

    def _run(self) -> None:
        servers = self._ground.servers()
        folder = self._ground.folder
        ground = [ground_program(server, folder / "log", i) for i, server in enumerate(servers)]
        programs = [program for node in NODES for program in self._programs(node)]
        supervision = Supervision(folder / "run", folder / "log", [*ground, *programs])
        with supervision:
            for server in servers:
                require_ports(server, f"Stop that, or begin anew: delete {self._var}.")
            self._require_gateway_ports()
            launch_ground(supervision, servers, self._steps)
            for settings in self._settings.values():
                self._ground.admit(settings)
            with self._steps.step(f"Starting {len(programs)} processes of {len(NODES)} nodes"):
                supervision.launch(program.name for program in programs)
                for settings in self._settings.values():
                    wait_for_gateway(supervision, settings)
            self._form_federation()
            self._import_samples()
            self._greet()
            watch(supervision, self._steps)

    def _open(self, node: DemoNode) -> Settings:
        """The node's settings; at the first start its folder is made as `init` makes it."""
        directory = self._var / node.id
        if not (directory / NODE_FILE).exists():
            settings: dict[str, Any] = {
                **self._ground.settings_for(node.id),
                **self._ports[node.id],
            }
            init_node(directory, node.id, node.region, node.name, **settings)
        return Settings.load(directory, self._environment(node))

    def _environment(self, node: DemoNode) -> dict[str, str]:
        """The ports of this start, which may be others than those of the first."""
        ports = self._ports[node.id]
        return {f"{ENVIRONMENT_PREFIX}{key.upper()}": str(port) for key, port in ports.items()}

    def _programs(self, node: DemoNode) -> list[Program]:
        settings = self._settings[node.id]
        return node_programs(settings, f"{node.id}-", self._environment(node))

    def _require_gateway_ports(self) -> None:
        for settings in self._settings.values():
            for port in (settings.gateway_port, settings.door_port):
                purpose = f"the gateway of {settings.id}"
                remedy = "Stop that, or choose three other ports: make run PORT=9000"
                require_free(settings.gateway_host, port, purpose, remedy)

    def _form_federation(self) -> None:
        """Founds the federation and lets the others join, as far as that is not done already."""
        members = self._members()
        if members >= {node.id for node in NODES}:
            return
        with self._steps.step("Forming the federation"):
            if not members:
                self._hinterland(COORDINATOR, "federation", "create", FEDERATION)
            for node in NODES:
                if node.id not in members | {COORDINATOR}:
                    invitation = self._hinterland(COORDINATOR, "federation", "invite")
                    self._hinterland(node.id, "federation", "join", invitation.strip())

    def _members(self) -> set[str]:
        try:
            found = self._hinterland(COORDINATOR, "federation", "members", "--json")
        except DemoFailed as failure:
            if NotFederated.code in failure.message:
                return set()
            raise
        return {member["node"] for member in json.loads(found)}

    def _import_samples(self) -> None:
        """Invented NGOs for the two provinces, by the importer that an operator uses."""
        folder = self._var / "sample"
        waiting = [node for node in NODES if not (self._var / node.id / IMPORTED).exists()]
        if not waiting:
            return
        folder.mkdir(exist_ok=True)
        samples = write_samples(folder)
        for node in waiting:
            if node.region in samples:
                with self._steps.step(f"Importing the sample directory of {node.id}"):
                    self._hinterland(node.id, "import", "ngos", str(samples[node.region]))
            (self._var / node.id / IMPORTED).touch()

    def _hinterland(self, node: str, *command: str) -> str:
        """Runs what an operator would type, after showing it; returns what it prints."""
        folder = _near(self._var / node)
        shown = shlex.join(_near(part) if len(part) < SHOWN_CHARS_MAX else "…" for part in command)
        self._steps.say(f"$ hinterland --dir {folder} {shown}")
        done = subprocess.run(
            [sys.executable, "-P", "-m", "cli", "--dir", str(self._var / node), *command],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise DemoFailed(f"`hinterland {shown}` failed:\n{done.stderr.strip()}")
        return done.stdout

    def _greet(self) -> None:
        say = self._steps.say
        say("")
        for settings in self._settings.values():
            say(f"  {settings.id:<10} {settings.public_url}/graphql   {settings.name}")
        say("")
        say("Open one of them in a browser, or paste:")
        url = f"{self._settings['yunnan'].public_url}/graphql"
        say(f"  curl {url} -H 'Content-Type: application/json' \\")
        say(f"    -d '{json.dumps({'query': QUERY})}'")
        say("")
        say("Ctrl-C stops all of it.")


class DemoFailed(HinterlandError):
    """The demo federation could not be formed. The message of the command says why."""

    code = "DEMO_FAILED"


def _near(path: Path | str) -> str:
    """A path as one types it here; everything else as it is."""
    return str(path).replace(f"{Path.cwd()}{os.sep}", "")


def _take_environment() -> dict[str, str]:
    """Our variables, taken out of the environment: three nodes cannot share one node's."""
    ours = [key for key in os.environ if key.startswith(ENVIRONMENT_PREFIX)]
    return {key: os.environ.pop(key) for key in ours}


@click.command()
@click.option("--var", type=click.Path(file_okay=False, path_type=Path), default="var")
@click.option("--port", default=FIRST_PORT, show_default=True, help="The first of three ports.")
def main(var: Path, port: int) -> None:
    """Runs the demo federation in the foreground, until Ctrl-C."""
    print_what_can_be_printed()
    try:
        Demo(var.resolve(), port, _take_environment(), Steps(Console())).run()
    except HinterlandError as error:
        raise click.ClickException(str(error)) from error


if __name__ == "__main__":
    main()
