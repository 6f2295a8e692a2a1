"""The conversation about bodies between nodes: a message or a tick goes in, effects come out.

Like `hinterland.replica`, with which it shares members, signatures and routing keys, it knows no
clock, socket or database. Two kinds of message carry it:

want-file  asker's number for it, hash, at which byte to start, byte budget
give-file  the same number and hash, and either size, start and bytes; or `busy_s`, when
           to ask again; or nothing of these: it is not here, or not shared

Any member may give a body, because it is checked against its name.
"""

from __future__ import annotations

from random import Random
from typing import Any, Final

from hinterland.files.effects import FileEffect, ReadBody, Sweep
from hinterland.files.fetching import Fetching
from hinterland.files.pieces import Kept, MissingFile
from hinterland.files.serving import Serving
from hinterland.files.speaker import Speaker
from hinterland.replica import Publish
from hinterland.replica.messages import BadMessage, Message

__all__ = ["Exchange"]

SWEEP_INTERVAL_S: Final = 3600.0  # for uploads that nothing refers to


class Exchange:
    """One service's part of the conversation; the replica has authenticated what comes here."""

    def __init__(self, speaker: Speaker, random: Random) -> None:
        self._speaker = speaker
        self._fetching = Fetching(speaker, random)
        self._serving = Serving(speaker)
        self._sweep_at = float("-inf")

    def receive(self, message: Message, now: float) -> list[FileEffect]:
        """Take one message of a member. Rubbish is counted, and has no other effect."""
        take = {"want-file": self._serving.take, "give-file": self._fetching.take}
        try:
            return take[message.type](message, now)
        except BadMessage as error:
            self._speaker.note(message.sender, error.message)
            return []

    def tick(self, now: float) -> list[FileEffect]:
        effects = self._fetching.tick(now)
        if now >= self._sweep_at:
            self._sweep_at = now + SWEEP_INTERVAL_S
            effects.append(Sweep())
        return effects

    def records_changed(self) -> None:
        self._fetching.records_changed()

    def forget(self) -> None:
        self._fetching.forget()

    def found(self, file: MissingFile | None, now: float) -> list[FileEffect]:
        return self._fetching.found(file, now)

    def kept(self, kept: Kept, now: float) -> list[FileEffect]:
        return self._fetching.kept(kept, now)

    def give(self, want: ReadBody, size: int, data: bytes) -> Publish:
        return self._serving.give(want, size, data)

    def fetching(self) -> dict[str, Any] | None:
        return self._fetching.status()
