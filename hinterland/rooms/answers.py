"""What rooms answer alike: the envelope of a record, and answers kept until something changes."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, TypeVar

from hinterland.clock import from_us, rfc3339
from hinterland.rooms.paging import Found

__all__ = ["KeptPerHead", "envelope", "page_of", "summary_of"]

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


def page_of(
    head: int, page: Found, shown: Callable[[Mapping[str, Any]], Any], total: int | None
) -> dict[str, Any]:
    """A page as every list answers it: `{head, items, cursors, has_next, has_previous, total}`;
    `total` is None where nobody asked for it."""
    return {
        "head": head,
        "items": [shown(document) for document in page.documents],
        "cursors": page.cursors,
        "has_next": page.has_next,
        "has_previous": page.has_previous,
        "total": total,
    }


def summary_of(
    head: int,
    total: int,
    counts: Mapping[tuple[Any, ...], int],
    keys: Sequence[str],
    groups_max: int,
) -> dict[str, Any]:
    """`{head, total, groups: [{keys: {key: value}, count}], truncated}`: the largest groups first;
    `truncated` says that there were more than `groups_max`. `counts` are by the keys' values."""
    ordered = sorted(counts.items(), key=lambda group: (-group[1], tuple(map(str, group[0]))))
    groups = [
        {"keys": dict(zip(keys, values, strict=True)), "count": count}
        for values, count in ordered[:groups_max]
    ]
    return {
        "head": head,
        "total": total,
        "groups": groups,
        "truncated": len(ordered) > groups_max,
    }
