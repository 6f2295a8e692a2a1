"""What rooms answer alike: the envelope of a record, and answers kept until something changes."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from datetime import datetime
from typing import Any, Final, TypeVar

from hinterland.clock import from_us, rfc3339

__all__ = ["KeptPerHead", "envelope"]

T = TypeVar("T")

KEPT_ANSWERS_MAX: Final = 1_000  # totals and summaries of the present head


class KeptPerHead:
    """Answers that hold as long as nothing changes; the next head forgets them all."""

    def __init__(self) -> None:
        self._head = -1
        self._answers: OrderedDict[Hashable, Any] = OrderedDict()

    def get(self, head: int, key: Hashable, compute: Callable[[], T]) -> T:
        if head > self._head:
            self._head = head
            self._answers.clear()
        if head == self._head and key in self._answers:
            kept: T = self._answers[key]
            return kept
        answer = compute()
        if head == self._head:
            self._answers[key] = answer
            while len(self._answers) > KEPT_ANSWERS_MAX:
                self._answers.popitem(last=False)
        return answer


def envelope(document: Mapping[str, Any]) -> dict[str, Any]:
    """What is known of any record besides its body."""
    at: datetime = document["at"]
    return {
        "id": document["_id"],
        "version": f"{document['epoch']}.{document['n']}",
        "home": document["home"],
        "scope": document["scope"],
        "at": rfc3339(at),
        "arrived": rfc3339(from_us(document["arrived"])),
    }
