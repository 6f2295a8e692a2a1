"""Imports: chunks of rows, each one command, so that a repeat or a crash writes nothing twice."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from time import sleep
from typing import Any, Final

from hinterland import search
from hinterland.actors import Actor
from hinterland.clock import rfc3339
from hinterland.errors import BadInput
from hinterland.records import Changes, Records
from services.map import queries
from services.map.contract.access import readable_scopes, require
from services.map.contract.calls import ImportReports, ImportRow, ListImports, UndoImport
from services.map.contract.codes import Channel, State
from services.map.handlers.intakes import receive
from services.map.rules.reporting import Problem, normalise

__all__ = ["import_reports", "list_imports", "undo_import"]

ROWS_AT_A_TIME: Final = 20  # then others get their turn
# What nobody has looked at yet may be taken back without asking.
UNTOUCHED: Final = (State.RECEIVED, State.PLACED)


def import_reports(
    records: Records, actor: Actor, params: ImportReports, now: datetime
) -> dict[str, Any]:
    """`{head, outcomes: [{row, outcome: imported | refused, id, problems: [{field, message}]}]}`,
    one for each row. Raises NotAllowed."""
    require(actor, "import", "map_import", "private", records.node)
    by_name = _categories_by_name(records, actor)

    def write(changes: Changes) -> dict[str, Any]:
        outcomes = []
        for place, row in enumerate(params.rows):
            if place % ROWS_AT_A_TIME == ROWS_AT_A_TIME - 1:
                sleep(0)
            fields, outcome = _judge(params, row, by_name, now)
            if fields is not None:
                outcome = _take(changes, actor, params, row.row, fields, outcome)
            outcomes.append(outcome)
        intakes = [each["id"] for each in outcomes if each["id"]]
        chunk = {
            "import_id": params.import_id,
            "chunk": params.chunk,
            "imported_at": rfc3339(changes.now),
            "file": params.file,
            "rows": len(params.rows),
            "refused": len(params.rows) - len(intakes),
            "intakes": intakes,
        }
        changes.put("map_import", {k: v for k, v in chunk.items() if v is not None}, "private")
        return {"outcomes": outcomes}

    if params.dry_run:
        return {
            "head": records.head(),
            "outcomes": [_judge(params, row, by_name, now)[1] for row in params.rows],
        }
    return records.execute(f"import {params.import_id} {params.chunk}", actor.account, write)


def _categories_by_name(records: Records, actor: Actor) -> dict[str, str]:
    """Ids of categories by every name that they have, folded; this node's own win."""
    scopes = readable_scopes(actor, "category", records.node)
    found = queries.categories(records.collection, scopes)
    found.sort(key=lambda document: document["home"] == records.node)
    return {
        search.fold(name): document["_id"]
        for document in found
        for name in (document["_id"], *document["body"]["names"].values())
    }


def _judge(
    params: ImportReports, row: ImportRow, by_name: Mapping[str, str], now: datetime
) -> tuple[dict[str, Any] | None, dict[str, Any]]:
    """The fields of an intake, None if the row is refused, and its outcome."""
    given = {"language": params.language, "category": params.category, **row.report}
    problems: list[Problem] = []
    category = given.get("category")
    if isinstance(category, str) and category:
        given["category"] = by_name.get(search.fold(category))
        if given["category"] is None:
            problems.append(Problem("category", f"there is no category {category!r} here"))
    given = {key: value for key, value in given.items() if value is not None}
    fields, faults = normalise(given, now)
    problems += faults
    if not (fields.get("text") or fields.get("title") or fields.get("answers")):
        problems.append(Problem("text", "a report needs a text or a title"))
    refused = any(problem.field.partition(".")[0] in ("text", "location") for problem in problems)
    return (None if refused else fields), _outcome(row.row, not refused, problems)


def _outcome(row: int, imported: bool, problems: list[Problem]) -> dict[str, Any]:
    return {
        "row": row,
        "outcome": "imported" if imported else "refused",
        "id": None,
        "problems": [{"field": each.field, "message": each.message} for each in problems],
    }


def _take(
    changes: Changes,
    actor: Actor,
    params: ImportReports,
    row: int,
    fields: Mapping[str, Any],
    outcome: dict[str, Any],
) -> dict[str, Any]:
    try:
        made = receive(
            changes,
            {**fields, "reporter": {"account": actor.account} if actor.account else {}},
            key=f"{params.import_id} {row}",
            channel=str(Channel.IMPORT),
            by=actor.account,
        )
    except BadInput as error:
        field = str(error.args[1].get("field", "report"))
        return _outcome(row, False, [Problem(field, error.message)])
    return {**outcome, "id": made["id"]}


def list_imports(records: Records, actor: Actor, params: ListImports) -> dict[str, Any]:
    """`{head, items: [{import_id, file, at, by, rows, imported, refused, undone}]}`, the latest
    first. After an undo `imported` counts what was kept."""
    require(actor, "read", "map_import", "private", records.node)
    items = [
        {
            "import_id": item["_id"],
            **{key: item[key] for key in ("file", "at", "by", "rows", "imported")},
            **{key: item[key] for key in ("refused", "undone")},
        }
        for item in queries.imports_latest_first(
            records.collection, "map_import", "intakes", ("rows", "refused"), params.first
        )
    ]
    return {"head": records.head(), "items": items}


def undo_import(records: Records, actor: Actor, params: UndoImport) -> dict[str, Any]:
    """`{head, withdrawn, kept, more}`: erases what one chunk made; `kept` are the ids of those that
    a moderator has begun with. Repeat while `more`. Raises NotAllowed."""
    require(actor, "withdraw", "map_import", "private", records.node)
    document = queries.next_chunk_to_undo(records.collection, params.import_id)
    if document is None:
        return {"head": records.head(), "withdrawn": 0, "kept": [], "more": False}
    chunk_id = document["_id"]

    def undo(changes: Changes) -> dict[str, Any]:
        chunk = changes.get(chunk_id)
        if chunk is None or chunk.body.get("undone"):
            return {"withdrawn": 0, "kept": []}
        kept = []
        for intake_id in chunk.body["intakes"]:
            intake = changes.get(intake_id)
            if intake is not None and intake.body["state"] in UNTOUCHED:
                changes.erase(intake_id)
            elif intake is not None:
                kept.append(intake_id)
        withdrawn = len(chunk.body["intakes"]) - len(kept)
        body = {**chunk.body, "undone": True, "intakes": kept}
        changes.put("map_import", body, "private", chunk_id)
        return {"withdrawn": withdrawn, "kept": kept}

    command_id = f"undo {params.import_id} {document['body']['chunk']}"
    result = records.execute(command_id, actor.account, undo)
    more = queries.next_chunk_to_undo(records.collection, params.import_id) is not None
    return {**result, "more": more}
