"""Fetching bodies that records refer to: one at a time, a piece at a time, after the records.

Whom to ask is a guess, because nobody tells which bodies he holds: first who is quick and had what
was asked for before, then the record's home. Who says that he has not got it is not asked again for
this one; who gave other bytes than the name says is asked last from then on. What nobody gives is
asked for later, and later still; others are fetched meanwhile.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

from hinterland.batch import HASH_PATTERN
from hinterland.files.effects import (
    FileEffect,
    HastenMissing,
    KeepPart,
    LookForMissing,
    Postpone,
    Restart,
)
from hinterland.files.pieces import CHUNK_BYTES, Kept, MissingFile, Outcome
from hinterland.files.prepared import FILE_BYTES_MAX
from hinterland.files.serving import GIVE_BYTES_MAX
from hinterland.files.speaker import Speaker
from hinterland.replica.messages import Message, split_batches

__all__ = ["Fetching"]

BUDGET_BYTES_START: Final = 256 * 1024  # doubles while a node answers in time
BUDGET_BYTES_MIN: Final = CHUNK_BYTES  # halves when it does not
PATIENCE_S_START: Final = 10.0
PATIENCE_S_MAX: Final = 300.0
PATIENCE_ANSWERS: Final = 4  # times what an answer took
ANSWER_WEIGHT: Final = 0.3
JITTER: Final = 0.25
BUSY_S_MAX: Final = 60  # how long another node may have us wait
FAILURES_EACH_MAX: Final = 2  # of one node in a row: then it is asked no more for this body
FAILURES_MAX: Final = 8  # of all of them: then the body is postponed
MISSES_MAX: Final = 8  # how well it is remembered who has not got a home's files
LIES_MAX: Final = 8  # and who gave other bytes
ASKS_KEPT: Final = 8  # answers to these still count, however late
RETRY_S_START: Final = 60.0  # between two times that all were asked; doubles
RETRY_S_MAX: Final = 1800.0
LOOK_INTERVAL_S: Final = 30.0  # for what has become due
HEARD_S: Final = 300.0  # who was not heard for longer is not asked
HASTEN_INTERVAL_S: Final = 300.0  # between two times that a return makes all due
NUMBER_MAX: Final = 1 << 53


@dataclass(slots=True)
class _Holder:
    """How another node answers. `misses` counts, by home, what it had not got."""

    answer_s: float = 1.0
    patience_s: float = PATIENCE_S_START
    budget: int = BUDGET_BYTES_START
    misses: Counter[str] = field(default_factory=Counter)
    lies: int = 0

    def answered(self, seconds: float) -> None:
        self.answer_s += ANSWER_WEIGHT * (seconds - self.answer_s)
        if seconds < self.patience_s / 2:
            self.budget = min(self.budget * 2, GIVE_BYTES_MAX)
        self.patience_s = min(max(PATIENCE_ANSWERS * seconds, PATIENCE_S_START), PATIENCE_S_MAX)

    def was_silent(self) -> None:
        self.budget = max(self.budget // 2, BUDGET_BYTES_MIN)
        self.patience_s = min(self.patience_s * 2, PATIENCE_S_MAX)


@dataclass(slots=True)
class _Fetch:
    """The body that is being fetched. `due_at`: while `peer` is to answer, when it has failed; else
    when to ask.
    """

    file: MissingFile
    due_at: float
    peer: str = ""
    ask: int = 0
    asked_at: float = 0.0
    asks: dict[int, str] = field(default_factory=dict)
    failures: Counter[str] = field(default_factory=Counter)
    liars: set[str] = field(default_factory=set)


class Fetching:
    """One service's questions. Time is seconds of the caller's clock."""

    def __init__(self, speaker: Speaker, random: Random) -> None:
        self._speaker = speaker
        self._random = random
        self._asks = random.getrandbits(48)
        self._holders: dict[str, _Holder] = {}
        self._fetch: _Fetch | None = None
        self._look_at = float("-inf")
        self._heard: set[str] = set()
        self._hastened_at = float("-inf")
        self._now = 0.0

    # What goes in

    def tick(self, now: float) -> list[FileEffect]:
        self._now = now
        effects = self._hasten()
        fetch = self._fetch
        if fetch is None and now >= self._look_at:
            effects += self._look()
        elif fetch is not None and now >= fetch.due_at:
            effects += self._time_out(fetch) if fetch.peer else self._ask(fetch)
        return effects

    def records_changed(self) -> None:
        """Records were written: they may refer to bodies that are not here."""
        self._look_at = float("-inf")

    def forget(self) -> None:
        """Start from what is stored: whoever performs our effects could not."""
        self._fetch = None
        self._look_at = float("-inf")

    def found(self, file: MissingFile | None, now: float) -> list[FileEffect]:
        """What is to be fetched next; nothing, if all is here or postponed."""
        self._now = now
        if file is None:
            self._fetch = None
            return []
        if self._fetch is not None and self._fetch.file.sha256 == file.sha256:
            self._fetch.file = file
        else:
            self._fetch = _Fetch(file, due_at=now)
        return self._ask(self._fetch)

    def take(self, message: Message, now: float) -> list[FileEffect]:
        """An answer. Raises BadMessage; what was asked for may still come from the same sender."""
        self._now = now
        fetch = self._fetch
        sha256 = message.text("sha256", HASH_PATTERN)
        ask = message.count("re", NUMBER_MAX)
        if fetch is None or sha256 != fetch.file.sha256 or fetch.asks.get(ask) != message.sender:
            return []
        if "size" in message.fields:
            return self._take_piece(fetch, message)
        if ask != fetch.ask:
            return []
        if "busy_s" in message.fields:
            seconds = message.count("busy_s", NUMBER_MAX)
            fetch.failures[fetch.peer] += 1
            fetch.peer, fetch.due_at = "", now + min(seconds, BUSY_S_MAX)
            return []
        holder = self._holder(message.sender)
        holder.misses[fetch.file.home] = min(holder.misses[fetch.file.home] + 1, MISSES_MAX)
        return self._fail(fetch, FAILURES_EACH_MAX)

    def kept(self, kept: Kept, now: float) -> list[FileEffect]:
        """What became of the piece that was to be kept."""
        self._now = now
        fetch = self._fetch
        if fetch is None:
            return []
        match kept.outcome:
            case Outcome.PART | Outcome.STALE if kept.file is not None:
                fetch.file = kept.file
                # The smallest comes first, also of those that were not known before.
                return self._look() if self._look_at < self._now else self._ask(fetch)
            case Outcome.WRONG if kept.file is not None:
                self._blame(fetch, kept.givers)
                fetch.file = kept.file
                return self._ask(fetch)
        self._fetch = None
        return self._look()

    def status(self) -> dict[str, Any] | None:
        """What is being fetched, as JSON values: `{sha256, home, got, size, from}`, or None."""
        if self._fetch is None:
            return None
        file = self._fetch.file
        return {
            "sha256": file.sha256,
            "home": file.home,
            "got": file.got,
            "size": file.total or file.size,
            "from": self._fetch.peer or None,
        }

    # Asking

    def _look(self) -> list[FileEffect]:
        self._look_at = self._now + LOOK_INTERVAL_S
        return [LookForMissing()]

    def _hasten(self) -> list[FileEffect]:
        heard = self._speaker.heard_within(HEARD_S)
        back = heard - self._heard
        self._heard = heard
        if not back or self._now - self._hastened_at < HASTEN_INTERVAL_S:
            return []
        self._hastened_at = self._now
        self._look_at = float("-inf")
        return [HastenMissing()]

    def _ask(self, fetch: _Fetch) -> list[FileEffect]:
        fetch.peer = ""
        if self._speaker.catching_up:
            fetch.due_at = self._now  # records come first: see again at the next tick
            return []
        peer = self._best_holder(fetch)
        if not peer:
            return self._give_up(fetch)
        effects: list[FileEffect] = []
        if fetch.file.alone and fetch.file.got and fetch.file.givers != (peer,):
            effects.append(self._restart(fetch))
        holder = self._holder(peer)
        self._asks += 1
        fetch.peer, fetch.ask, fetch.asked_at = peer, self._asks, self._now
        fetch.due_at = self._now + holder.patience_s * self._random.uniform(1, 1 + JITTER)
        fetch.asks[fetch.ask] = peer
        if len(fetch.asks) > ASKS_KEPT:
            del fetch.asks[min(fetch.asks)]
        fields = {
            "type": "want-file",
            "ask": fetch.ask,
            "sha256": fetch.file.sha256,
            "start": fetch.file.got,
            "budget": holder.budget,
        }
        effects.append(self._speaker.say(f"want.{self._speaker.service}.{peer}", fields))
        return effects

    def _best_holder(self, fetch: _Fetch) -> str:
        """Whom to ask; empty when it is time to give up."""
        failures, file = fetch.failures, fetch.file
        if failures.total() >= FAILURES_MAX:
            return ""
        first = not failures

        def order(peer: str) -> tuple[bool, int, int, int, float, float]:
            holder = self._holder(peer)
            # Who must give all of it goes on, or all that has come is lost.
            stranger = file.alone and peer not in file.givers
            likely = holder.misses[file.home] if first else int(peer != file.home)
            random = self._random.random()
            return stranger, holder.lies, failures[peer], likely, holder.answer_s, random

        ready = [
            peer
            for peer in sorted(self._speaker.heard_within(HEARD_S))
            if failures[peer] < FAILURES_EACH_MAX and peer not in fetch.liars
        ]
        return min(ready, key=order, default="")

    def _give_up(self, fetch: _Fetch) -> list[FileEffect]:
        self._fetch = None
        if not self._heard:
            return []  # there is nobody; whoever comes makes us look again
        seconds = min(RETRY_S_START * 2 ** min(fetch.file.tries, 10), RETRY_S_MAX)
        jitter = self._random.uniform(1 - JITTER, 1 + JITTER)
        return [Postpone(fetch.file.sha256, seconds * jitter), *self._look()]

    def _time_out(self, fetch: _Fetch) -> list[FileEffect]:
        self._holder(fetch.peer).was_silent()
        return self._fail(fetch, 1)

    def _fail(self, fetch: _Fetch, failures: int) -> list[FileEffect]:
        """The node that was asked gave nothing: somebody else goes on where it ended."""
        fetch.failures[fetch.peer] += failures
        return self._ask(fetch)

    def _restart(self, fetch: _Fetch) -> Restart:
        """Begin again, with one giver alone."""
        old = fetch.file
        fetch.file = MissingFile(old.sha256, old.size, old.home, alone=True, tries=old.tries)
        return Restart(old.sha256)

    # Answers

    def _take_piece(self, fetch: _Fetch, message: Message) -> list[FileEffect]:
        file, giver = fetch.file, message.sender
        size = message.count("size", FILE_BYTES_MAX)
        start = message.count("start", FILE_BYTES_MAX)
        pieces = split_batches(message)
        if start != file.got:
            return []  # late, and another one was quicker
        if file.total and size != file.total:
            # One of them gives another file. From the start, then, and from one alone.
            self._speaker.note(giver, f"{file.sha256}: has another size than others say")
            fetch.failures[giver] += 1
            return [self._restart(fetch), *self._ask(fetch)]
        end = start + sum(map(len, pieces))
        if len(pieces) != 1 or end > size or (end < size and end % CHUNK_BYTES):
            self._speaker.note(giver, f"{file.sha256}: the piece does not fit into the file")
            fetch.liars.add(giver)
            return self._ask(fetch) if giver == fetch.peer else []
        fetch.failures.clear()
        self._holder(giver).misses.pop(file.home, None)
        if message.fields["re"] == fetch.ask:
            self._holder(giver).answered(self._now - fetch.asked_at)
        return [KeepPart(file.sha256, start, size, pieces[0], giver)]

    def _blame(self, fetch: _Fetch, givers: tuple[str, ...]) -> None:
        """What came was not the file. Of several nobody knows who lied; one alone did."""
        for giver in givers:
            self._speaker.note(giver, f"{fetch.file.sha256}: took part in giving other bytes")
        if len(givers) == 1:
            fetch.liars.add(givers[0])
            holder = self._holder(givers[0])
            holder.lies = min(holder.lies + 1, LIES_MAX)

    def _holder(self, node: str) -> _Holder:
        return self._holders.setdefault(node, _Holder())
