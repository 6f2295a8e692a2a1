"""What waits for a person, and what was sent before."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from pymongo import IndexModel
from pymongo.collection import Collection

from hinterland.clock import to_us
from hinterland.rooms.paging import ASCENDING, Found, Keyset, Slice, cut, slice_of
from services.map.contract.calls import IntakeFilter, ListIntakes
from services.map.contract.codes import State

__all__ = [
    "count_intakes",
    "count_sent_since",
    "count_uploads",
    "intake_by_key",
    "intake_of_report",
    "intake_page",
    "intakes_by_id",
    "keys_sent",
    "note_upload",
    "reports_to_hide",
]

Records = Collection[dict[str, Any]]
Document = dict[str, Any]

UPLOAD_INDEXES: Final = [
    IndexModel([("at", ASCENDING)], name="at", expireAfterSeconds=3600),
    IndexModel([("address", ASCENDING), ("at", ASCENDING)], name="address"),
]
BY_ARRIVAL: Final = Keyset("waiting", "ix.since", ASCENDING, "queue")


def intake_by_key(collection: Records, key: str) -> Document | None:
    """What a sender has sent before under this id of his."""
    return collection.find_one({"ix.key": key})


def keys_sent(collection: Records, keys: Iterable[str]) -> set[str]:
    """Which of these reports have been sent before."""
    found = collection.find({"ix.key": {"$in": list(keys)}}, {"ix.key": 1})
    return {key for document in found for key in document["ix"]["key"]}


def intake_of_report(collection: Records, report: str) -> Document | None:
    """The intake that this report is shown of; none where it came from elsewhere."""
    return collection.find_one({"ix.shown": report})


def intakes_by_id(collection: Records, ids: Iterable[str]) -> dict[str, Document]:
    found = collection.find({"_id": {"$in": list(ids)}, "ix.queue": {"$exists": True}})
    return {document["_id"]: document for document in found}


def intake_page(collection: Records, page: ListIntakes) -> Found:
    """The queue of the moderators, whoever waits longest first."""
    wanted: Slice = slice_of(page, BY_ARRIVAL.name, (int, str))
    condition = _condition(page.filter)
    if wanted.cursor is not None:
        condition |= BY_ARRIVAL.beyond(wanted.cursor, wanted.backwards)
    found = collection.find(condition, sort=BY_ARRIVAL.sort(wanted.backwards))
    rows = [
        ((document["ix"]["since"], document["_id"]), document)
        for document in found.limit(wanted.count + 1)
    ]
    return cut(wanted, BY_ARRIVAL.name, rows)


def count_intakes(collection: Records, wanted: IntakeFilter, at_most: int) -> int:
    """How many wait; counting ends at `at_most`."""
    return collection.count_documents(_condition(wanted), limit=at_most)


def _condition(wanted: IntakeFilter) -> dict[str, Any]:
    states = [str(state) for state in wanted.states or ()]
    # All states are named, so that the index gives them in order.
    condition: dict[str, Any] = {"ix.queue": {"$in": states or [str(each) for each in State]}}
    if wanted.category is not None:
        condition["ix.filed"] = wanted.category
    if wanted.channel is not None:
        condition["ix.channel"] = str(wanted.channel)
    return condition


def count_sent_since(
    collection: Records, since: datetime, address: str | None, at_most: int
) -> int:
    """How many reports have come to this node, from one address or from all, for the caps."""
    condition: dict[str, Any] = {"arrived": {"$gte": to_us(since)}}
    condition |= {"kind": "intake"} if address is None else {"ix.address": address}
    return collection.count_documents(condition, limit=at_most)


def reports_to_hide(
    collection: Records, node: str, category: str, level: int, count: int
) -> list[str]:
    """This node's reports of a category that say more than a cell of this level would."""
    condition = {"ix.category": category, "ix.cell": {"$gt": level}, "home": node}
    return [document["_id"] for document in collection.find(condition, {"_id": 1}, limit=count)]


def note_upload(uploads: Records, address: str, now: datetime) -> None:
    """Remembers for the caps that a file has come from this address, for an hour."""
    uploads.create_indexes(UPLOAD_INDEXES)
    uploads.insert_one({"address": address, "at": now})


def count_uploads(uploads: Records, address: str, since: datetime, at_most: int) -> int:
    """How many files have come from one address, for the caps."""
    return uploads.count_documents({"address": address, "at": {"$gte": since}}, limit=at_most)
