"""Reads of what is shared: reports, their summary and export, and records of every kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from hinterland.actors import Actor
from hinterland.records import Records
from hinterland.rooms.answers import KeptPerHead, envelope, page_of, summary_of
from services.map import queries
from services.map.contract import limits
from services.map.contract.access import ACCESS, Scope, readable_scopes
from services.map.contract.calls import (
    ExportReports,
    GetRecords,
    ListRecords,
    ListReports,
    SummariseReports,
)

__all__ = [
    "export_reports",
    "get_records",
    "list_records",
    "list_reports",
    "record_json",
    "summarise_reports",
]

M_PER_KM: Final = 1000.0
# Intakes have calls of their own.
SHARED_KINDS: Final = tuple(sorted({kind for kind, scope in ACCESS if scope != "private"}))


def record_json(document: Mapping[str, Any]) -> dict[str, Any]:
    """A record as it is returned: its body, what is known of it, and its kind; `distance_km` where
    the order is by distance."""
    shown = {**document["body"], **envelope(document), "kind": document["kind"]}
    if "distance" in document:
        shown["distance_km"] = round(document["distance"] / M_PER_KM, 3)
    return shown


def get_records(records: Records, actor: Actor, params: GetRecords) -> dict[str, Any]:
    """Shared records of any kind in the order of their ids, None for those that are not there for
    this actor: `{head, items}`."""
    head = records.head()
    readable = {kind: readable_scopes(actor, kind, records.node) for kind in SHARED_KINDS}
    documents = queries.records_by_id(records.collection, params.ids, readable)
    found = {document["_id"]: record_json(document) for document in documents}
    return {"head": head, "items": [found.get(record_id) for record_id in params.ids]}


def list_records(records: Records, actor: Actor, params: ListRecords) -> dict[str, Any]:
    """A page of one kind: `{head, items, next}`; `next` is the `after` of the next page, None at
    the end."""
    head = records.head()
    readable = {str(params.kind): readable_scopes(actor, params.kind, records.node)}
    documents = queries.record_page(records.collection, params, readable)
    return {
        "head": head,
        "items": [record_json(document) for document in documents[: params.first]],
        "next": documents[params.first - 1]["_id"] if len(documents) > params.first else None,
    }


def list_reports(
    records: Records, kept: KeptPerHead, actor: Actor, params: ListReports
) -> dict[str, Any]:
    """A page: `{head, items, cursors, has_next, has_previous, total}`; `total` is None unless
    `count` was asked for. Raises BadInput for cursors and orders that do not fit."""
    head = records.head()
    scopes = _scopes(records, actor)
    conditions = queries.matching(records.collection, params.filter, scopes)
    page = queries.report_page(records.collection, conditions, params)
    total = None
    if params.count:
        key = ("count", scopes, params.filter.model_dump_json())
        total = kept.get(head, key, lambda: queries.count_reports(records.collection, conditions))
    return page_of(head, page, record_json, total)


def summarise_reports(
    records: Records, kept: KeptPerHead, actor: Actor, params: SummariseReports
) -> dict[str, Any]:
    """`{head, total, groups: [{keys, count}], truncated}`: groups by count, the largest first;
    `truncated` says that there were more than SUMMARY_GROUPS_MAX."""
    head = records.head()
    scopes = _scopes(records, actor)
    keys = tuple(dict.fromkeys(params.by))

    def compute() -> tuple[int, queries.Counts]:
        conditions = queries.matching(records.collection, params.filter, scopes)
        return queries.summarise(records.collection, conditions, keys)

    total, counts = kept.get(head, (keys, scopes, params.filter.model_dump_json()), compute)
    names = [key.value for key in keys]
    return summary_of(head, total, counts, names, limits.SUMMARY_GROUPS_MAX)


def export_reports(records: Records, actor: Actor, params: ExportReports) -> dict[str, Any]:
    """A page of all reports that match: `{head, items, next}`; `next` is the `after` of the next
    page, None at the end. Files come without their thumbnails, so that a page stays small."""
    head = records.head()
    conditions = queries.matching(records.collection, params.filter, _scopes(records, actor))
    documents = queries.export_page(records.collection, conditions, params)
    return {
        "head": head,
        "items": [_without_thumbnails(record_json(document)) for document in documents],
        "next": documents[-1]["_id"] if len(documents) == params.first else None,
    }


def _scopes(records: Records, actor: Actor) -> tuple[Scope, ...]:
    return readable_scopes(actor, "report", records.node)


def _without_thumbnails(report: dict[str, Any]) -> dict[str, Any]:
    if "files" not in report:
        return report
    files = [
        {key: value for key, value in file.items() if key != "thumbnail"}
        for file in report["files"]
    ]
    return {**report, "files": files}
