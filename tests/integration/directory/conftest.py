"""Directories of several nodes on a real database, and what carries feeds between them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from hinterland.actors import Actor
from hinterland.records import Room
from hinterland.rooms.answers import KeptPerHead
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
from tests.integration.rooms import RoomNode

ROOM = Room(SERVICE, KINDS, index)
SMALLEST = {"names": {"zh": "绿色流域"}, "region": "CN-YN", "causes": ["environment"]}


class Node(RoomNode):
    """One node's directory without its service."""

    def __init__(self, node: str, database: Database[dict[str, Any]], folder: Path) -> None:
        super().__init__(node, ROOM, queries.INDEXES, database, folder)
        self.totals = KeptPerHead()

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


NewDirectory = Callable[[str], Node]


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
