"""What a room tells the kernel of itself, and what it gets back: a record."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from pydantic import ValidationError

from hinterland.batch import Payload
from hinterland.clock import from_us
from hinterland.errors import BadInput
from hinterland.files.reference import FileReference, read_references
from hinterland.kinds import Kind, foreign_kinds

__all__ = ["Record", "Room"]

Body = dict[str, Any]


def _no_index(kind: str, body: Body) -> Body:
    return {}


def _files_at_top(kind: str, body: Body) -> Iterable[Any]:
    files = body.get("files") or ()
    # A mistake to be named, not to be passed over.
    return files if isinstance(files, list | tuple) else (files,)


@dataclass(frozen=True, slots=True)
class Room:
    """One service's records: their kinds, the fields `ix` that its queries need of each, and where
    in a body its `hinterland.files.reference.FileReference`s are; by default, a list `files`.

    A version that computes `ix` otherwise than the one before counts `index_version` up.
    """

    service: str
    kinds: Mapping[str, Kind]
    index: Callable[[str, Body], Body] = _no_index
    files: Callable[[str, Body], Iterable[Any]] = _files_at_top
    index_version: int = 1

    @property
    def foreign_kinds(self) -> frozenset[str]:
        return foreign_kinds(self.service)

    def references(self, kind: str, body: Body) -> tuple[FileReference, ...]:
        """The files that a body refers to; none for kinds of newer nodes. Raises BadInput."""
        return read_references(self.files(kind, body)) if kind in self.kinds else ()

    def check(self, payload: Payload) -> str | None:
        """Why a payload of a known kind cannot be applied; kinds of newer nodes are kept unread."""
        kind = self.kinds.get(payload.kind)
        if kind is None:
            return None
        if payload.scope not in kind.scopes:
            return f"a record of kind {payload.kind} is never {payload.scope}"
        try:
            kind.model.model_validate(payload.body)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            place = ".".join(map(str, first["loc"]))
            return f"{place}: {first['msg']}"
        try:
            self.references(payload.kind, payload.body)
        except BadInput as error:
            return str(error)
        return None


@dataclass(frozen=True, slots=True)
class Record:
    """The accepted version of a live record, as this node holds it.

    `at` is when its home says that it wrote it; `arrived` when it came to be here.
    """

    id: str
    kind: str
    home: str
    scope: str
    feed: str
    epoch: int
    n: int
    at: datetime
    by: str | None
    arrived: datetime
    body: Body

    @property
    def version(self) -> str:
        """What a caller passes back to say which version he saw."""
        return f"{self.epoch}.{self.n}"

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Self:
        return cls(
            id=document["_id"],
            kind=document["kind"],
            home=document["home"],
            scope=document["scope"],
            feed=document["feed"],
            epoch=document["epoch"],
            n=document["n"],
            at=document["at"],
            by=document["by"],
            arrived=from_us(document["arrived"]),
            body=document["body"],
        )
