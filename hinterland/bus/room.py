"""The class that every service derives from, and the methods that every room has.

class Directory(RoomService):
    name = "directory"
    room = Room("directory", KINDS, rules.index)
    indexes = queries.INDEXES

    @rpc
    def get_ngos(self, actor: Actor, params: GetNgos) -> dict[str, Any]:
        return handlers.get_ngos(self.records, actor, params)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar, Final

from pydantic import Field
from pymongo import IndexModel

from hinterland.actors import Actor
from hinterland.bus.calls import Caller, Calls
from hinterland.bus.follower import Follower
from hinterland.bus.records import RecordsProvider
from hinterland.bus.replication import Replication
from hinterland.bus.rpc import rpc
from hinterland.clock import rfc3339
from hinterland.errors import BadInput, NotAllowed
from hinterland.feeds import FeedStore, verify_feed
from hinterland.identity import Membership
from hinterland.records import Records, Room
from hinterland.rooms.arguments import Arguments

__all__ = [
    "RETRIED_MAX",
    "FeedStatus",
    "QuarantineList",
    "QuarantineRetry",
    "RoomService",
    "VerifyReplica",
]

RETRIED_MAX: Final = 1_000  # quarantined entries judged again by one call


class FeedStatus(Arguments):
    """Takes nothing."""


class QuarantineList(Arguments):
    """A page of quarantined entries, those whose `id` sorts after `after`."""

    after: Annotated[str, Field(max_length=400)] = ""


class QuarantineRetry(Arguments):
    """Judges these entries again, by the ids that quarantine_list returned."""

    ids: Annotated[list[str], Field(max_length=RETRIED_MAX)]


class EraseReceipts(Arguments):
    """A page of this node's own erasures, those before the number `before`, the latest first."""

    before: Annotated[int, Field(ge=1, lt=1 << 53)] = (1 << 53) - 1


class ResumeWriting(Arguments):
    """Takes nothing."""


class VerifyReplica(Arguments):
    """Recomputes one feed that is held here, for instance `yunnan/directory`."""

    feed: Annotated[str, Field(max_length=100)]


class RoomService:
    """A service: its records, its part in replication, and calls to its neighbours."""

    name: ClassVar[str]
    room: ClassVar[Room]
    indexes: ClassVar[Sequence[IndexModel]] = ()
    membership_of: ClassVar[staticmethod[[FeedStore], Membership | None] | None] = None

    records: Records = RecordsProvider()
    replication: Replication = Follower()
    calls: Caller = Calls()

    @rpc
    def feed_status(self, actor: Actor, params: FeedStatus) -> dict[str, Any]:
        """Where every feed ends here, what each peer claims, and what was refused.

        `{head, …}` with what `Replication.status` says; for staff.
        """
        _require_staff(actor)
        return {"head": self.records.head(), **self.replication.status()}

    @rpc
    def quarantine_list(self, actor: Actor, params: QuarantineList) -> dict[str, Any]:
        """Entries that count but cannot be applied here: `{head, items: [{id, feed, record, epoch,
        n, reason, since}]}`; for staff."""
        _require_staff(actor)
        items = [
            {
                "id": found["_id"],
                "feed": found["feed"],
                "record": found["record"],
                "epoch": found["epoch"],
                "n": found["n"],
                "reason": found["reason"],
                "since": rfc3339(found["since"]),
            }
            for found in self.records.store.quarantined(params.after)
        ]
        return {"head": self.records.head(), "items": items}

    @rpc
    def quarantine_retry(self, actor: Actor, params: QuarantineRetry) -> dict[str, Any]:
        """Applies what can be applied by now: `{head, applied}`, a number; for operators."""
        _require_operator(actor)
        applied = self.replication.retry(params.ids)
        return {"head": self.records.head(), "applied": applied}

    @rpc
    def erase_receipts(self, actor: Actor, params: EraseReceipts) -> dict[str, Any]:
        """Who has forgotten what this node erased: `{head, items}`, as `Replication.receipts` has
        them; for staff."""
        _require_staff(actor)
        items = self.replication.receipts(self.records.node, params.before)
        return {"head": self.records.head(), "items": items}

    @rpc
    def resume_writing(self, actor: Actor, params: ResumeWriting) -> dict[str, Any]:
        """Writes on after a restored backup, without waiting for what unreachable members may still
        hold of this node's feed: `{head, resumed}`; for operators."""
        _require_operator(actor)
        resumed = self.records.resume()
        self.replication.announcer.nudge()
        return {"head": self.records.head(), "resumed": resumed}

    @rpc
    def verify_replica(self, actor: Actor, params: VerifyReplica) -> dict[str, Any]:
        """Whether one feed's records are what its home signed: `hinterland.feeds.Verification`;
        for staff. Reads the whole feed."""
        _require_staff(actor)
        if not self.records.store.held_one(params.feed).n:
            raise BadInput(f"{params.feed} is not held here.", field="feed")
        return {
            "head": self.records.head(),
            **verify_feed(self.records.store, params.feed).to_dict(),
        }


def _require_staff(actor: Actor) -> None:
    if not actor.staff:
        raise NotAllowed()


def _require_operator(actor: Actor) -> None:
    if not actor.has("operator", "coordinator"):
        raise NotAllowed()
