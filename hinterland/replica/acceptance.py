"""Whether an entry of a validly signed batch may touch the records here. Pure.

The batch proves who wrote the entry; this asks whether it was his to write and whether this node
can hold it. What is refused is quarantined, alone: visible, counted, tried again after an upgrade.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import bson

from hinterland.batch import BadBatch, Entry, Header, Payload, home_of, kind_of, read_payload
from hinterland.clock import from_rfc3339

__all__ = ["SHARED_SCOPES", "Check", "Judged", "judge"]

SHARED_SCOPES: Final = ("members", "public")
# BSON writes a field's name with a NUL at its end; a document that has this one is a DBRef to its
# readers.
DBREF_KEY: Final = b"$ref\0"
REASON_CHARS_MAX: Final = 300
OPS: Final = ("put", "delete", "erase")

# What a room says of a payload of its own kinds: None, or why it cannot be read.
Check = Callable[[Payload], str | None]


@dataclass(frozen=True, slots=True)
class Judged:
    """One entry with its number and the verdict on it.

    `payload` is what to write, if the entry is a put whose payload is here; `hole` says that it
    is a put whose payload is not; `reason` is why it is quarantined, or None.
    """

    n: int
    entry: Entry
    payload: Payload | None = None
    hole: bool = False
    reason: str | None = None


def judge(
    header: Header, n: int, line: bytes, *, foreign_kinds: frozenset[str], check: Check
) -> Judged:
    """Judge entry `n` of any feed; `line` is its payload, b"" where there is none."""
    entry = header.entries[n - header.first]
    reason = _refuse_header(header, entry, foreign_kinds)
    if reason is not None or entry.op != "put":
        return Judged(n, entry, reason=_short(reason))
    if not line:
        return Judged(n, entry, hole=True)
    try:
        payload = read_payload(line)
    except BadBatch as error:
        return Judged(n, entry, reason=error.message)
    reason = _refuse_payload(header, entry, payload) or check(payload)
    return Judged(n, entry, payload=None if reason else payload, reason=_short(reason))


def _short(reason: str | None) -> str | None:
    """A reason may quote what it refuses."""
    return reason if reason is None else reason[:REASON_CHARS_MAX]


def _refuse_header(header: Header, entry: Entry, foreign_kinds: frozenset[str]) -> str | None:
    if home_of(entry.id) != header.node:
        return f"the id belongs to another home than {header.node}"
    if kind_of(entry.id) != entry.kind:
        return "the id names another kind than the entry"
    if entry.kind in foreign_kinds:
        return f"kind {entry.kind} belongs to another service"
    if entry.op not in OPS:
        return f"operation {entry.op} is not known here"
    if bool(entry.sum) != (entry.op == "put"):
        return "a put has a sum, and nothing else has"
    try:
        from_rfc3339(entry.at)
    except (ValueError, OverflowError):  # in UTC it may lie before the year 1 or after 9999
        return "the time is not RFC 3339"
    return None


def _refuse_payload(header: Header, entry: Entry, payload: Payload) -> str | None:
    if payload.id != entry.id or payload.kind != entry.kind:
        return "the payload is another record's"
    private = header.feed.endswith("/private")
    allowed = ("private",) if private else SHARED_SCOPES
    if payload.scope not in allowed:
        return f"scope {payload.scope!r} does not belong into this feed"
    try:
        encoded = bson.encode(payload.body)
    except (bson.errors.BSONError, OverflowError, UnicodeEncodeError, ValueError) as error:
        return f"the body cannot be stored: {error}"
    if DBREF_KEY in encoded and bson.decode(encoded) != payload.body:
        return "the body cannot be stored: it would be read back as a reference"
    return None
