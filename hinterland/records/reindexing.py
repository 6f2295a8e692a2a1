"""After an upgrade: what the room computes of a record is computed again where it may differ.

Records of a kind that this node did not know were kept unread, without `ix` and `files`; and a room
that computes its `ix` otherwise than before says so by another `index_version`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final

from pymongo.client_session import ClientSession
from pymongo.errors import WriteError

from hinterland.batch import Payload
from hinterland.feeds import FeedStore
from hinterland.feeds.documents import Document
from hinterland.feeds.store import UNWRITABLE_CODES
from hinterland.files.reference import FileReference
from hinterland.records.room import Room

__all__ = ["reindex"]

log = logging.getLogger(__name__)

INDEXED_ID: Final = "indexed"
PAGE: Final = 200  # records at a time, so that nobody waits long for the database


def reindex(store: FeedStore, room: Room, pause: Callable[[], None]) -> int:
    """Brings all records up to what `room` computes today; returns how many were looked at.

    Nothing is done where the last start of this version came to the end. Interrupted, it begins
    anew; two instances may do it at once. `pause` is called now and then.
    """
    meta = store.collection("meta")
    today = {"version": room.index_version, "kinds": sorted(room.kinds)}
    if (meta.find_one({"_id": INDEXED_ID}) or {}).get("by") == today:
        return 0
    last, looked_at = "", 0
    while True:
        found = list(
            store.collection("records").find(
                {"_id": {"$gt": last}, "kind": {"$in": today["kinds"]}},
                sort={"_id": 1},
                limit=PAGE,
            )
        )
        if not found:
            break
        for document in found:
            _index_again(store, room, document)
            pause()
        last, looked_at = found[-1]["_id"], looked_at + len(found)
    meta.replace_one({"_id": INDEXED_ID}, {"_id": INDEXED_ID, "by": today}, upsert=True)
    if looked_at:
        log.info("%s: %s records are indexed as this version does it", room.service, looked_at)
    return looked_at


def _index_again(store: FeedStore, room: Room, document: Document) -> None:
    fields, references = _computed(room, document)
    if fields == {name: document.get(name) for name in fields}:
        return
    condition = {"_id": document["_id"], "feed": document["feed"], "sum": document["sum"]}

    def work(session: ClientSession) -> None:
        changed = store.collection("records").update_one(
            condition, {"$set": fields}, session=session
        )
        if changed.matched_count and references:
            store.library.settle(session, document["home"], references, ())

    try:
        store.transact(work)
    except WriteError as error:
        if error.code not in UNWRITABLE_CODES:
            raise
        log.warning("%s is not shown: %s", document["_id"], error)


def _computed(room: Room, document: Document) -> tuple[Document, dict[str, FileReference]]:
    """The fields to be set, and the files that they refer to."""
    kind, body = document["kind"], document["body"]
    reason = room.check(Payload(document["_id"], kind, document["scope"], body))
    if reason is None:
        try:
            fields: Document = {"ix": room.index(kind, body)}
        except Exception as error:  # noqa: BLE001  # whatever the room's code makes of it
            reason = f"it cannot be indexed: {error!r}"
    if reason is not None:
        log.warning("%s is not shown: %s", document["_id"], reason)
        return {"ix": {}}, {}
    references = {each.sha256: each for each in room.references(kind, body)}
    if references:
        fields["files"] = sorted(references)
    return fields, references
