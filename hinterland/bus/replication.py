"""What is known of a service's replication, for those who ask about it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from hinterland.bus.records import Announcer
from hinterland.clock import from_us, rfc3339
from hinterland.feeds import FeedStore
from hinterland.feeds.plan import Why
from hinterland.replica import Held

__all__ = ["QUARANTINED_COUNTED_MAX", "Replication"]

STATUS_ID: Final = "following"
QUARANTINED_COUNTED_MAX: Final = 10_000  # per feed, in a status


class Replication:
    """The same answers from every instance of the service.

    What the others claim is known to the one instance that follows. It leaves that in the database
    for the rest, some seconds old.
    """

    def __init__(self, service: str, store: FeedStore, announcer: Announcer) -> None:
        self.service = service
        self.store = store
        self.announcer = announcer

    def status(self) -> dict[str, Any]:
        """JSON values: `{service, feeds, peers, dropped, drops, files, failed, unsent}`.

        As `Following.status` has them; `failed` counts messages that could not be applied, by
        topic, and `unsent` those that the broker would not take, since the follower started. Each
        feed also says how many of its entries are in quarantine here. `files` is what
        `Library.status` says, and `fetching`.
        """
        kept = self.store.collection("meta").find_one({"_id": STATUS_ID}) or {}
        newer = kept.get("needs_upgrade", [])
        return {
            "service": self.service,
            "feeds": [
                self._feed(held, held.feed in newer)
                for held in sorted(self.store.held(), key=lambda held: held.feed)
            ],
            "peers": kept.get("peers", []),
            "dropped": kept.get("dropped", {}),
            "drops": kept.get("drops", []),
            "files": {**self.store.library.status(), "fetching": kept.get("fetching")},
            "failed": kept.get("failed", {}),
            "unsent": kept.get("unsent", 0),
        }

    def _feed(self, held: Held, needs_upgrade: bool) -> dict[str, Any]:
        return {
            "feed": held.feed,
            "epoch": held.epoch,
            "n": held.n,
            "hash": held.hash,
            "digest": held.digest,
            "holes": held.hole_count,
            "quarantined": self.store.collection("pending").count_documents(
                {"feed": held.feed, "why": str(Why.QUARANTINE)}, limit=QUARANTINED_COUNTED_MAX
            ),
            "frozen": held.frozen,
            "needs_upgrade": needs_upgrade,
            "recover_to": held.recover_to or None,
        }

    def receipts(self, node: str, before: int) -> list[dict[str, Any]]:
        """What this node has erased, and who has forgotten it: `[{id, n, at, by_node}]`.

        A node passes the position of an erase only after its own copies are gone, so that its head
        beyond it is the receipt. `by_node` is true or false for each other member, as last heard.
        """
        feed = f"{node}/{self.service}"
        membership = self.store.membership()
        others = [] if membership is None else sorted(set(membership.members) - {node})
        kept = self.store.collection("meta").find_one({"_id": STATUS_ID}) or {}
        ends = {
            peer["node"]: line[1:3]
            for peer in kept.get("peers", [])
            for line in peer["lines"]
            if line[0] == feed
        }
        return [
            {
                "id": tomb["_id"],
                "n": tomb["n"],
                "at": rfc3339(from_us(tomb["at"])),
                "by_node": {
                    other: ends.get(other, [0, 0]) >= [tomb["epoch"], tomb["n"]]
                    for other in others
                    if membership is not None and membership.is_member(other)
                },
            }
            for tomb in self.store.erasures(feed, before)
        ]

    def retry(self, keys: Sequence[str]) -> int:
        """Judges quarantined entries again, by `_id`; returns how many could be applied."""
        applied = self.store.retry(keys)
        for each in applied:
            self.announcer.changed(each)
        return len(applied)

    def keep(self, status: dict[str, Any]) -> None:
        self.store.collection("meta").replace_one(
            {"_id": STATUS_ID}, {"_id": STATUS_ID, **status}, upsert=True
        )
