"""A gateway as a process, without any service beside it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from gateway.graphiql import npm
from hinterland.config import Settings
from hinterland.config.certificate import fingerprint
from hinterland.pinned import post_json
from hinterland.testing import NewNode
from services.federation.contract import DOOR_PATH
from tests import node
from tests.integration.gateway.processes import GatewayProcess

AUDIT_S_MAX = 120
LIMIT_S = 30


@pytest.fixture
def settings(new_node: NewNode) -> Settings:
    return new_node("yunnan")


@pytest.fixture
def gateway(settings: Settings, tmp_path: Path) -> Iterator[GatewayProcess]:
    gateway = GatewayProcess(settings, tmp_path / "gateway.log")
    gateway.wait_until("/healthz")
    yield gateway
    gateway.kill()


@pytest.fixture(scope="session")
def audits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The npm package graphql-http, as tests/graphql_http/package-lock.json pins it."""
    return node.installed("graphql_http", tmp_path_factory)


def test_no_audit_of_graphql_over_http_fails(gateway: GatewayProcess, audits: Path) -> None:
    """The specification's own, all of them: MUST, SHOULD and MAY."""
    run = subprocess.run(
        ["node", "audit.js", gateway.url],
        cwd=audits,
        env=npm.with_node(),
        check=True,
        capture_output=True,
        timeout=AUDIT_S_MAX,
    )
    results = json.loads(run.stdout)

    assert len(results) > 50
    assert [result for result in results if result["status"] != "ok"] == []


def test_a_gateway_without_services_lives_and_is_not_ready(gateway: GatewayProcess) -> None:
    """Nobody restarts it, and nobody sends it requests."""
    gateway.wait_until("/readyz", 503)

    assert httpx.get(f"http://{gateway.address}/healthz").json() == {"healthy": True}
    assert httpx.get(f"http://{gateway.address}/readyz").json() == {
        "ready": False,
        "services": dict.fromkeys(gateway.settings.services, "UNAVAILABLE"),
    }


def test_a_gateway_stops_when_it_is_told_to(gateway: GatewayProcess) -> None:
    """With 0, and without a traceback."""
    assert gateway.stop() == 0
    assert "Traceback" not in gateway.log.read_text()


def test_a_gateway_that_stops_says_so_to_whoever_listens(gateway: GatewayProcess) -> None:
    """Client libraries then connect again."""
    address = gateway.url.replace("http", "ws")
    with connect(address, subprotocols=[Subprotocol("graphql-transport-ws")]) as socket:
        socket.send(json.dumps({"type": "connection_init"}))
        assert json.loads(socket.recv(LIMIT_S)) == {"type": "connection_ack"}
        assert gateway.stop() == 0
        with pytest.raises(ConnectionClosed) as closed:
            socket.recv(LIMIT_S)

    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1012
    assert "Traceback" not in gateway.log.read_text()


def test_the_door_shows_the_certificate_that_invitations_pin(gateway: GatewayProcess) -> None:
    """Its answer has the form that a joining node reads."""
    settings = gateway.settings
    pinned = fingerprint(settings.certificate_path.read_bytes())
    answer = post_json(settings.door_host, settings.door_port, DOOR_PATH, {}, pinned)

    assert answer.status == 503
    assert answer.content["error"]["details"]["code"] == "UNAVAILABLE"


def test_a_gateway_that_cannot_listen_says_so_and_ends(
    gateway: GatewayProcess, tmp_path: Path
) -> None:
    """The process manager then tells the operator."""
    second = GatewayProcess(gateway.settings, tmp_path / "second.log")

    assert second.process.wait(30) != 0
    assert "address already in use" in second.log.read_text()


def test_settings_that_are_missing_are_explained(tmp_path: Path) -> None:
    """No traceback for a folder that holds no node."""
    command = [sys.executable, "-m", "gateway", "--dir", str(tmp_path)]
    run = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)

    assert run.returncode == 2
    assert "holds no node" in run.stderr


def test_any_web_page_may_ask(gateway: GatewayProcess) -> None:
    """A partner's app in a browser, with a key and the head that it has seen."""
    origin = {"Origin": "https://partner.example"}
    preflight = httpx.options(
        gateway.url,
        headers={
            **origin,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization,content-type,hinterland-head",
        },
    )
    answer = httpx.post(gateway.url, json={"query": "{ viewer { node } }"}, headers=origin)

    assert preflight.status_code == 200
    assert preflight.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in preflight.headers
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "Hinterland-Head" in answer.headers["access-control-expose-headers"]
