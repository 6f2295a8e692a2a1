"""Nodes whose room `federation` runs in this process, on a real database and a real broker.

Their doors are real too: HTTPS, with the node's own certificate. What crosses between nodes on the
feeds is carried by hand (`carry`), so that a test says what has arrived and what has not.
"""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from pymongo import MongoClient

from hinterland.batch import decode
from hinterland.config import Settings
from hinterland.errors import HinterlandError
from hinterland.feeds import FeedStore
from hinterland.identity import NodeKey, RootStatement
from hinterland.records import Positions, Published, Records, Room
from hinterland.replica import judge
from hinterland.testing import NewNode
from services.federation import handlers
from services.federation.contract import DOOR_PATH, KINDS, SERVICE, Admit, Create, Invite, Join
from services.federation.handlers import Here

ROOM = Room(SERVICE, KINDS)


@dataclass
class FederationNode:
    """One node: its records, and itself as its peers see it."""

    settings: Settings
    here: Here
    records: Records
    written: list[bytes] = field(default_factory=list)
    admitted: list[str] = field(default_factory=list)
    lost_answers: int = 0

    @property
    def store(self) -> FeedStore:
        return self.records.store

    def create(self, title: str = "China") -> dict[str, Any]:
        statement = RootStatement.issue(
            NodeKey.generate(),
            name="china",
            coordinator=self.here.node,
            key=self.here.key.public,
            issued_at="2026-01-31T08:05:00.000Z",
        )
        params = Create(command_id=uuid4().hex, title=title, statement=statement.text)
        return handlers.create(self.records, self.here, params, None)

    def invite(self, **params: Any) -> str:
        invite = Invite.model_validate({"command_id": uuid4().hex, **params})
        made = handlers.invite(self.records, self.here, invite, None)
        return str(made["invitation"])

    def join(self, invitation: str) -> dict[str, Any]:
        params = Join(command_id=uuid4().hex, invitation=invitation)
        return handlers.join(self.records, self.here, params, None)

    def admit(self, body: dict[str, Any]) -> dict[str, Any]:
        self.admitted.append(body["request"])
        return handlers.admit(self.records, self.here, Admit.model_validate(body))

    def arrange(self) -> None:
        handlers.arrange_links(self.records, self.here)

    def positions(self) -> tuple[int, int]:
        """How much this node has written: shared, private."""
        feed = f"{self.here.node}/{SERVICE}"
        return self.store.held_one(feed).n, self.store.held_one(f"{feed}/private").n

    def members(self) -> dict[str, dict[str, Any]]:
        found = handlers.members(self.records, self.here)["members"]
        return {member["node"]: member for member in found}

    def status(self, service: str) -> dict[str, Any]:
        """As `feed_status` would have it."""
        assert service in self.settings.services
        feeds = [
            {
                "feed": held.feed,
                "epoch": held.epoch,
                "n": held.n,
                "hash": held.hash,
                "digest": held.digest,
                "holes": held.hole_count,
                "quarantined": 0,
                "frozen": held.frozen,
                "needs_upgrade": False,
                "recover_to": None,
            }
            for held in (self.store.held() if service == SERVICE else [])
        ]
        return {"service": service, "feeds": feeds, "peers": [], "dropped": {}, "drops": []}

    def carry_to(self, other: FederationNode) -> None:
        """All batches that this node has shared, applied by another."""
        for frame in self.written:
            batch = decode(frame)
            if other.store.held_one(batch.header.feed).n >= batch.header.last:
                continue
            judged = [
                judge(batch.header, n, line, foreign_kinds=ROOM.foreign_kinds, check=ROOM.check)
                for n, line in enumerate(batch.payloads, batch.header.first)
            ]
            other.store.append(batch, judged)


class Door(BaseHTTPRequestHandler):
    """What the gateway's door does: passes a request on, and says how it went."""

    def __init__(self, node: FederationNode, *rest: Any) -> None:
        self.node = node
        super().__init__(*rest)

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        assert self.path == DOOR_PATH
        try:
            status, answer = 200, self.node.admit(body)
        except HinterlandError as error:
            status, answer = 409, {"error": {"message": error.message, "details": error.details}}
        if self.node.lost_answers:
            self.node.lost_answers -= 1
            return
        content = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing."""


class DoorServer(HTTPServer):
    """One at a time; whoever comes without a request, to look at the certificate, is let go."""

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Says nothing."""


@contextmanager
def open_door(node: FederationNode, certificate: Path, key: Path) -> Iterator[None]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server = DoorServer(("127.0.0.1", node.settings.door_port), partial(Door, node))
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def node(new_node: NewNode, mongo_uri: str) -> Iterator[Callable[..., FederationNode]]:
    """Makes nodes: `node("yunnan", "CN-YN")`. Their doors are closed until `open_door`."""
    with ExitStack() as stack:

        def make(id: str, region: str = "CN", **settings: Any) -> FederationNode:
            made = new_node(id, region, **settings)
            client = stack.enter_context(MongoClient(mongo_uri, tz_aware=True))
            here = Here.of(made)
            stack.callback(here.broker.close)
            written: list[bytes] = []
            return FederationNode(made, here, _records(made, client, written), written)

        yield make


def _records(settings: Settings, client: Any, written: list[bytes]) -> Records:
    store = FeedStore(
        client[settings.database(SERVICE)],
        node=settings.id,
        index=ROOM.index,
        check=ROOM.check,
        foreign_kinds=ROOM.foreign_kinds,
    )

    def publish(published: Published) -> None:
        if published.frame is not None:
            written.append(published.frame)

    records = Records(
        room=ROOM,
        node=settings.id,
        key=NodeKey.load(settings.key_path),
        store=store,
        positions=Positions(settings.positions_dir / f"{SERVICE}.json"),
        publish=publish,
    )
    records.open()
    return records


@pytest.fixture
def national(node: Callable[..., FederationNode]) -> Iterator[FederationNode]:
    """A coordinator whose door is open."""
    made = node("national", "CN")
    made.create()
    with open_door(made, made.settings.certificate_path, made.settings.certificate_key_path):
        yield made


@pytest.fixture
def gansu(node: Callable[..., FederationNode]) -> FederationNode:
    return node("gansu", "CN-GS")


@pytest.fixture
def yunnan(node: Callable[..., FederationNode]) -> FederationNode:
    return node("yunnan", "CN-YN")
