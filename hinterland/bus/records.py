"""The dependency that gives a service its records: `records = RecordsProvider()`.

It opens the database of the service, owns the one `Records` that all workers share, and tells
others of every commit: batches to other nodes, changes to the services of this one.
"""

from __future__ import annotations

import logging
from random import Random
from typing import Any, Final

import eventlet
import orjson
from eventlet.semaphore import Semaphore
from nameko.extensions import DependencyProvider, SharedExtension
from pymongo.errors import PyMongoError

from hinterland.bus.names import (
    FEEDS_EXCHANGE,
    LOCAL_EXCHANGE,
    NUDGE,
    changed_key,
    feed_key,
    follow_queue_name,
)
from hinterland.bus.publisher import Publisher
from hinterland.clock import system_clock
from hinterland.config import Settings
from hinterland.errors import HinterlandError
from hinterland.feeds import Applied, FeedStore
from hinterland.identity import NodeKey
from hinterland.mongo import connect
from hinterland.records import Positions, Published, Records, reindex

__all__ = ["Announcer", "RecordsProvider", "Storage"]

log = logging.getLogger(__name__)

NUDGE_DELAY_S: Final = 0.1  # commits in between share one nudge to the follower
CHANGES_TOLD_MAX: Final = 500  # in one hint; whoever must not miss any reads by head
COMPACT_INTERVAL_S: Final = 300.0  # superseded payloads are elided so late
COMPACT_PAUSE_S: Final = 0.5  # between two rounds, so that compaction never crowds out commits
JITTER: Final = 0.25


class Storage(SharedExtension):  # type: ignore[misc]  # nameko is untyped
    """The database of one service, and all its feeds there."""

    store: FeedStore

    def __init__(self) -> None:
        super().__init__()
        self._opening = Semaphore()
        self._opened = False

    def setup(self) -> None:
        """Whoever needs the store first opens it: nameko sets extensions up all at once."""
        with self._opening:
            if not self._opened:
                self._open()
                self._opened = True

    def _open(self) -> None:
        settings: Settings = self.container.config["SETTINGS"]
        service_cls = self.container.service_cls
        room = service_cls.room
        client = connect(settings.mongo_uri, f"{settings.id}/{room.service}")
        self.store = FeedStore(
            client[settings.database(room.service)],
            node=settings.id,
            index=room.index,
            check=room.check,
            foreign_kinds=room.foreign_kinds,
            files=room.references,
        )
        self.store.ensure_indexes()
        if service_cls.indexes:
            self.store.collection("records").create_indexes(list(service_cls.indexes))


class Announcer(SharedExtension):  # type: ignore[misc]  # nameko is untyped
    """Tells of commits, own and followed. May lose what it tells: the feed is the truth."""

    publisher = Publisher()

    def __init__(self) -> None:
        super().__init__()
        self._nudge: Any = None

    def setup(self) -> None:
        self._service = self.container.service_name
        self._node = self.container.config["NODE"]

    def written(self, published: Published) -> None:
        """This service has written. Never raises: what was committed is not to be refused."""
        self.changed(published.applied)
        if published.frame is None:
            return
        key = feed_key(self._service, self._node)
        self.publisher.publish(FEEDS_EXCHANGE, key, published.frame)
        if self._nudge is None:
            self._nudge = eventlet.spawn_after(NUDGE_DELAY_S, self.nudge)

    def changed(self, applied: Applied) -> None:
        """Records have changed here: the services of this node, and its gateways, may care."""
        header = applied.batch.header
        hint = {
            "service": self._service,
            "head": applied.version,
            "feed": header.feed,
            "epoch": header.epoch,
            "first": header.first,
            "changes": applied.changes[:CHANGES_TOLD_MAX],
        }
        body = orjson.dumps(hint, default=str)
        self.publisher.publish(LOCAL_EXCHANGE, changed_key(self._service), body)

    def nudge(self) -> None:
        """Have the instance that follows look at our own feed."""
        self._nudge = None
        self.publisher.publish("", follow_queue_name(self._service), b"", type=NUDGE)


class RecordsProvider(DependencyProvider):  # type: ignore[misc]  # nameko is untyped
    """Injects the service's `hinterland.records.Records`."""

    storage = Storage()
    announcer = Announcer()

    def setup(self) -> None:
        self.storage.setup()
        settings: Settings = self.container.config["SETTINGS"]
        room = self.container.service_cls.room
        self.records = Records(
            room=room,
            node=settings.id,
            key=NodeKey.load(settings.key_path),
            store=self.storage.store,
            positions=Positions(settings.positions_dir / f"{room.service}.json"),
            publish=self.announcer.written,
            clock=system_clock,
        )
        self.records.open()

    def start(self) -> None:
        self.container.spawn_managed_thread(self._reindex, identifier="reindexing")
        self.container.spawn_managed_thread(self._compact_for_ever, identifier="compaction")

    def get_dependency(self, worker_ctx: Any) -> Records:
        return self.records

    def _reindex(self) -> None:
        """After an upgrade; until it is done, some records are not found."""
        try:
            reindex(self.storage.store, self.records.room, lambda: eventlet.sleep(0))
        except (PyMongoError, HinterlandError):
            log.exception("records will be indexed anew at the next start")

    def _compact_for_ever(self) -> None:
        """Elides what is superseded. Two instances may meet; the transactions keep them apart."""
        random = Random()
        while True:
            eventlet.sleep(COMPACT_INTERVAL_S * random.uniform(1 - JITTER, 1 + JITTER))
            try:
                while self.storage.store.compact():
                    eventlet.sleep(COMPACT_PAUSE_S)
            except (PyMongoError, HinterlandError):
                log.exception("compaction will be tried again later")
