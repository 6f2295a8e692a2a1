"""Tables: what a node holds of the others' feeds, told page by page to whoever asks."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any, Final

from hinterland.replica.messages import TABLE_LINES_MAX, Line, Message, rest_hash

__all__ = ["PAGES_MAX", "REST_CHARS", "Page", "Table", "table_page"]

PAGES_MAX: Final = 1000
REST_CHARS: Final = 64


def table_page(lines: Iterable[Line], without: str, page: int) -> dict[str, Any]:
    """One page of a table, without the feeds of the node that tells it."""
    told = sorted(
        (line for line in lines if not line.feed.startswith(f"{without}/")),
        key=lambda line: line.feed,
    )
    start = page * TABLE_LINES_MAX
    return {
        "table": [line.to_wire() for line in told[start : start + TABLE_LINES_MAX]],
        "page": page,
        "more": len(told) > start + TABLE_LINES_MAX,
        "rest": rest_hash(told, without),
    }


class Page(Enum):
    """What became of a page: the next heads say so where one was passed over."""

    PASSED_OVER = auto()
    ONE_OF_MANY = auto()
    LAST = auto()


@dataclass(slots=True)
class Table:
    """A table on its way. `ask` is the want whose answer is awaited, 0 if none is."""

    ask: int = 0
    asked_at: float = float("-inf")
    page: int = 0
    rest: str = ""
    lines: list[Line] = field(default_factory=list)

    def asked(self, ask: int, now: float) -> dict[str, Any]:
        """What to say to ask for the next page."""
        self.ask = ask
        self.asked_at = now
        return {"type": "want", "ask": ask, "page": self.page}

    def take(
        self, message: Message, ask: int, *, follows: Callable[[str], bool], members: int
    ) -> Page:
        """Take a page, if it was asked for, and is of the same table as the page before."""
        if not self.ask or ask != self.ask:
            return Page.PASSED_OVER
        self.ask = 0
        rest = str(message.fields.get("rest"))[:REST_CHARS]
        if self.page and rest != self.rest:
            return Page.PASSED_OVER
        self.rest = rest
        self.lines += [line for line in message.lines("table") if follows(line.feed)]
        self.page += 1
        if message.fields.get("more") is not True:
            return Page.LAST
        # A table larger than the membership can fill is not worth reading on.
        if self.page > members // TABLE_LINES_MAX + 1:
            return Page.PASSED_OVER
        return Page.LAST if len(self.lines) >= members else Page.ONE_OF_MANY
