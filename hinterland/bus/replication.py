"""What is known of a service's replication, for those who ask about it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from hinterland.bus.records import Announcer
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
