"""Keyset paging: cursors that say where a page ended, in whichever order and direction."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from hinterland.errors import BadInput
from hinterland.rooms.arguments import PAGE_ITEMS_DEFAULT, PageArguments

__all__ = ["ASCENDING", "DESCENDING", "Found", "Keyset", "Slice", "cut", "slice_of"]

Document = dict[str, Any]
Condition = dict[str, Any]

ASCENDING: Final = 1
DESCENDING: Final = -1


@dataclass(frozen=True, slots=True)
class Found:
    """A page: documents with their cursors, and whether there are more on either side."""

    documents: list[Document]
    cursors: list[str]
    has_next: bool
    has_previous: bool


@dataclass(frozen=True, slots=True)
class Slice:
    """Which part of an ordered list is asked for: `count` items beyond `cursor`, in the list's
    order or, `backwards`, against it."""

    count: int
    cursor: tuple[Any, ...] | None
    backwards: bool


@dataclass(frozen=True, slots=True)
class Keyset:
    """An order of two fields of which the second is `_id`, one direction for both; `index` is the
    name of the one that has it."""

    name: str
    field: str
    direction: int
    index: str

    def sort(self, backwards: bool) -> list[tuple[str, int]]:
        direction = -self.direction if backwards else self.direction
        return [(self.field, direction), ("_id", direction)]

    def beyond(self, cursor: Sequence[Any], backwards: bool) -> Condition:
        """What comes after `cursor`. The first condition bounds the index, the second is exact."""
        value, record_id = cursor
        up = (self.direction == ASCENDING) != backwards
        at_least, more = ("$gte", "$gt") if up else ("$lte", "$lt")
        return {
            self.field: {at_least: value},
            "$or": [{self.field: {more: value}}, {"_id": {more: record_id}}],
        }


def encode(order: str, values: Sequence[Any]) -> str:
    return urlsafe_b64encode(orjson.dumps([order, *values])).decode().rstrip("=")


def decode(cursor: str, order: str, types: Sequence[type]) -> tuple[Any, ...]:
    """Raises BadInput unless the cursor belongs to a list in this order."""
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        name, *values = orjson.loads(urlsafe_b64decode(padded.encode("ascii")))
    except ValueError as error:
        raise BadInput("this is no cursor of ours", field="cursor") from error
    if name != order or len(values) != len(types):
        raise BadInput(f"this cursor is not of a list by {order}", field="cursor")
    for value, kind in zip(values, types, strict=True):
        if not isinstance(value, kind) or isinstance(value, bool):
            raise BadInput("this is no cursor of ours", field="cursor")
    return tuple(values)


def slice_of(page: PageArguments, order: str, types: Sequence[type]) -> Slice:
    """What a page's arguments ask for, in a list of that order. `after` belongs to `first`,
    `before` to `last`. Raises BadInput."""
    backwards = page.last is not None or (page.first is None and page.before is not None)
    cursor = page.before if backwards else page.after
    if (page.after if backwards else page.before) is not None:
        raise BadInput("give `first` with `after`, or `last` with `before`", field="cursor")
    count = page.last if backwards else page.first
    return Slice(
        count=PAGE_ITEMS_DEFAULT if count is None else count,
        cursor=None if cursor is None else decode(cursor, order, types),
        backwards=backwards,
    )


def cut(wanted: Slice, order: str, found: list[tuple[tuple[Any, ...], Document]]) -> Found:
    """A page out of what was found beyond the cursor, one more than asked for if there is more."""
    more = len(found) > wanted.count
    kept = found[: wanted.count]
    if wanted.backwards:
        kept.reverse()
    before = wanted.cursor is not None
    return Found(
        documents=[document for _, document in kept],
        cursors=[encode(order, values) for values, _ in kept],
        has_next=before if wanted.backwards else more,
        has_previous=more if wanted.backwards else before,
    )
