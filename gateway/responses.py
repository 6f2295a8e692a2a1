"""Whole answers, kept for as long as nothing has changed that they were computed from.

An answer is kept under its document, its variables and its audience, together with the heads of
the services that it was read from. It is given out again while no newer head of these is known
here. A new head reaches this process as a message a few milliseconds after the commit; should the
message be lost, the answer's age is bounded. A caller who has seen a newer head elsewhere says so,
and is never given an older answer.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import NamedTuple

from gateway import limits
from gateway.encoding import Encoded
from gateway.live import Heads
from gateway.live.heads import behind

__all__ = ["KeptAnswer", "Key", "Responses"]


class Key(NamedTuple):
    document: str
    operation: str | None
    variables: bytes
    audience: str


class KeptAnswer(NamedTuple):
    answer: Encoded
    heads: Mapping[str, int]
    since: float


class Responses:
    """`bytes_max` 0 keeps nothing, and then nothing is shared either."""

    def __init__(
        self,
        heads: Heads,
        bytes_max: int = limits.RESPONSES_BYTES_MAX,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._heads = heads
        self._bytes_max = bytes_max
        self._clock = clock
        self._kept: OrderedDict[Key, tuple[KeptAnswer, int]] = OrderedDict()
        self._bytes = 0

    @property
    def keeps(self) -> bool:
        return self._bytes_max > 0

    def get(self, key: Key, wanted: Mapping[str, int]) -> KeptAnswer | None:
        """An answer that is as new as any that is known of, and not older than `wanted`."""
        entry = self._kept.get(key)
        if entry is None:
            return None
        kept, _ = entry
        if (
            not self._heads.current(kept.heads)
            or self._clock() - kept.since > limits.RESPONSE_AGE_S_MAX
        ):
            self._drop(key)
            return None
        if behind(kept.heads, wanted):
            return None
        self._kept.move_to_end(key)
        return kept

    def put(self, key: Key, answer: Encoded, heads: Mapping[str, int]) -> None:
        """Keeps an answer, unless it is large, or old already."""
        if len(answer.body) > min(limits.RESPONSE_BYTES_MAX, self._bytes_max):
            return
        if not self._heads.current(heads):
            return
        if key in self._kept:
            self._drop(key)
        # Its compressed forms are made later, and are smaller than the body.
        size = 2 * len(answer.body) + len(key.document) + len(key.variables)
        self._kept[key] = (KeptAnswer(answer, dict(heads), self._clock()), size)
        self._bytes += size
        while self._bytes > self._bytes_max:
            self._drop(next(iter(self._kept)))

    def _drop(self, key: Key) -> None:
        _, size = self._kept.pop(key)
        self._bytes -= size
