"""What a handler sees: the records at one head, and a place for what it decides to write."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Final

import bson
from pydantic import ValidationError

from hinterland.batch import Draft, payload_line
from hinterland.clock import ULID_RANDOM_BYTES, from_us, new_ulid
from hinterland.errors import BadInput, Inapplicable, NotFound
from hinterland.files.errors import FileNotHere
from hinterland.records.room import Body, Record, Room

__all__ = ["PRIVATE", "Changes", "derived_id"]

PRIVATE: Final = "private"
SALT_BYTES: Final = 16


def derived_id(node: str, kind: str, *parts: str) -> str:
    """An id that depends on its parts alone, so that a reaction that runs twice writes once."""
    random = hashlib.sha256("\n".join((kind, *parts)).encode()).digest()
    # The time of a derived id says nothing; the first millisecond marks it as one.
    return f"{node}.{kind}.{new_ulid(from_us(0), random[:ULID_RANDOM_BYTES])}"


class Changes:
    """One command's view. A handler may run again on a later head: it must only use what is here.

    `queries` may be asked for other things; what it returns holds for this head too, because
    nothing is appended unless the head is still the one that was read.
    """

    def __init__(
        self,
        *,
        room: Room,
        node: str,
        now: datetime,
        by: str | None,
        load: Callable[[str], Record | None],
        lacking: Callable[[Iterable[str]], set[str]],
    ) -> None:
        """`load` finds a record by its id; `lacking` says which files are neither here nor coming,
        by their hashes.
        """
        self.node = node
        self.now = now
        self.by = by
        self.touched: set[str] = set()
        self.drafts: list[tuple[str, Draft, Body | None]] = []  # scope, draft, body
        self.fresh: set[str] = set()  # ids made here, which nothing is known of
        self.files: set[str] = set()  # hashes that this command begins to refer to
        self._room = room
        self._load = load
        self._lacking = lacking
        self._written: dict[str, Record | None] = {}

    def get(self, record_id: str) -> Record | None:
        """The live record, with what this command has written itself; None if there is none."""
        if record_id in self._written:
            return self._written[record_id]
        self.touched.add(record_id)
        return self._load(record_id)

    def new_id(self, kind: str) -> str:
        return f"{self.node}.{kind}.{new_ulid(self.now, os.urandom(ULID_RANDOM_BYTES))}"

    def claim(self, key: str) -> None:
        """Say that this command depends on a unique key: no other that does shares its batch."""
        self.touched.add(f"key {key}")

    def put(self, kind: str, body: Body, scope: str, record_id: str | None = None) -> str:
        """Write a whole record, a new one where `record_id` is None; returns its id.

        Raises BadInput where the body is not what the kind says, FileNotHere where it refers to a
        file that nobody has uploaded, Inapplicable where the record would change between private
        and shared.
        """
        if record_id is None:
            record_id = self.new_id(kind)
            self.fresh.add(record_id)
        if record_id.split(".", 1)[0] != self.node:
            raise ValueError(f"{record_id} has another home; suggest a change instead")
        declared = self._room.kinds[kind]
        if scope not in declared.scopes:
            allowed = ", ".join(sorted(declared.scopes))
            raise BadInput(f"{kind} may be {allowed}, not {scope}.", field="scope")
        try:
            declared.model.model_validate(body)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            raise BadInput(first["msg"], field=".".join(map(str, first["loc"]))) from error
        try:
            bson.encode(body)
        except (bson.errors.BSONError, OverflowError, UnicodeEncodeError, ValueError) as error:
            raise BadInput(f"This cannot be stored: {error}", field=kind) from error
        old = None if record_id in self.fresh else self.get(record_id)
        if old is not None and (old.scope == PRIVATE) != (scope == PRIVATE):
            raise Inapplicable(
                "A record never moves between private and shared; write another one that it names.",
                field="scope",
            )
        self._refer(kind, body, old)
        line = payload_line(record_id, kind, scope, body, os.urandom(SALT_BYTES))
        self._write(scope, Draft(record_id, kind, "put", self.by, line), body)
        self._written[record_id] = Record(
            id=record_id,
            kind=kind,
            home=self.node,
            scope=scope,
            feed=old.feed if old else "",
            epoch=old.epoch if old else 0,
            n=old.n if old else 0,
            at=self.now,
            by=self.by,
            arrived=self.now,
            body=body,
        )
        return record_id

    def _refer(self, kind: str, body: Body, old: Record | None) -> None:
        files = {each.sha256 for each in self._room.references(kind, body)}
        if files and old is not None:
            files -= {each.sha256 for each in self._room.references(old.kind, old.body)}
        if files and self._lacking(files):
            raise FileNotHere(field="files")
        self.files |= files

    def delete(self, record_id: str) -> None:
        """End a record. Its past payloads stay until compaction. Raises NotFound."""
        self._end(record_id, "delete")

    def erase(self, record_id: str) -> None:
        """End a record and have every node forget all its payloads. Raises NotFound."""
        self._end(record_id, "erase")

    def _end(self, record_id: str, op: str) -> None:
        old = self.get(record_id)
        if old is None:
            raise NotFound(field="id")
        self._write(old.scope, Draft(record_id, old.kind, op, self.by, b""), None)
        self._written[record_id] = None

    def _write(self, scope: str, draft: Draft, body: Body | None) -> None:
        self.touched.add(draft.id)
        self.drafts.append((scope, draft, body))
