"""Answers to nodes that ask for bodies: a bounded piece at a time, at a bounded rate for each."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

from hinterland.batch import HASH_PATTERN
from hinterland.files.effects import FileEffect, ReadBody
from hinterland.files.prepared import FILE_BYTES_MAX
from hinterland.files.speaker import Speaker
from hinterland.replica import Publish
from hinterland.replica.messages import Message

__all__ = ["GIVE_BYTES_MAX", "Serving"]

GIVE_BYTES_MAX: Final = 1024 * 1024  # of a file, in one message
SERVED_BYTES_A_SECOND_MAX: Final = 4 * 1024 * 1024  # to each asker
SERVED_BYTES_AT_ONCE_MAX: Final = 8 * 1024 * 1024  # to one that has asked for nothing lately
ANSWER_BYTES_MIN: Final = 8 * 1024  # what even "not here" costs
SERVED_AGAIN_S: Final = 2.0  # between two answers to the same ask: nobody repeats one sooner
NUMBER_MAX: Final = 1 << 53


@dataclass(slots=True)
class _Allowance:
    """What one asker may still be given; below zero it is told to wait."""

    left: float
    at: float
    answered: int = -1
    answered_at: float = float("-inf")

    def refill(self, now: float) -> None:
        grown = self.left + (now - self.at) * SERVED_BYTES_A_SECOND_MAX
        self.left, self.at = min(grown, SERVED_BYTES_AT_ONCE_MAX), now


class Serving:
    """One service's answers. Keeps one small note for each member that ever asked."""

    def __init__(self, speaker: Speaker) -> None:
        self._speaker = speaker
        self._allowances: dict[str, _Allowance] = {}

    def take(self, message: Message, now: float) -> list[FileEffect]:
        """A member wants a piece of a body. Raises BadMessage."""
        ask = message.count("ask", NUMBER_MAX)
        want = ReadBody(
            asker=message.sender,
            ask=ask,
            sha256=message.text("sha256", HASH_PATTERN),
            start=message.count("start", FILE_BYTES_MAX),
            budget=min(message.count("budget", NUMBER_MAX), GIVE_BYTES_MAX),
        )
        allowance = self._allowances.setdefault(
            message.sender, _Allowance(SERVED_BYTES_AT_ONCE_MAX, now)
        )
        allowance.refill(now)
        repeated = ask == allowance.answered and now - allowance.answered_at < SERVED_AGAIN_S
        if repeated or allowance.left < -SERVED_BYTES_AT_ONCE_MAX:
            return []
        allowance.answered, allowance.answered_at = ask, now
        if allowance.left < 0:
            allowance.left -= ANSWER_BYTES_MIN
            seconds = math.ceil(-allowance.left / SERVED_BYTES_A_SECOND_MAX)
            return [self._give(want, {"busy_s": seconds})]
        return [want]

    def give(self, want: ReadBody, size: int, data: bytes) -> Publish:
        """Answer with what was read of a body of `size` bytes; size 0 says that it is not here."""
        self._allowances[want.asker].left -= max(len(data), ANSWER_BYTES_MIN)
        fields = {"size": size, "start": want.start} if size else {}
        return self._give(want, fields, data)

    def _give(self, want: ReadBody, fields: dict[str, Any], data: bytes = b"") -> Publish:
        fields = {"type": "give-file", "re": want.ask, "sha256": want.sha256, **fields}
        routing_key = f"give.{self._speaker.service}.{want.asker}"
        return self._speaker.say(routing_key, fields, [data] if data else [])
