"""Who wants to hear of which records, and how a change gets to them.

Subscriptions with the same filter and audience share one *interest*: a change is looked up once for
all of them. Whoever does not keep up is let go with an error that says so; nothing here waits for a
reader, and nothing grows without end.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Hashable, Mapping
from itertools import islice
from typing import Any, NamedTuple

from gateway import limits
from gateway.live.changes import Change, Changed
from hinterland.errors import Busy, HinterlandError, Unavailable

__all__ = ["Interests", "Subscription", "TooSlow", "Topic"]

log = logging.getLogger(__name__)

LookUp = Callable[[list[str]], Awaitable[Mapping[str, Any]]]


class TooSlow(HinterlandError):
    """Changes came faster than they were read. Read the list again with updatedAfter, then
    subscribe."""

    code = "TOO_SLOW"


class Topic(NamedTuple):
    """What is watched: records of `kind`, in scopes that the audience may read. `key` tells apart
    audiences and filters: whoever has an equal one gets the same messages."""

    service: str
    kind: str
    scopes: frozenset[str]
    key: Hashable


class Subscription:
    """One reader's messages: `{"id", "op", "record"}`, where a record that is gone is None."""

    def __init__(self, leave: Callable[[Subscription], None]) -> None:
        self._leave = leave
        self._messages: asyncio.Queue[Any] = asyncio.Queue(limits.PENDING_CHANGES_MAX)
        self._ended: HinterlandError | None = None

    def __aiter__(self) -> Subscription:
        return self

    async def __anext__(self) -> Any:
        """Raises the error that ended the subscription, at once: unread messages are void then."""
        message = await self._messages.get() if self._ended is None else self._ended
        if isinstance(message, HinterlandError):
            raise message
        return message

    async def aclose(self) -> None:
        self._leave(self)

    def give(self, message: Any) -> bool:
        """Whether there was room for it."""
        try:
            self._messages.put_nowait(message)
        except asyncio.QueueFull:
            return False
        return True

    def end(self, error: HinterlandError) -> None:
        self._ended = error
        if self._messages.empty():
            self._messages.put_nowait(error)


class Interests:
    """All interests of this process; a listener of `gateway.live.Changes`."""

    def __init__(self) -> None:
        self._interests: dict[Topic, _Interest] = {}

    def __len__(self) -> int:
        """How many different things are watched."""
        return len(self._interests)

    def subscribe(self, topic: Topic, look_up: LookUp) -> Subscription:
        """`look_up` gives the current records of some ids, leaving out what does not match.

        Raises Busy when too many different things are watched.
        """
        interest = self._interests.get(topic)
        if interest is None:
            if len(self._interests) >= limits.INTERESTS_MAX:
                raise Busy("This node watches as many different filters as it can. Try later.")
            interest = self._interests[topic] = _Interest(topic, look_up)
        subscription = Subscription(lambda reader: self._leave(topic, reader))
        interest.readers.add(subscription)
        return subscription

    def changed(self, changed: Changed) -> None:
        for interest in list(self._interests.values()):
            if interest.topic.service == changed.service and not interest.note(changed.changes):
                self._end(interest, TooSlow())

    def lost_sight(self) -> None:
        """Changes may have been missed, so that no subscription is complete any more."""
        for interest in list(self._interests.values()):
            self._end(interest, Unavailable("Changes may have been missed. Read and subscribe."))

    def _leave(self, topic: Topic, reader: Subscription) -> None:
        interest = self._interests.get(topic)
        if interest is None:
            return
        interest.readers.discard(reader)
        if not interest.readers:
            interest.stop()
            del self._interests[topic]

    def _end(self, interest: _Interest, error: HinterlandError) -> None:
        interest.stop()
        self._interests.pop(interest.topic, None)
        for reader in interest.readers:
            reader.end(error)


class _Interest:
    def __init__(self, topic: Topic, look_up: LookUp) -> None:
        self.topic = topic
        self.readers: set[Subscription] = set()
        self._look_up = look_up
        self._backlog: dict[str, str] = {}  # id -> op; a later change takes the place of one unread
        self._noted = asyncio.Event()
        self._task = asyncio.create_task(self._tell(), name=f"interest in {topic.kind}")

    def note(self, changes: tuple[Change, ...]) -> bool:
        """Whether there was room for these changes."""
        for change in changes:
            # That a shared record is gone is told to all: its id says nothing about it.
            readable = change.scope is None or change.scope in self.topic.scopes
            if change.kind == self.topic.kind and readable:
                self._backlog.pop(change.id, None)
                self._backlog[change.id] = change.op
                self._noted.set()
        return len(self._backlog) <= limits.BACKLOG_CHANGES_MAX

    def stop(self) -> None:
        self._task.cancel()

    async def _tell(self) -> None:
        while True:
            await self._noted.wait()
            ids = list(islice(self._backlog, limits.PAGE_ITEMS_MAX))
            changes = {record_id: self._backlog.pop(record_id) for record_id in ids}
            if not self._backlog:
                self._noted.clear()
            try:
                messages = await self._messages(changes)
            except HinterlandError as error:
                log.warning("a change could not be looked up: %s", error)
                for reader in self.readers:
                    reader.end(error)
                continue
            for message in messages:
                for reader in self.readers:
                    if not reader.give(message):
                        reader.end(TooSlow())

    async def _messages(self, changes: Mapping[str, str]) -> list[dict[str, Any]]:
        written = [record_id for record_id, op in changes.items() if op == "put"]
        records = await self._look_up(written) if written else {}
        return [
            {"id": record_id, "op": op, "record": records.get(record_id)}
            for record_id, op in changes.items()
            if op != "put" or record_id in records
        ]
