"""The report that an intake is shared as: it follows the intake's state and its category."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from hinterland.errors import BadInput
from hinterland.records import Changes, Record, Records
from services.map import queries
from services.map.contract import limits
from services.map.contract.codes import PUBLISHED, State
from services.map.rules.cells import EXACT
from services.map.rules.publishing import Secrecy, published, secrecy_of

__all__ = ["category_chain", "hide_sensitive", "share"]

HIDDEN_AT_ONCE: Final = 100


def category_chain(changes: Changes, category: str) -> list[Mapping[str, Any]]:
    """A category and those above it, nearest first. Raises BadInput where there is no such one."""
    chain: list[Mapping[str, Any]] = []
    next_id: str | None = category
    while next_id is not None and len(chain) < limits.DEPTH_MAX:
        record = changes.get(next_id)
        if record is None or record.kind != "category":
            break
        chain.append(record.body)
        next_id = record.body.get("parent")
    if not chain:
        raise BadInput(f"there is no category {category} at {changes.node}", field="category")
    return chain


def share(changes: Changes, intake_id: str, body: dict[str, Any]) -> dict[str, Any]:
    """Writes, rewrites or erases the report of an intake, and returns the intake's body with its
    id. What had said too much is erased at every node, and written anew under another id."""
    old = changes.get(body["report"]) if body.get("report") else None
    if State(body["state"]) not in PUBLISHED:
        if old is not None:
            changes.erase(old.id)
        return {key: value for key, value in body.items() if key not in ("report", "replaced")}
    chain = category_chain(changes, body["category"])
    secrecy = secrecy_of(chain)
    scope = str(chain[0].get("audience", "public"))
    anew = old is not None and (old.scope != scope or _says_too_much(old, secrecy))
    if old is not None and anew:
        body = {**body, "replaced": old.id}
        changes.erase(old.id)
        old = None
    report = published(body, intake_id, secrecy)
    record_id = changes.put("report", report, scope, old.id if old else None)
    return {**body, "report": record_id}


def _says_too_much(report: Record, secrecy: Secrecy) -> bool:
    """Whether a report shows more than it may by now: erased, even its past is gone."""
    level = report.body.get("cell_level", EXACT)
    return secrecy.sensitive and level > secrecy.cell_level


def hide_sensitive(records: Records) -> int:
    """Writes anew what reports of this node say too much of, since a category became sensitive, or
    coarser. Returns the head that was looked at."""
    head = records.head()
    for category, secrecy in _sensitive(records):
        while report_ids := queries.reports_to_hide(
            records.collection, records.node, category, secrecy.cell_level, HIDDEN_AT_ONCE
        ):
            for report_id in report_ids:
                _hide(records, report_id, secrecy)
    return head


def _hide(records: Records, report_id: str, secrecy: Secrecy) -> None:
    def hide(changes: Changes) -> dict[str, Any]:
        report = changes.get(report_id)
        if report is None:
            return {"id": report_id}
        intake = changes.get(report.body["intake"])
        if intake is None:
            changes.erase(report_id)
        else:
            body = share(changes, intake.id, dict(intake.body))
            changes.put("intake", body, "private", intake.id)
        return {"id": report_id}

    records.execute(f"hide {report_id} {secrecy.cell_level}", None, hide)


def _sensitive(records: Records) -> Iterator[tuple[str, Secrecy]]:
    """Every category that is sensitive, by itself or by one above it."""
    found = queries.categories(records.collection, ("public", "members"))
    bodies = {document["_id"]: document["body"] for document in found}
    for category in bodies:
        chain: list[Mapping[str, Any]] = []
        next_id: str | None = category
        while next_id is not None and next_id in bodies and len(chain) < limits.DEPTH_MAX:
            chain.append(bodies[next_id])
            next_id = bodies[next_id].get("parent")
        secrecy = secrecy_of(chain)
        if secrecy.sensitive:
            yield category, secrecy
