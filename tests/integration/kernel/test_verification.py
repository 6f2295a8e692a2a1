"""`verify_feed` finds what was changed behind the feed's back."""

from __future__ import annotations

from typing import Any

import pytest
from pymongo.collection import Collection

from hinterland.feeds import verify_feed
from hinterland.records import Changes, Records
from tests.integration.kernel.conftest import OpenRecords
from tests.integration.kernel.test_records import FEED, write


@pytest.fixture
def records(open_records: OpenRecords) -> Records:
    records = open_records()
    made = [write(records, f"c{i}", f"note {i}") for i in range(5)]
    write(records, "again", "changed", record_id=made[0]["id"])

    def delete(changes: Changes) -> dict[str, Any]:
        changes.delete(made[1]["id"])
        return {}

    records.execute("delete", None, delete)
    return records


def test_what_was_written_verifies(records: Records) -> None:
    """Digest, chain, signatures and bodies agree."""
    found = verify_feed(records.store, FEED)

    assert found.equal, found.problems
    assert (7, 4) == (found.batches, found.records)


def test_compaction_changes_nothing_that_is_verified(records: Records) -> None:
    """Superseded payloads go; chain, digest and records stay."""
    before = verify_feed(records.store, FEED)

    assert 2 == records.store.compact()
    assert 0 == records.store.compact()
    assert before == verify_feed(records.store, FEED)


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("records", lambda c: c.update_one({}, {"$set": {"body.text": "forged"}})),
        ("records", lambda c: c.delete_one({})),
        ("batches", lambda c: c.delete_one({"first": 3})),
        ("feeds", lambda c: c.update_one({}, {"$set": {"hash": "0" * 64}})),
    ],
)
def test_damage_behind_the_feeds_back_is_found(records: Records, name: str, damage: Any) -> None:
    """A changed body, a missing record, a missing batch, a wrong head: each is a problem."""
    collection: Collection[dict[str, Any]] = records.store.collection(name)
    damage(collection)

    assert verify_feed(records.store, FEED).problems
