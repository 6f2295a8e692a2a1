"""Rooms of several nodes on a real database, without their services; and what carries feeds."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

from pymongo import IndexModel
from pymongo.database import Database

from hinterland.actors import Actor
from hinterland.batch import decode
from hinterland.feeds import FeedStore
from hinterland.identity import NodeKey
from hinterland.records import Positions, Published, Records, Room
from hinterland.replica import judge

__all__ = ["RoomNode"]


class RoomNode:
    """One node's part of a room: its records, and an actor of each role."""

    def __init__(
        self,
        node: str,
        room: Room,
        indexes: list[IndexModel],
        database: Database[dict[str, Any]],
        folder: Path,
    ) -> None:
        self.id = node
        self.room = room
        self.published: list[Published] = []
        self.store = FeedStore(
            database,
            node=node,
            index=room.index,
            check=room.check,
            foreign_kinds=room.foreign_kinds,
            files=room.references,
        )
        self.records = Records(
            room=room,
            node=node,
            key=NodeKey.generate(),
            store=self.store,
            positions=Positions(folder / f"{node}.json"),
            publish=self.published.append,
        )
        self.records.open()
        self.records.collection.create_indexes(indexes)
        self._commands = itertools.count()

    def actor(self, *roles: str, account: str = "1") -> Actor:
        return Actor(f"{self.id}.account.{account}", frozenset(roles), self.id)

    @property
    def staff(self) -> Actor:
        return self.actor("operator")

    def command(self) -> str:
        """A command id that no other command has."""
        return f"command-{next(self._commands):08d}"

    def carry_to(self, *others: RoomNode) -> None:
        """Brings to other nodes what this one has published since the last time."""
        frames = [found.frame for found in self.published if found.frame is not None]
        self.published.clear()
        for frame in frames:
            batch = decode(frame)
            header = batch.header
            for other in others:
                judged = [
                    judge(
                        header,
                        number,
                        line,
                        foreign_kinds=self.room.foreign_kinds,
                        check=self.room.check,
                    )
                    for number, line in enumerate(batch.payloads, start=header.first)
                ]
                other.store.append(batch, judged)
