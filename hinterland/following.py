"""Performs what the replication protocol decides: the one place where protocol and store meet.

The same `Following` runs in a service, on MongoDB and RabbitMQ, and in the simulator, on its own
store and network.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from random import Random
from typing import Any, Final, Protocol

from hinterland.batch import Batch, Position
from hinterland.feeds import Applied, HeadMoved
from hinterland.files.courier import Courier, Shelf
from hinterland.identity import Cutoff, Membership, verify
from hinterland.replica import (
    UNKNOWN_END,
    Append,
    Check,
    Compare,
    Effect,
    FileMessage,
    Fill,
    Freeze,
    Held,
    Judged,
    Publish,
    Recover,
    Replica,
    Resume,
    Serve,
    Truncate,
    Verify,
)

__all__ = ["Following", "Signer", "Store"]

log = logging.getLogger(__name__)

SEED_BITS: Final = 64


class Signer(Protocol):
    """A node's key; `hinterland.identity.NodeKey` is the real one."""

    @property
    def public(self) -> str: ...

    def sign(self, message: bytes) -> bytes: ...


class Store(Protocol):
    """What a Following needs of a store; `hinterland.feeds.FeedStore` is the real one."""

    def held(self) -> list[Held]: ...
    def held_one(self, feed: str) -> Held: ...
    def append(self, batch: Batch, judged: Sequence[Judged]) -> Applied: ...
    def fill(self, batch: Batch, judged: Sequence[Judged]) -> Applied | None: ...
    def holds(self, batch: Batch) -> bool: ...
    def freeze(self, feed: str, reason: str) -> None: ...
    def set_recovery(self, feed: str, recover_to: int) -> None: ...
    def truncate(self, feed: str, cutoff: Cutoff | None) -> Applied | None: ...
    def read_after(self, feed: str, after: Position, budget: int) -> tuple[list[bytes], bool]: ...
    def read_holding(
        self, feed: str, epoch: int, numbers: Iterable[int], budget: int
    ) -> list[bytes]: ...


def _forget(position: Position) -> None:
    """For whoever keeps no positions."""


class Following:
    """One service's side of replication. Not for two greenlets at once: its caller serialises."""

    def __init__(
        self,
        *,
        node: str,
        service: str,
        key: Signer,
        store: Store,
        check: Check,
        foreign_kinds: frozenset[str],
        publish: Callable[[str, bytes], None],
        changed: Callable[[Applied], None],
        random: Random,
        membership: Membership | None = None,
        shelf: Shelf | None = None,
        remember: Callable[[Position], None] = _forget,
        verify: Verify = verify,
    ) -> None:
        """`publish(routing_key, body)` sends on the feeds exchange and may lose what it is given;
        `changed` hears of every commit after it. Without a `shelf` no files are exchanged.
        `remember` is told where our own feed ends before anybody else is, to keep it outside the
        database.
        """
        self._verify = verify
        self._node = node
        self._service = service
        self._key = key
        self._store = store
        self._check = check
        self._foreign_kinds = foreign_kinds
        self._publish = publish
        self._changed = changed
        self._random = random
        self._stale = False
        self._remember = remember
        self._remembered: Position | None = None
        self.replica = self._load(membership)
        self._courier = Courier(self.replica, shelf, publish, random) if shelf is not None else None

    def _load(self, membership: Membership | None) -> Replica:
        return Replica(
            node=self._node,
            service=self._service,
            membership=membership,
            sign=self._key.sign,
            verify=self._verify,
            check=self._check,
            foreign_kinds=self._foreign_kinds,
            held=self._store.held(),
            random=Random(self._random.getrandbits(SEED_BITS)),
        )

    def receive(self, routing_key: str, body: bytes, now: float) -> None:
        """Take one message. If the store fails, that is raised, and before anything else is done
        what is remembered is read again."""
        self._perform(lambda: self.replica.receive(routing_key, body, now))

    def tick(self, now: float) -> None:
        if self.replica.heads_are_due(now):
            # Whoever wrote to our feed may have died before he said so.
            self.appended(now)
        self._perform(lambda: self.replica.tick(now))
        if self._courier is not None:
            self._courier.tick(self.replica.now)

    def appended(self, now: float) -> None:
        """This node's own feed has grown, by this process or by another instance of the service."""
        held = self._own_head()
        if self.replica.held[held.feed].recover_to and not held.recover_to:
            self.replica.reload(self._store.held())  # an operator has it written on
        self._perform(lambda: self.replica.appended(held.line, now))

    def _own_head(self) -> Held:
        """Where our own feed ends; remembered, because it is about to be told."""
        held = self._store.held_one(self.replica.own_feed)
        if held.position != self._remembered and not held.recover_to:
            self._remember(held.position)
            self._remembered = held.position
        return held

    def set_membership(self, membership: Membership | None, now: float) -> None:
        self._perform(lambda: self.replica.set_membership(membership, now))

    def status(self) -> dict[str, Any]:
        """What this service knows of every feed and peer, as JSON values."""
        replica = self.replica
        return {
            "service": self._service,
            "feeds": [
                {
                    "feed": state.feed,
                    "epoch": state.epoch,
                    "n": state.n,
                    "hash": state.hash,
                    "digest": state.digest,
                    "holes": state.hole_count,
                    "frozen": state.frozen,
                    "needs_upgrade": state.feed in replica.needs_upgrade,
                    "recover_to": state.recover_to or None,
                }
                for state in sorted(replica.held.values(), key=lambda state: state.feed)
            ],
            "peers": [
                {
                    "node": peer.node,
                    "heard_at": peer.heard_at or None,
                    "lines": [line.to_wire() for line in peer.lines()],
                }
                for peer in sorted(replica.peers.values(), key=lambda peer: peer.node)
            ],
            "dropped": dict(replica.drops.counts),
            "drops": [
                {"at": drop.at, "sender": drop.sender, "reason": drop.reason}
                for drop in replica.drops.latest
            ],
            "fetching": self._courier.fetching() if self._courier is not None else None,
        }

    def _perform(self, decide: Callable[[], list[Effect]]) -> None:
        if self._stale:
            self.replica.reload(self._store.held())
        # Until everything is done, what is remembered may be more than what is stored.
        self._stale = True
        try:
            for effect in decide():
                self._perform_one(effect)
        except HeadMoved:
            # Another instance applied the same batch, or our own feed grew: not a fault.
            self.replica.reload(self._store.held())
        self._stale = False

    def _perform_one(self, effect: Effect) -> None:
        match effect:
            case Publish(routing_key, body):
                self._publish(routing_key, body)
            case Append(batch, judged):
                applied = self._store.append(batch, judged)
                self.replica.held[applied.held.feed] = applied.held
                self._tell(applied)
            case Fill(batch, judged):
                filled = self._store.fill(batch, judged)
                feed = batch.header.feed
                self.replica.held[feed] = filled.held if filled else self._store.held_one(feed)
                if filled is not None:
                    self._tell(filled)
            case Compare(batch):
                if not self._store.holds(batch):
                    for consequence in self.replica.forked(batch.header):
                        self._perform_one(consequence)
            case Freeze(feed, reason):
                self._freeze(feed, reason)
            case Recover(feed, seen):
                self._recover(feed, seen)
            case Resume(feed):
                log.warning("%s: what was lost has reached nobody; writing goes on", feed)
                # First: whoever finds our feed behind what is remembered, stops writing again.
                self._remember(self._store.held_one(feed).position)
                self._store.set_recovery(feed, 0)
            case Truncate(feed, cutoff):
                truncated = self._store.truncate(feed, cutoff)
                self.replica.held[feed] = self._store.held_one(feed)
                if truncated is not None:
                    self._tell(truncated)
            case Serve():
                self._serve(effect)
            case FileMessage(message):
                if self._courier is not None:
                    self._courier.receive(message, self.replica.now)

    def _tell(self, applied: Applied) -> None:
        self._changed(applied)
        if self._courier is not None:
            self._courier.records_changed()

    def _freeze(self, feed: str, reason: str) -> None:
        log.error("%s is frozen: %s", feed, reason)
        self._store.freeze(feed, reason)
        self.replica.held[feed] = self._store.held_one(feed)

    def _recover(self, feed: str, seen: int) -> None:
        if self._store.held_one(feed).n >= seen:
            raise HeadMoved  # another instance wrote that: it is we who did not know
        log.error("%s ends before %s, which others hold: was the database restored?", feed, seen)
        self._store.set_recovery(feed, UNKNOWN_END)
        self.replica.held[feed] = self._store.held_one(feed)

    def _serve(self, serve: Serve) -> None:
        if serve.numbers:
            epoch = serve.after.epoch
            frames = self._store.read_holding(serve.feed, epoch, serve.numbers, serve.budget)
            more = False
        else:
            frames, more = self._store.read_after(serve.feed, serve.after, serve.budget)
        if serve.feed == self.replica.own_feed:
            self._own_head()
        given = self.replica.give(serve, frames, more)
        self._publish(given.routing_key, given.body)
