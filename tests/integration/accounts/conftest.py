"""The records of `accounts` on a real database."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from hinterland.actors import Actor
from hinterland.feeds import FeedStore
from hinterland.identity import NodeKey
from hinterland.records import Positions, Published, Records, Room
from services.accounts import queries, rules
from services.accounts.contract import KINDS, SERVICE

NODE = "yunnan"
OPERATOR = Actor("cli", frozenset({"operator"}), NODE)
COORDINATOR = Actor("cli", frozenset({"operator", "coordinator"}), NODE)
ROOM = Room(SERVICE, KINDS, rules.index)


@pytest.fixture
def published() -> list[Published]:
    """What was told after each commit."""
    return []


@pytest.fixture
def records(
    database: Database[dict[str, Any]], tmp_path: Path, published: list[Published]
) -> Records:
    store = FeedStore(
        database, node=NODE, index=ROOM.index, check=ROOM.check, foreign_kinds=ROOM.foreign_kinds
    )
    records = Records(
        room=ROOM,
        node=NODE,
        key=NodeKey.generate(),
        store=store,
        positions=Positions(tmp_path / "positions" / "accounts.json"),
        publish=published.append,
    )
    records.open()
    records.collection.create_indexes(queries.INDEXES)
    return records
