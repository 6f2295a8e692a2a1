"""What others say of reports: confirmations and disputes, and that several are one event."""

from __future__ import annotations

from typing import Any

from hinterland.actors import Actor
from hinterland.errors import BadInput, NotHome
from hinterland.records import Changes, Record, Records, derived_id
from services.map.contract.access import Scope, require
from services.map.contract.calls import ConfirmReport, MergeReports, RefuseMerge
from services.map.handlers.tables import readable, scope_of

__all__ = ["confirm_report", "merge_reports", "refuse_merge"]


def confirm_report(records: Records, actor: Actor, params: ConfirmReport) -> dict[str, Any]:
    """`{id, version, head}`. What one account says of a report is one record, for whatever it
    changes its mind to. Raises NotFound, NotAllowed, BadInput."""

    def confirm(changes: Changes) -> dict[str, Any]:
        report = readable(changes, actor, params.report, "report")
        scope = scope_of(report)
        require(actor, "write", "confirmation", scope, changes.node)
        if params.stance == "adds" and not (params.note or params.files):
            raise BadInput("say what you add: a note, or a photo", field="note")
        body: dict[str, Any] = {"report": report.id, "stance": str(params.stance)}
        if params.note:
            body["note"] = params.note
        if params.files:
            body["files"] = [file.model_dump(exclude_none=True) for file in params.files]
        own_id = derived_id(changes.node, "confirmation", report.id, actor.account or "")
        return {"id": changes.put("confirmation", body, scope, own_id)}

    return records.execute(params.command_id, actor.account, confirm)


def merge_reports(records: Records, actor: Actor, params: MergeReports) -> dict[str, Any]:
    """`{id, version, head}`. Raises NotFound, NotAllowed, BadInput."""

    def merge(changes: Changes) -> dict[str, Any]:
        ids = list(dict.fromkeys(params.reports))
        if len(ids) < 2:
            raise BadInput("a merge takes two different reports at least", field="reports")
        reports = [readable(changes, actor, each, "report") for each in ids]
        scope = _narrowest(reports)
        require(actor, "write", "merge", scope, changes.node)
        body: dict[str, Any] = {"reports": ids}
        if params.note:
            body["note"] = params.note
        return {"id": changes.put("merge", body, scope)}

    return records.execute(params.command_id, actor.account, merge)


def _narrowest(reports: list[Record]) -> Scope:
    """Who may not read one of the reports does not learn of it by a merge."""
    return "public" if all(scope_of(each) == "public" for each in reports) else "members"


def refuse_merge(records: Records, actor: Actor, params: RefuseMerge) -> dict[str, Any]:
    """`{id, version, head}`. For the home of one of the reports. Raises NotFound, NotHome,
    NotAllowed."""

    def refuse(changes: Changes) -> dict[str, Any]:
        merge = readable(changes, actor, params.merge, "merge")
        scope = scope_of(merge)
        require(actor, "write", "merge_refusal", scope, changes.node)
        homes = {report.partition(".")[0] for report in merge.body["reports"]}
        if changes.node not in homes:
            raise NotHome(
                f"none of these reports is {changes.node}'s; their homes are "
                f"{', '.join(sorted(homes))}",
                field="merge",
            )
        body = {"merge": merge.id} | ({"note": params.note} if params.note else {})
        own_id = derived_id(changes.node, "merge_refusal", merge.id)
        return {"id": changes.put("merge_refusal", body, scope, own_id)}

    return records.execute(params.command_id, actor.account, refuse)
