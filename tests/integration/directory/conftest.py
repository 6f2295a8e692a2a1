"""Directories of several nodes on a real database, and what carries feeds between them."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.database import Database

from hinterland.actors import Actor
from hinterland.batch import decode
from hinterland.feeds import FeedStore
from hinterland.identity import NodeKey
from hinterland.records import Positions, Published, Records, Room
from hinterland.replica import judge
from hinterland.rooms.answers import KeptPerHead
from hinterland.testing import drop_databases, fresh_name
from services.directory import queries
from services.directory.contract import KINDS, SERVICE
from services.directory.contract.access import Scope
from services.directory.contract.calls import (
    GetNgos,
    GetSuggestions,
    ListNgos,
    RegisterNgo,
    SummariseNgos,
)
from services.directory.handlers import ngos, reading, suggestions
from services.directory.rules.index import index

ROOM = Room(SERVICE, KINDS, index)
SMALLEST = {"names": {"zh": "绿色流域"}, "region": "CN-YN", "causes": ["environment"]}


class Node:
    """One node's directory without its service: records, and an actor of each role."""

    def __init__(self, node: str, database: Database[dict[str, Any]], folder: Path) -> None:
        self.id = node
        self.published: list[Published] = []
        self.store = FeedStore(
            database, node=node, index=index, check=ROOM.check, foreign_kinds=ROOM.foreign_kinds
        )
        self.records = Records(
            room=ROOM,
            node=node,
            key=NodeKey.generate(),
            store=self.store,
            positions=Positions(folder / f"{node}.json"),
            publish=self.published.append,
        )
        self.records.open()
        self.records.collection.create_indexes(queries.INDEXES)
        self.totals = KeptPerHead()
        self._commands = itertools.count()

    def actor(self, *roles: str) -> Actor:
        return Actor(f"{self.id}.account.1", frozenset(roles), self.id)

    @property
    def staff(self) -> Actor:
        return self.actor("operator")

    def command(self) -> str:
        """A command id that no other command has."""
        return f"command-{next(self._commands):08d}"

    def register(self, scope: Scope = "public", **fields: Any) -> str:
        """Registers an NGO; returns its id."""
        params = RegisterNgo(command_id=self.command(), ngo={**SMALLEST, **fields}, scope=scope)
        return str(ngos.register_ngo(self.records, self.staff, params)["id"])

    def get(self, record_id: str, actor: Actor | None = None) -> Any:
        params = GetNgos(ids=[record_id])
        [item] = reading.get_ngos(self.records, actor or self.staff, params)["items"]
        return item

    def page(self, actor: Actor | None = None, **params: Any) -> dict[str, Any]:
        """A page; keyword arguments are those of ListNgos, others belong to its filter."""
        names = set(ListNgos.model_fields)
        wanted = {name: value for name, value in params.items() if name not in names}
        rest = {name: value for name, value in params.items() if name in names}
        listed = ListNgos.model_validate({"filter": wanted, **rest})
        return reading.list_ngos(self.records, self.totals, actor or self.staff, listed)

    def names(self, actor: Actor | None = None, **params: Any) -> list[str]:
        """The display names of a page."""
        return [next(iter(item["names"].values())) for item in self.page(actor, **params)["items"]]

    def summary(self, *by: str, **wanted: Any) -> dict[str, Any]:
        params = SummariseNgos.model_validate({"by": by, "filter": wanted})
        return reading.summarise_ngos(self.records, self.totals, self.staff, params)

    def suggestion(self, record_id: str) -> Any:
        params = GetSuggestions(ids=[record_id])
        return suggestions.get_suggestions(self.records, self.staff, params)["items"][0]

    def carry_to(self, *others: Node) -> None:
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
                        foreign_kinds=ROOM.foreign_kinds,
                        check=ROOM.check,
                    )
                    for number, line in enumerate(batch.payloads, start=header.first)
                ]
                other.store.append(batch, judged)


NewDirectory = Callable[[str], Node]


@pytest.fixture(scope="session")
def databases(mongo_uri: str) -> Iterator[Callable[[str], Database[dict[str, Any]]]]:
    """Databases by word, the same for a whole run: making the indexes is what takes time."""
    prefix = fresh_name()
    with MongoClient[dict[str, Any]](mongo_uri, tz_aware=True) as client:
        yield lambda word: client[f"{prefix}-{word}"]
    drop_databases(mongo_uri, prefix)


@pytest.fixture
def new_directory(
    databases: Callable[[str], Database[dict[str, Any]]], tmp_path: Path
) -> NewDirectory:
    """Makes an empty directory of one more node."""

    def make(node: str) -> Node:
        database = databases(node)
        for name in database.list_collection_names():
            database[name].delete_many({})
        return Node(node, database, tmp_path)

    return make


@pytest.fixture
def yunnan(new_directory: NewDirectory) -> Node:
    return new_directory("yunnan")


@pytest.fixture
def gansu(new_directory: NewDirectory) -> Node:
    return new_directory("gansu")
