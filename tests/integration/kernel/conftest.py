"""A little room of its own, so that the kernel is tested without any service."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel
from pymongo.database import Database

from hinterland.feeds import FeedStore
from hinterland.identity import NodeKey
from hinterland.kinds import Kind
from hinterland.records import Positions, Published, Records, Room


class Note(BaseModel):
    """A text, and a second one that nobody needs."""

    text: str
    more: str | None = None


NOTE = Kind("note", Note, frozenset({"private", "members", "public"}))
ROOM = Room("notes", {"note": NOTE}, lambda kind, body: {"text": body["text"]})

OpenRecords = Callable[..., Records]


@pytest.fixture
def published() -> list[Published]:
    return []


@pytest.fixture
def open_records(
    database: Database[dict[str, Any]], tmp_path: Path, published: list[Published]
) -> OpenRecords:
    """Opens the room's records; called again it is another instance, or the next start."""
    key = NodeKey.generate()

    def open_() -> Records:
        store = FeedStore(
            database,
            node="yunnan",
            index=ROOM.index,
            check=ROOM.check,
            foreign_kinds=ROOM.foreign_kinds,
        )
        records = Records(
            room=ROOM,
            node="yunnan",
            key=key,
            store=store,
            positions=Positions(tmp_path / "positions" / "notes.json"),
            publish=published.append,
        )
        records.open()
        return records

    return open_
