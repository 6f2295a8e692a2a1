"""Maps of several nodes on a real database."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from hinterland.actors import Actor
from hinterland.records import Room
from services.map import queries
from services.map.contract import KINDS, SERVICE
from services.map.contract.calls import (
    GetIntakes,
    ReviewIntake,
    SubmitReport,
    WithdrawRecord,
    WriteRecord,
)
from services.map.handlers import intakes, tables
from services.map.rules.index import index
from tests.integration.rooms import RoomNode

ROOM = Room(SERVICE, KINDS, index)
KUNMING = {"lat": 25.0389, "lng": 102.7183}


class Node(RoomNode):
    """One node's map without its service."""

    def __init__(self, node: str, database: Database[dict[str, Any]], folder: Path) -> None:
        super().__init__(node, ROOM, queries.INDEXES, database, folder)

    @property
    def visitor(self) -> Actor:
        return Actor()

    def submit(self, actor: Actor | None = None, key: str = "", **report: Any) -> dict[str, Any]:
        """Sends a report; keyword arguments are its fields. `location=None` sends none."""
        fields = {"text": "河水漫过了桥", "location": KUNMING, **report}
        params = SubmitReport(
            command_id=key or self.command(),
            report={name: value for name, value in fields.items() if value is not None},
            reporter={"phone": "+8613800138000"},
            address="192.0.2.7",
        )
        return intakes.submit_report(self.records, actor or self.visitor, params)

    def intake(self, intake_id: str) -> dict[str, Any]:
        [item] = intakes.get_intakes(self.records, self.staff, GetIntakes(ids=[intake_id]))["items"]
        return dict(item)

    def review(self, intake_id: str, actor: Actor | None = None, **params: Any) -> dict[str, Any]:
        """One step of a moderator who has just looked at it."""
        review = ReviewIntake(
            command_id=self.command(),
            id=intake_id,
            version=self.intake(intake_id)["version"],
            **params,
        )
        return intakes.review_intake(self.records, actor or self.staff, review)

    def write(self, kind: str, body: dict[str, Any], **params: Any) -> dict[str, Any]:
        wanted = WriteRecord(command_id=self.command(), kind=kind, body=body, **params)  # type: ignore[arg-type]
        return tables.write_record(self.records, self.staff, wanted)

    def category(self, name: str = "洪水", **body: Any) -> str:
        return str(self.write("category", {"names": {"zh": name}, **body})["id"])

    def withdraw(self, record_id: str) -> None:
        params = WithdrawRecord(command_id=self.command(), id=record_id)
        tables.withdraw_record(self.records, self.staff, params)

    def verified(self, category: str, **report: Any) -> str:
        """Sends a report and verifies it; returns the id of what is shared."""
        intake = self.submit(category=category, **report)
        return str(self.review(intake["id"], state="verified")["report"])

    def body(self, record_id: str) -> dict[str, Any] | None:
        """What this node holds under that id."""
        found = self.records.get([record_id]).get(record_id)
        return found.body if found else None


@pytest.fixture
def new_map(
    databases: Callable[[str], Database[dict[str, Any]]], tmp_path: Path
) -> Callable[[str], Node]:
    """Makes an empty map of one more node."""

    def make(node: str) -> Node:
        database = databases(f"map-{node}")
        for name in database.list_collection_names():
            database[name].delete_many({})
        return Node(node, database, tmp_path)

    return make


@pytest.fixture
def yunnan(new_map: Callable[[str], Node]) -> Node:
    return new_map("yunnan")


@pytest.fixture
def gansu(new_map: Callable[[str], Node]) -> Node:
    return new_map("gansu")
