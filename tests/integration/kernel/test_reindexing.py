"""What an upgrade computes otherwise is computed again, on a real mongod."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from hinterland.records import Records, Room, reindex
from tests.integration.kernel.conftest import ROOM, OpenRecords
from tests.integration.kernel.test_records import write


def nothing() -> None:
    """Nobody waits here."""


def shown(records: Records) -> list[Any]:
    return [found.get("ix") for found in records.collection.find(sort={"_id": 1})]


def by_length(kind: str, body: dict[str, Any]) -> dict[str, Any]:
    return {"length": len(body["text"])}


def failing(kind: str, body: dict[str, Any]) -> dict[str, Any]:
    if body["text"] == "bad":
        raise KeyError("more")
    return by_length(kind, body)


def test_a_kind_that_was_unknown_is_shown_after_the_upgrade(open_records: OpenRecords) -> None:
    """What was kept unread is read as soon as it can be."""
    records = open_records()
    write(records, "c1", "two")
    records.collection.update_many({}, {"$unset": {"ix": 1}})  # as if its kind had been unknown

    assert 1 == reindex(records.store, ROOM, nothing)
    assert [{"text": "two"}] == shown(records)


def test_records_are_indexed_as_the_new_version_does_it(open_records: OpenRecords) -> None:
    """The room says that it computes otherwise, once; the next start has nothing to do."""
    records = open_records()
    for n in range(3):
        write(records, f"c{n}", "x" * n)
    reindex(records.store, ROOM, nothing)
    newer = replace(ROOM, index=by_length, index_version=2)

    assert [3, 0] == [reindex(records.store, newer, nothing) for _ in range(2)]
    assert {0, 1, 2} == {each["length"] for each in shown(records)}


@pytest.mark.parametrize(
    "room",
    [replace(ROOM, index=failing), replace(ROOM, index=lambda kind, body: {"$bad": "x" * 5})],
    ids=["the room fails", "the database refuses"],
)
def test_what_cannot_be_indexed_does_not_stop_the_rest(
    open_records: OpenRecords, room: Room
) -> None:
    """It is found by nobody, and the upgrade comes to its end."""
    records = open_records()
    write(records, "c1", "bad")
    write(records, "c2", "good")

    assert 2 == reindex(records.store, room, nothing)
    assert 0 == reindex(records.store, room, nothing)
