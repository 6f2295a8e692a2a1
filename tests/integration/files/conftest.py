"""A room with photos, on nodes of its own: real databases, no broker, time in the tests' hands."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel
from pymongo import MongoClient

from hinterland.feeds import FeedStore
from hinterland.files.library import Library
from hinterland.files.prepared import Prepared
from hinterland.files.reference import FileReference
from hinterland.identity import NodeKey
from hinterland.kinds import Kind
from hinterland.records import Changes, Positions, Published, Records, Room


class Report(BaseModel):
    text: str
    files: list[FileReference] = []


COMMANDS = count()
SCOPES = frozenset({"private", "members", "public"})
ROOM = Room("map", {"report": Kind("report", Report, SCOPES)})


@dataclass
class Clock:
    """A clock that stands still until it is told to go on."""

    now: datetime = datetime(2026, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


def prepared(content: bytes) -> Prepared:
    """A file as if it had been prepared, without looking into it."""
    return Prepared(content, hashlib.sha256(content).hexdigest(), "application/octet-stream")


def reference(content: bytes) -> dict[str, Any]:
    return FileReference.of(prepared(content)).model_dump(exclude_none=True)


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@dataclass
class Node:
    """One node's side of the room."""

    name: str
    key: NodeKey
    store: FeedStore
    records: Records
    published: list[Published]

    @property
    def library(self) -> Library:
        return self.store.library

    def report(
        self,
        *contents: bytes,
        upload: bool = True,
        scope: str = "public",
        record_id: str | None = None,
    ) -> str:
        """Upload files and write a report that refers to them; returns its id."""
        if upload:
            for content in contents:
                self.library.add(prepared(content))
        body = {"text": "x", "files": [reference(content) for content in contents]}
        result = self.run(lambda changes: {"id": changes.put("report", body, scope, record_id)})
        return str(result["id"])

    def erase(self, record_id: str) -> None:
        def handler(changes: Changes) -> dict[str, Any]:
            changes.erase(record_id)
            return {}

        self.run(handler)

    def delete(self, record_id: str) -> None:
        def handler(changes: Changes) -> dict[str, Any]:
            changes.delete(record_id)
            return {}

        self.run(handler)

    def run(self, handler: Callable[[Changes], dict[str, Any]]) -> dict[str, Any]:
        return self.records.execute(f"{self.name}-{next(COMMANDS)}", None, handler)

    def holds(self, content: bytes) -> bool:
        body = self.library.open(sha256(content))
        return body is not None and b"".join(self.library.stream(body)) == content

    def bytes_left(self) -> int:
        """Bytes of any body, part or upload in the database."""
        return sum(len(each["data"]) for each in self.library.bodies.chunks.find())


OpenNode = Callable[..., Node]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def open_node(
    mongo_uri: str, database_prefix: str, tmp_path: Path, clock: Clock
) -> Iterator[OpenNode]:
    """Opens a node by its name; called again with the same name it is the next start."""
    keys: dict[str, NodeKey] = {}
    with MongoClient[dict[str, Any]](mongo_uri, tz_aware=True) as client:

        def open_(name: str = "yunnan", **options: Any) -> Node:
            key = keys.setdefault(name, NodeKey.generate())
            database = client[f"{database_prefix}_{name}"]
            store = FeedStore(
                database,
                node=name,
                index=ROOM.index,
                check=ROOM.check,
                foreign_kinds=ROOM.foreign_kinds,
                files=ROOM.references,
                clock=clock,
            )
            if options:
                store.library = Library(database, node=name, clock=clock, **options)
            published: list[Published] = []
            records = Records(
                room=ROOM,
                node=name,
                key=key,
                store=store,
                positions=Positions(tmp_path / name / "map.json"),
                publish=published.append,
                clock=clock,
            )
            records.open()
            return Node(name, key, store, records, published)

        yield open_


@pytest.fixture
def node(open_node: OpenNode) -> Node:
    return open_node()
