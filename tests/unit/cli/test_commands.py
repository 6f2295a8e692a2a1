"""Commands that need no running node: what they make, refuse and exit with."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cli.main import main
from hinterland.config import Settings
from hinterland.ground.ports import is_free


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for key in Settings.model_fields:
        monkeypatch.delenv(f"HINTERLAND_{key.upper()}", raising=False)


def hinterland(folder: Path, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["--dir", str(folder), *arguments])


def init(folder: Path, *arguments: str) -> Result:
    return hinterland(folder, "init", "yunnan", "--region", "CN-YN", *arguments)


def test_init_makes_a_node_that_keeps_to_its_machine(tmp_path: Path) -> None:
    """Without --host nothing listens to the network."""
    assert init(tmp_path, "--name", "云南").exit_code == 0

    made = Settings.load(tmp_path)
    assert (made.id, made.region, made.name) == ("yunnan", "CN-YN", "云南")
    assert (made.gateway_host, made.door_host, made.broker_tls_port) == (
        "127.0.0.1",
        "127.0.0.1",
        0,
    )


def test_a_host_opens_the_door_and_the_broker_over_tls(tmp_path: Path) -> None:
    """With --host peers can come in, and only over TLS."""
    init(tmp_path, "--host", "hub.example.org")

    made = Settings.load(tmp_path)
    assert made.public_host == "hub.example.org"
    assert (made.door_host, made.broker_tls_host) == ("0.0.0.0", "0.0.0.0")
    assert made.amqp_public_uri.startswith("amqps://hub.example.org:")


def test_init_goes_around_ports_that_are_taken(tmp_path: Path) -> None:
    """A node beside another one gets the next free ports, and says so."""
    taken = Settings.model_fields["gateway_port"].default
    with ExitStack() as listeners:
        if is_free("127.0.0.1", taken):
            listeners.enter_context(socket.create_server(("127.0.0.1", taken)))
        made = init(tmp_path)

    assert f"Port {taken} is taken" in made.output
    assert Settings.load(tmp_path).gateway_port > taken


def test_init_takes_any_setting(tmp_path: Path) -> None:
    """--set writes what docs/settings.md lists."""
    init(tmp_path, "--set", "gateway_port=9123", "--set", "services=directory, accounts")

    made = Settings.load(tmp_path)
    assert made.gateway_port == 9123
    assert made.services == ("directory", "accounts")


@pytest.mark.parametrize(
    ("arguments", "exit_code", "words"),
    [
        (("init", "Yunnan", "--region", "CN-YN"), 1, "BAD_SETTINGS"),
        (("init", "yunnan", "--region", "Yunnan"), 1, "ISO 3166-2"),
        (("init", "yunnan", "--region", "CN-YN", "--set", "gatway_port=1"), 1, "gateway_port"),
        (("init", "yunnan", "--region", "CN-YN", "--set", "port"), 2, "SETTING=VALUE"),
        (("init", "yunnan"), 2, "--region"),
        (("up",), 1, "NO_NODE_HERE"),
        (("status",), 1, "hinterland --dir"),
        (("import", "ngos"), 2, "--undo"),
        (("import", "ngos", "--undo", "x", "--region", "yn"), 2, "ISO 3166-2"),
        (("statos",), 2, "statos"),
    ],
)
def test_a_command_that_fails_says_why_and_what_to_do(
    tmp_path: Path, arguments: tuple[str, ...], exit_code: int, words: str
) -> None:
    """1 for what failed, 2 for what was not understood; the message names the remedy."""
    result = hinterland(tmp_path, *arguments)

    assert result.exit_code == exit_code
    assert words in result.output


def test_a_stopped_node_is_reported_as_such(tmp_path: Path) -> None:
    """Commands that need the node say how to start it."""
    init(tmp_path)

    result = hinterland(tmp_path, "key", "list")
    assert result.exit_code == 1
    assert f"hinterland --dir {tmp_path} up" in result.output


def every_command() -> list[tuple[str, ...]]:
    found: list[tuple[str, ...]] = []
    for name, command in main.commands.items():
        members = getattr(command, "commands", {})
        found += [(name, member) for member in members] or [(name,)]
    return found


@pytest.mark.parametrize("command", every_command(), ids=" ".join)
def test_every_command_shows_an_example(tmp_path: Path, command: tuple[str, ...]) -> None:
    """Help texts end with what one would type."""
    shown = hinterland(tmp_path, *command, "--help").output

    assert f"{' '.join(command)}" in shown.partition("Example")[2]


def test_a_terminal_that_lacks_a_sign_gets_another_one() -> None:
    """Help with Chinese in it is printed on a terminal that knows Latin letters alone."""
    printed = subprocess.run(
        [sys.executable, "-P", "-m", "cli", "--help"],
        env={**os.environ, "PYTHONIOENCODING": "latin-1"},
        capture_output=True,
        check=True,
    )

    assert b"--name ??" in printed.stdout
