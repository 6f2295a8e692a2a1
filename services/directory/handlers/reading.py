"""Reads of NGOs: single ones, lists, summaries and the export."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, cast

from hinterland.actors import Actor
from hinterland.records import Records
from hinterland.rooms.answers import KeptPerHead, envelope, page_of, summary_of
from services.directory import queries
from services.directory.contract import limits
from services.directory.contract.access import readable_scopes
from services.directory.contract.calls import (
    ExportNgos,
    GetNgos,
    ListNgos,
    SummariseNgos,
)
from services.directory.contract.codes import VerificationState
from services.directory.contract.results import NgoJson

__all__ = [
    "export_ngos",
    "get_ngos",
    "list_ngos",
    "ngo_json",
    "summarise_ngos",
]

M_PER_KM: Final = 1000.0


def ngo_json(document: Mapping[str, Any]) -> NgoJson:
    """An NGO as it is returned."""
    shown = {
        "verification": {"state": str(VerificationState.UNVERIFIED)},
        **document["body"],
        **envelope(document),
    }
    if "distance" in document:
        shown["distance_km"] = round(document["distance"] / M_PER_KM, 3)
    return cast(NgoJson, shown)


def get_ngos(records: Records, actor: Actor, params: GetNgos) -> dict[str, Any]:
    """NGOs in the order of their ids, None for those that are not there for this actor."""
    head = records.head()
    scopes = readable_scopes(actor, "ngo", records.node)
    found = queries.ngos_by_id(records.collection, params.ids, scopes)
    items = [ngo_json(found[record_id]) if record_id in found else None for record_id in params.ids]
    return {"head": head, "items": items}


def list_ngos(
    records: Records, totals: KeptPerHead, actor: Actor, params: ListNgos
) -> dict[str, Any]:
    """A page; see `contract.calls.Page`. Raises BadInput for cursors and orders that do not fit."""
    head = records.head()
    scopes = readable_scopes(actor, "ngo", records.node)
    conditions = queries.matching(records.collection, params.filter, scopes)
    page = queries.list_page(records.collection, conditions, params)
    total = None
    if params.count:
        key = ("count", scopes, params.filter.model_dump_json())
        total = totals.get(head, key, lambda: queries.count_ngos(records.collection, conditions))
    return page_of(head, page, ngo_json, total)


def summarise_ngos(
    records: Records, totals: KeptPerHead, actor: Actor, params: SummariseNgos
) -> dict[str, Any]:
    """Groups by count, the largest first; see `contract.calls.Summary`."""
    head = records.head()
    scopes = readable_scopes(actor, "ngo", records.node)
    keys = tuple(dict.fromkeys(params.by))

    def compute() -> tuple[int, queries.Counts]:
        conditions = queries.matching(records.collection, params.filter, scopes)
        return queries.summarise(records.collection, conditions, keys)

    total, counts = totals.get(head, (keys, scopes, params.filter.model_dump_json()), compute)
    names = [key.value for key in keys]
    return summary_of(head, total, counts, names, limits.SUMMARY_GROUPS_MAX)


def export_ngos(records: Records, actor: Actor, params: ExportNgos) -> dict[str, Any]:
    """A page of everything that the actor may read: `{head, items, next}`; `next` is the `after` of
    the next page, None at the end."""
    head = records.head()
    scopes = readable_scopes(actor, "ngo", records.node)
    documents = queries.export_page(
        records.collection, scopes, params.home, params.after or "", params.first
    )
    full = len(documents) == params.first
    return {
        "head": head,
        "items": [ngo_json(document) for document in documents],
        "next": documents[-1]["_id"] if full else None,
    }
