"""Performs what the exchange of files decides: the one place where it meets library and network."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterable
from random import Random
from typing import Any, Protocol

from hinterland.files.effects import (
    FileEffect,
    HastenMissing,
    KeepPart,
    LookForMissing,
    Postpone,
    ReadBody,
    Restart,
    Sweep,
)
from hinterland.files.exchange import Exchange
from hinterland.files.pieces import Kept, MissingFile
from hinterland.files.speaker import Speaker
from hinterland.replica import Publish
from hinterland.replica.messages import Message

__all__ = ["Courier", "Shelf", "Wanted"]

log = logging.getLogger(__name__)


class Wanted(Protocol):
    """The bodies that are still elsewhere; `hinterland.files.missing.Missing` is the real one."""

    def next(self) -> MissingFile | None: ...
    def keep(self, sha256: str, start: int, total: int, data: bytes, giver: str) -> Kept: ...
    def restart(self, sha256: str) -> MissingFile | None: ...
    def postpone(self, sha256: str, seconds: float) -> None: ...
    def hasten(self) -> None: ...


class Shelf(Protocol):
    """What a Courier needs of a library; `hinterland.files.library.Library` is the real one."""

    @property
    def missing(self) -> Wanted: ...
    def read_shared(self, sha256: str, start: int, length: int) -> tuple[int, bytes]: ...
    def sweep(self) -> int: ...


class Courier:
    """The files' part of a `hinterland.following.Following`, which calls it."""

    def __init__(
        self,
        speaker: Speaker,
        shelf: Shelf,
        publish: Callable[[str, bytes], None],
        random: Random,
    ) -> None:
        self._shelf = shelf
        self._publish = publish
        self._exchange = Exchange(speaker, random)

    def receive(self, message: Message, now: float) -> None:
        self._perform(lambda: self._exchange.receive(message, now), now)

    def tick(self, now: float) -> None:
        self._perform(lambda: self._exchange.tick(now), now)

    def records_changed(self) -> None:
        """Records were applied, or taken back: look for missing bodies at the next tick."""
        self._exchange.records_changed()

    def fetching(self) -> dict[str, Any] | None:
        """What is being fetched, as JSON values: `{sha256, home, got, size, from}`, or None."""
        return self._exchange.fetching()

    def _perform(self, decide: Callable[[], Iterable[FileEffect]], now: float) -> None:
        try:
            waiting = deque(decide())
            while waiting:
                waiting.extend(self._perform_one(waiting.popleft(), now))
        except BaseException:
            self._exchange.forget()
            raise

    def _perform_one(self, effect: FileEffect, now: float) -> Iterable[FileEffect]:
        exchange, missing = self._exchange, self._shelf.missing
        match effect:
            case Publish(routing_key, body):
                self._publish(routing_key, body)
            case LookForMissing():
                return exchange.found(missing.next(), now)
            case KeepPart(sha256, start, total, data, giver):
                return exchange.kept(missing.keep(sha256, start, total, data, giver), now)
            case Restart(sha256):
                missing.restart(sha256)
            case Postpone(sha256, seconds):
                missing.postpone(sha256, seconds)
            case HastenMissing():
                missing.hasten()
            case ReadBody():
                read = self._shelf.read_shared(effect.sha256, effect.start, effect.budget)
                return [exchange.give(effect, *read)]
            case Sweep():
                if swept := self._shelf.sweep():
                    log.info("%s uploads that nothing refers to were removed", swept)
        return ()
