"""Follows the feeds of other nodes: messages of one queue, applied in order by one greenthread.

Time comes through the same queue. Every instance of the service drops a `tick` into it each second,
which expires if nobody takes it; only the instance that the broker serves takes anything, so only
that one speaks, and the others stand by. A `nudge` says that the service has written something
itself, in this process or another.

What fails because the database is away is tried again for a while; then it is let go, like anything
else that fails. A lost message is asked for again; one that is retried for ever stops all others.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable
from random import Random
from typing import Any, Final

import eventlet
from amqp import Message
from eventlet.queue import LightQueue
from kombu import Queue
from nameko.extensions import DependencyProvider
from pymongo.errors import PyMongoError

from hinterland.batch import Position
from hinterland.bus.consumer import QueueConsumer, ack
from hinterland.bus.membership import MembershipSource
from hinterland.bus.names import (
    FEEDS_EXCHANGE,
    LOCAL_EXCHANGE,
    NUDGE,
    TICK,
    feed_key,
    follow_queue_name,
)
from hinterland.bus.publisher import Publisher
from hinterland.bus.queues import follow_queue
from hinterland.bus.reconnects import Reconnects
from hinterland.bus.records import Announcer, Storage
from hinterland.bus.replication import Replication
from hinterland.config import Settings
from hinterland.errors import HinterlandError
from hinterland.feeds import FeedStore
from hinterland.following import Following
from hinterland.identity import Membership, NodeKey
from hinterland.records import PRIVATE, Positions, Room

__all__ = ["FOLLOW_ATTEMPTS_MAX", "FOLLOW_PREFETCH", "TICK_INTERVAL_S", "Follower"]

log = logging.getLogger(__name__)

FOLLOW_PREFETCH: Final = 20
FOLLOW_ATTEMPTS_MAX: Final = 5  # of one message while the database is away
TICK_INTERVAL_S: Final = 1.0  # from each instance; the one that follows takes the first
TICK_EXPIRES_MS: Final = 1_000  # time that nobody took is no time
TICK_JITTER: Final = 0.1
# Who has had nothing to do for so long was standing by, and what he remembers may be old.
STANDBY_S: Final = 5.0
STATUS_INTERVAL_S: Final = 2.0  # between two looks of other instances at what this one heard


class Follower(DependencyProvider):  # type: ignore[misc]  # nameko is untyped
    """Runs the service's `Following` on its follow queue; injects a `Replication`.

    A room whose records are all private has nothing to follow, and no queue for it.
    """

    queue_consumer = QueueConsumer()
    publisher = Publisher()
    storage = Storage()
    announcer = Announcer()
    membership = MembershipSource()
    queue: Queue
    prefetch_count = FOLLOW_PREFETCH

    def setup(self) -> None:
        self.storage.setup()
        self._settings: Settings = self.container.config["SETTINGS"]
        room: Room = self.container.service_cls.room
        self.replication = Replication(room.service, self.storage.store, self.announcer)
        self._shares = any(kind.scopes - {PRIVATE} for kind in room.kinds.values())
        if not self._shares:
            return
        self._inbox: LightQueue = LightQueue()
        self._random = Random()
        self._took_at = time.monotonic()
        self._ticked_at = float("-inf")
        self._kept_at = float("-inf")
        self._kept: dict[str, Any] = {}
        self._failed: Counter[str] = Counter()
        self._own_key = feed_key(room.service, self._settings.id)
        self._own_feed = f"{self._settings.id}/{room.service}"
        self._positions = Positions(self._settings.positions_dir / f"{room.service}.json")
        self.queue = follow_queue(room.service, self._settings.id)
        self.queue_consumer.register_provider(self)

    def start(self) -> None:
        """Runs after every extension was set up, so that a restored database was recognised."""
        if not self._shares:
            return
        self._following = self._new_following()
        self.membership.listen(self._inbox.put, self._own_membership())
        self.container.spawn_managed_thread(self._follow, identifier="follower")
        self.container.spawn_managed_thread(self._send_ticks, identifier="ticks")
        self.container.spawn_managed_thread(self._retry_quarantine, identifier="quarantine")

    def stop(self) -> None:
        if self._shares:
            self.queue_consumer.unregister_provider(self)

    def get_dependency(self, worker_ctx: Any) -> Replication:
        return self.replication

    def _new_following(self) -> Following:
        room: Room = self.container.service_cls.room
        return Following(
            node=self._settings.id,
            service=room.service,
            key=NodeKey.load(self._settings.key_path),
            store=self.storage.store,
            check=room.check,
            foreign_kinds=room.foreign_kinds,
            publish=self._publish,
            changed=self.announcer.changed,
            random=self._random,
            membership=self.storage.store.membership(),
            shelf=self.storage.store.library,
            remember=self._remember,
        )

    def _remember(self, position: Position) -> None:
        self._positions.save({self._own_feed: position})

    def _own_membership(self) -> Callable[[], Membership | None] | None:
        read: Callable[[FeedStore], Membership | None] | None
        read = self.container.service_cls.membership_of
        return None if read is None else lambda: read(self.storage.store)

    def _publish(self, routing_key: str, body: bytes) -> None:
        self.publisher.publish(FEEDS_EXCHANGE, routing_key, body)

    def _retry_quarantine(self) -> None:
        """This may be the version that can read what the last one could not."""
        last = ""
        try:
            while page := self.storage.store.quarantined(last):
                last = page[-1]["_id"]
                applied = self.replication.retry([found["_id"] for found in page])
                log.info("%d of %d quarantined entries could be applied", applied, len(page))
        except (PyMongoError, HinterlandError):
            log.exception(
                "the quarantine stays as it was; `hinterland quarantine retry` tries again"
            )

    # In

    def handle_message(self, message: Message) -> None:
        self._inbox.put(message)

    def _follow(self) -> None:
        while True:
            item = self._inbox.get()
            if not isinstance(item, Message):
                self._attempt("membership", self._take_membership, item)
            elif item.channel.connection is not None:  # else the broker delivers it again
                self._attempt(item.delivery_info["routing_key"], self._take, item)
                ack(item)

    def _attempt(self, what: str, take: Any, item: Any) -> None:
        """Tries again while the database is away, a bounded number of times."""
        waits = Reconnects()
        for attempt in range(1, FOLLOW_ATTEMPTS_MAX + 1):
            try:
                take(item)
                return
            except PyMongoError as error:
                log.warning("%s waits for the database (%s): %s", what, attempt, error)
                eventlet.sleep(waits.delay_s())
            except Exception:
                log.exception("%s was let go", what)
                break
        self._failed[what.partition(".")[0]] += 1

    def _take(self, message: Message) -> None:
        now = time.time()
        self._wake_up()
        info = message.delivery_info
        kind = message.properties.get("type") if info["exchange"] == "" else None
        if kind == TICK:
            self._tick(now)
        elif kind == NUDGE:
            self._following.appended(now)
        elif info["exchange"] == LOCAL_EXCHANGE:
            self.membership.hint()
        elif info["exchange"] == FEEDS_EXCHANGE and info["routing_key"] != self._own_key:
            self._following.receive(info["routing_key"], message.body or b"", now)

    def _take_membership(self, membership: Membership) -> None:
        self.storage.store.set_membership(membership)
        self._following.set_membership(membership, time.time())

    def _wake_up(self) -> None:
        """An instance that stood by reads again what the active one has written meanwhile."""
        slept_s = time.monotonic() - self._took_at
        if slept_s > STANDBY_S:
            self._following.replica.reload(self.storage.store.held())
        self._took_at = time.monotonic()

    # Time

    def _send_ticks(self) -> None:
        queue = follow_queue_name(self.container.service_name)
        while True:
            jitter = self._random.uniform(1 - TICK_JITTER, 1 + TICK_JITTER)
            eventlet.sleep(TICK_INTERVAL_S * jitter)
            if self.publisher.connected:
                self.publisher.publish("", queue, b"", type=TICK, expiration=str(TICK_EXPIRES_MS))

    def _tick(self, now: float) -> None:
        """Ticks of other instances, and such as waited behind a long apply, are too many."""
        if time.monotonic() - self._ticked_at < TICK_INTERVAL_S / 2:
            return
        self._ticked_at = time.monotonic()
        self._following.tick(now)
        if self._ticked_at - self._kept_at > STATUS_INTERVAL_S:
            self._kept_at = self._ticked_at
            self._keep_status()

    def _keep_status(self) -> None:
        now = self._following.status()
        status = {
            "needs_upgrade": [line["feed"] for line in now["feeds"] if line["needs_upgrade"]],
            "peers": now["peers"],
            "dropped": now["dropped"],
            "drops": now["drops"],
            "fetching": now["fetching"],
            "failed": dict(self._failed),
            "unsent": self.publisher.dropped,
        }
        if status != self._kept:
            self.replication.keep(status)
            self._kept = status
