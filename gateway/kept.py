"""A bounded cache: what was used longest ago goes first, and nothing is older than it may be."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

__all__ = ["Kept"]

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Kept(Generic[K, V]):
    """Times are in seconds of any one clock, and the caller's."""

    def __init__(self, entries_max: int, age_s_max: float = float("inf")) -> None:
        self._entries_max = entries_max
        self._age_s_max = age_s_max
        self._entries: OrderedDict[K, tuple[float, V]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: K, now: float = 0.0) -> V | None:
        entry = self._entries.get(key)
        if entry is None:
            return None
        since, value = entry
        if now - since > self._age_s_max:
            del self._entries[key]
            return None
        self._entries.move_to_end(key)
        return value

    def put(self, key: K, value: V, now: float = 0.0) -> None:
        self._entries[key] = (now, value)
        self._entries.move_to_end(key)
        if len(self._entries) > self._entries_max:
            self._entries.popitem(last=False)

    def pop(self, key: K) -> V | None:
        entry = self._entries.pop(key, None)
        return None if entry is None else entry[1]

    def clear(self) -> None:
        self._entries.clear()
