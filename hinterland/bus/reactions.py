"""What a room does when another room of its node has changed: `@reacts_to("directory")`.

    @reacts_to("training", kinds=("completion",))
    def award_badges(self, since: int) -> int:
        ...

A reaction is level-triggered: it looks at what the other room holds now, does what follows from it,
and returns the head that it looked at. That is its checkpoint, kept in the room's own database;
next time it is given as `since`, 0 at first. It runs when a hint says that something has changed,
at the start, and every REACTION_INTERVAL_S, so that a lost hint costs time and nothing else. It
runs at least once: what it writes has ids derived from what it reacts to
(`hinterland.records.derived_id`).

Of all instances of a service one reacts, one reaction after the other; the broker chooses it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from random import Random
from time import monotonic
from typing import Any, Final, TypeVar

import eventlet
import orjson
from amqp import Message
from eventlet.event import Event
from eventlet.queue import LightQueue
from kombu import Queue
from nameko.exceptions import ContainerBeingKilled
from nameko.extensions import Entrypoint, SharedExtension
from pymongo.errors import PyMongoError

from hinterland.bus.consumer import QueueConsumer, ack
from hinterland.bus.names import TICK, changed_key, reactions_queue_name
from hinterland.bus.publisher import Publisher
from hinterland.bus.queues import reactions_queue
from hinterland.bus.records import Storage
from hinterland.clock import system_clock

__all__ = ["REACTION_INTERVAL_S", "Reaction", "Reactions", "reacts_to"]

log = logging.getLogger(__name__)

REACTION_INTERVAL_S: Final = 30.0  # what a lost hint costs
REACTION_TICK_S: Final = 5.0
REACTION_TICK_EXPIRES_MS: Final = 5_000
REACTION_RETRY_S: Final = 5.0  # after one that failed
REACTION_WAIT_S: Final = 600.0  # for one that does not end, before others go on beside it
HINTS_PREFETCH: Final = 100
JITTER: Final = 0.25

F = TypeVar("F", bound=Callable[[Any, int], int])


class Reactions(SharedExtension):  # type: ignore[misc]  # nameko is untyped
    """Runs the reactions of one service. Shared by them."""

    queue_consumer = QueueConsumer()
    publisher = Publisher()
    storage = Storage()
    prefetch_count = HINTS_PREFETCH

    def __init__(self) -> None:
        super().__init__()
        self._reactions: list[Reaction] = []
        self._inbox: LightQueue = LightQueue()
        self._random = Random()
        self._started = False

    @property
    def queue(self) -> Queue:
        sources = tuple(sorted({reaction.source for reaction in self._reactions}))
        return reactions_queue(self.container.service_name, sources)

    def register(self, reaction: Reaction) -> None:
        self.storage.setup()
        if not self._reactions:
            self.queue_consumer.register_provider(self)
        self._reactions.append(reaction)

    def start(self) -> None:
        if self._reactions and not self._started:
            self._started = True
            self.container.spawn_managed_thread(self._react_for_ever, identifier="reactions")
            self.container.spawn_managed_thread(self._send_ticks, identifier="reaction ticks")

    def stop(self) -> None:
        if self._reactions:
            self.queue_consumer.unregister_provider(self)

    def handle_message(self, message: Message) -> None:
        self._inbox.put(message)

    def _react_for_ever(self) -> None:
        while True:
            messages = [self._inbox.get()]
            while not self._inbox.empty():
                messages.append(self._inbox.get())
            for reaction in self._due(messages):
                self._run(reaction)
            for message in messages:
                ack(message)

    def _due(self, messages: Iterable[Message]) -> list[Reaction]:
        """Those that a hint concerns, and those that have not run for long."""
        hints = [hint for message in messages if (hint := _read_hint(message))]
        return [
            reaction
            for reaction in self._reactions
            if monotonic() >= reaction.due_at
            or any(reaction.concerns(key, kinds) for key, kinds in hints)
        ]

    def _run(self, reaction: Reaction) -> None:
        checkpoints = self.storage.store.collection("reactions")
        name = reaction.method_name
        wait_s = REACTION_RETRY_S
        try:
            kept = checkpoints.find_one({"_id": name})
            since = int(kept["head"]) if kept else 0
            head = reaction.run(since)
            if head is not None:
                wait_s = REACTION_INTERVAL_S
                if head > since:
                    checkpoint = {"source": reaction.source, "head": head, "at": system_clock()}
                    checkpoints.update_one({"_id": name}, {"$set": checkpoint}, upsert=True)
        except PyMongoError as error:
            log.warning("%s will react later: %s", name, error)
        reaction.due_at = monotonic() + wait_s * self._random.uniform(1 - JITTER, 1 + JITTER)

    def _send_ticks(self) -> None:
        queue = reactions_queue_name(self.container.service_name)
        expiration = str(REACTION_TICK_EXPIRES_MS)
        while True:
            if self.publisher.connected:
                self.publisher.publish("", queue, b"", type=TICK, expiration=expiration)
                eventlet.sleep(REACTION_TICK_S * self._random.uniform(1 - JITTER, 1 + JITTER))
            else:
                eventlet.sleep(1.0)


class Reaction(Entrypoint):  # type: ignore[misc]  # nameko is untyped
    """One method that runs when `source` has changed."""

    reactions = Reactions()

    def __init__(self, source: str, kinds: tuple[str, ...] = (), **options: Any) -> None:
        super().__init__(**options)
        self.source = source
        self.kinds = frozenset(kinds)
        self.due_at = float("-inf")

    def setup(self) -> None:
        self.reactions.register(self)

    def concerns(self, key: str, kinds: frozenset[str]) -> bool:
        """Whether a hint under `key` about records of `kinds` is a reason to look."""
        return key == changed_key(self.source) and (
            not self.kinds or not kinds or not self.kinds.isdisjoint(kinds)
        )

    def run(self, since: int) -> int | None:
        """The head that the method returned; None if it failed, which nameko has logged."""
        done: Event = Event()

        def finished(worker_ctx: Any, result: Any, exc_info: Any) -> tuple[Any, Any]:
            done.send(None if exc_info else int(result))
            return result, exc_info

        try:
            self.container.spawn_worker(self, (since,), {}, handle_result=finished)
        except ContainerBeingKilled:
            return None
        head: int | None = None
        with eventlet.Timeout(REACTION_WAIT_S, False):
            head = done.wait()
        if not done.ready():
            log.error("%s has not ended after %.0f s; others go first", self, REACTION_WAIT_S)
        return head


def reacts_to(source: str, kinds: tuple[str, ...] = ()) -> Callable[[F], F]:
    """Runs the method when the room `source` has changed; with `kinds`, when records of these."""
    decorate: Callable[[F], F] = Reaction.decorator(source, kinds=kinds)
    return decorate


def _read_hint(message: Message) -> tuple[str, frozenset[str]] | None:
    """A hint's routing key and the kinds that it names; none where it does not say."""
    if message.delivery_info["exchange"] == "":
        return None
    try:
        changes = orjson.loads(message.body)["changes"]
        kinds = frozenset(change["kind"] for change in changes)
    except (ValueError, LookupError, TypeError):
        kinds = frozenset()
    return message.delivery_info["routing_key"], kinds
