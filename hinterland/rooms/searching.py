"""Where MongoDB starts when words are searched for: at the rarest word, at the other filters, or
along the order of the list. Left alone it tries all of them at once, and tests each record against
every word with regular expressions; measured at 100,000 NGOs that takes ten times as long.

A room that searches keeps the terms of its records in `ix.terms`, under an index named `terms`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Any, Final, Protocol

from pymongo.collection import Collection

from hinterland.rooms.paging import Condition, Keyset
from hinterland.search import Conjunction, Query

__all__ = ["TERMS", "Conditions", "Searcher", "Stages", "stages_of", "unknown_words"]

Records = Collection[dict[str, Any]]
Document = dict[str, Any]

TERMS: Final = "ix.terms"
TERMS_INDEX: Final = "terms"
ESTIMATED_MAX: Final = 5_000  # index entries that are counted to see how common a word is
FITTING_MAX: Final = 1_000  # records that are counted to see how much the other filters leave
FEW: Final = 200  # so few records are read without more ado
ORDERED_MAX: Final = 3_000  # records that are read along the order of a list to fill a page
# Stages before a limit are not merged with those after it, so that the planner sees only them.
BARRIER: Final[Document] = {"$limit": 2**31 - 1}


class Conditions(Protocol):
    """What records must fulfil: `base` is all but the search `query`."""

    @property
    def base(self) -> list[Condition]: ...

    @property
    def query(self) -> Query | None: ...

    @property
    def filtered(self) -> bool:
        """Whether more than the audience is in `base`."""

    @property
    def facets(self) -> str | None:
        """The index that is enough to count `base`, if there is one."""

    def along(self, keyset: Keyset) -> bool:
        """Whether an index fulfils `base` and goes on with this order."""


@dataclass(frozen=True, slots=True)
class Stages:
    """The beginning of a pipeline that finds what is wanted, and the index that it must take."""

    pipeline: list[Document]
    hint: str | None = None

    @property
    def options(self) -> dict[str, Any]:
        return {} if self.hint is None else {"hint": self.hint}


@dataclass(frozen=True, slots=True)
class Start:
    """Where to start: the stages that read the fewest records, how many these are, and how many of
    all records have the words. Words that stand nowhere leave nothing to read."""

    stages: Stages
    read: int
    likely: float


NOTHING: Final = Start(Stages([{"$match": {"_id": {"$in": []}}}]), 0, 0.0)


def _all(conditions: Sequence[Condition]) -> Condition:
    return {"$and": list(conditions)}


class Searcher:
    """Searches under one set of conditions. What it learns of how common things are holds for all
    tiers of one request."""

    def __init__(
        self, collection: Records, conditions: Conditions, fields: Mapping[str, int]
    ) -> None:
        """`fields` is the projection of what is found."""
        self._collection = collection
        self._conditions = conditions
        self._fields = dict(fields)

    @cached_property
    def _everything(self) -> int:
        return max(1, self._collection.estimated_document_count())

    @cached_property
    def _fitting(self) -> int:
        """How many records the other filters leave, up to FITTING_MAX."""
        if not self._conditions.filtered:
            return FITTING_MAX
        base = _all(self._conditions.base)
        return self._collection.count_documents(base, limit=FITTING_MAX)

    def _common(self, lead: Condition) -> int:
        """How many records a lead finds, up to ESTIMATED_MAX; out of the index alone."""
        return self._collection.count_documents(lead, limit=ESTIMATED_MAX, hint=TERMS_INDEX)

    def start(self, wanted: Conjunction, beyond: Sequence[Condition] = ()) -> Start:
        leads = wanted.leads(TERMS)
        counts = [self._common(lead) for lead in leads]
        rarest = min(counts)
        if not rarest:
            return NOTHING
        likely = prod(count / self._everything for count in counts) * self._everything
        base, test = self._conditions.base, wanted.test(TERMS)
        if rarest > FEW and self._fitting < min(rarest, FITTING_MAX):
            stages = Stages([{"$match": _all(base)}, BARRIER, {"$match": _all([*beyond, test])}])
            return Start(stages, self._fitting, likely)
        tested = len(leads) > 1 or bool(wanted.before)
        rest = _all([*base, *beyond, *([test] if tested else [])])
        lead = {"$match": leads[counts.index(rarest)]}
        return Start(Stages([lead, BARRIER, {"$match": rest}], TERMS_INDEX), rarest, likely)

    def page(
        self,
        wanted: Conjunction,
        keyset: Keyset,
        beyond: Sequence[Condition],
        backwards: bool,
        count: int,
    ) -> list[Document]:
        """The first `count` of what is wanted `beyond` a cursor, in the order of `keyset`."""
        start = self.start(wanted, beyond)
        if not start.read:
            return []
        sort: Document = {"$sort": dict(keyset.sort(backwards))}
        rest: list[Document] = [{"$limit": count}, {"$project": self._fields}]
        common = count * self._everything < start.likely * ORDERED_MAX
        if start.read > FEW and common and self._conditions.along(keyset):
            # It comes up soon along the order, unless it all stands at the end.
            plain, test = _all([*self._conditions.base, *beyond]), wanted.test(TERMS)
            along = [{"$match": plain}, sort, {"$limit": ORDERED_MAX}, {"$match": test}, *rest]
            stages = Stages(along, None if self._conditions.filtered else keyset.index)
            found = list(self._collection.aggregate(stages.pipeline, **stages.options))
            if len(found) == count:
                return found
        pipeline = [*start.stages.pipeline, sort, *rest]
        return list(self._collection.aggregate(pipeline, **start.stages.options))

    def ordered_page(
        self,
        wanted: Conjunction,
        keyset: Keyset,
        beyond: Sequence[Condition],
        backwards: bool,
        count: int,
    ) -> list[Document]:
        """The same, where `beyond` bounds the order to little more than what is wanted."""
        parts = _all([*self._conditions.base, *beyond, wanted.test(TERMS)])
        found = self._collection.find(parts, self._fields).sort(keyset.sort(backwards))
        return list(found.hint(keyset.index).limit(count))


def stages_of(collection: Records, conditions: Conditions) -> Stages:
    """Everything that the conditions mean, for counting and grouping."""
    if conditions.query is None:
        return Stages([{"$match": _all(conditions.base)}], conditions.facets)
    searcher = Searcher(collection, conditions, {"_id": 1})
    return searcher.start(conditions.query.found()).stages


def unknown_words(collection: Records, query: Query, audience: Condition) -> frozenset[str]:
    """Words that no record of the audience spells so, and that may therefore be misspelt: one look
    into the index of terms for each."""
    return frozenset(
        word
        for word, spelt in query.spellings().items()
        if collection.find_one({TERMS: {"$in": list(spelt)}, **audience}, {"_id": 1}) is None
    )
