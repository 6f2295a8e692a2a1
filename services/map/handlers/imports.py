"""Imports: chunks of rows, each one command, so that a repeat or a crash writes nothing twice."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from time import sleep
from typing import Any, Final

import orjson

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
KEY_CHARS: Final = 32
# What nobody has looked at yet may be taken back without asking.
UNTOUCHED: Final = (State.RECEIVED, State.PLACED)


def import_reports(
    records: Records, actor: Actor, params: ImportReports, now: datetime
) -> dict[str, Any]:
    """`{head, outcomes: [{row, outcome: imported | unchanged | refused, id, problems: [{field,
    message}]}]}`, one for each row. A row that was imported before, from whichever file, is
    unchanged. Raises NotAllowed."""
    require(actor, "import", "map_import", "private", records.node)
    by_name = _categories_by_name(records, actor)

    def write(changes: Changes) -> dict[str, Any]:
        # Chunks of one node take turns, so that each sees the reports of those before.
        changes.claim("import")
        outcomes = _decide(records, params, by_name, now)
        made = []
        for fields, key, outcome in outcomes:
            if fields is not None:
                _make(changes, actor, fields, key, outcome)
                made.append(outcome["id"])
        chunk = {
            "import_id": params.import_id,
            "chunk": params.chunk,
            "imported_at": rfc3339(changes.now),
            "file": params.file,
            "rows": len(params.rows),
            "refused": sum(outcome["outcome"] == "refused" for _, _, outcome in outcomes),
            "intakes": [each for each in made if each],
        }
        changes.put("map_import", {k: v for k, v in chunk.items() if v is not None}, "private")
        return {"outcomes": [outcome for _, _, outcome in outcomes]}

    if params.dry_run:
        outcomes = _decide(records, params, by_name, now)
        return {"head": records.head(), "outcomes": [outcome for _, _, outcome in outcomes]}
    return records.execute(f"import {params.import_id} {params.chunk}", actor.account, write)


def _decide(
    records: Records, params: ImportReports, by_name: Mapping[str, str], now: datetime
) -> list[tuple[dict[str, Any] | None, str, dict[str, Any]]]:
    """For each row the fields of its intake, None if there will be none; its key; its outcome."""
    decided = []
    keys = [_key(row) for row in params.rows]
    known = queries.keys_sent(records.collection, keys)
    for place, (row, key) in enumerate(zip(params.rows, keys, strict=True)):
        if place % ROWS_AT_A_TIME == ROWS_AT_A_TIME - 1:
            sleep(0)
        fields, outcome = _judge(row, by_name, now)
        if fields is not None and key in known:
            fields, outcome = None, {**outcome, "outcome": "unchanged"}
        known.add(key)
        decided.append((fields, key, outcome))
    return decided


def _key(row: ImportRow) -> str:
    """What makes two rows the same report: all that they say."""
    content = orjson.dumps(row.report, option=orjson.OPT_SORT_KEYS)
    return f"import {sha256(content).hexdigest()[:KEY_CHARS]}"


def _make(
    changes: Changes, actor: Actor, fields: Mapping[str, Any], key: str, outcome: dict[str, Any]
) -> None:
    reporter = {"account": actor.account} if actor.account else {}
    try:
        made = receive(
            changes,
            {**fields, "reporter": reporter},
            key=key,
            channel=str(Channel.IMPORT),
            by=actor.account,
        )
    except BadInput as error:
        problem = {"field": str(error.details.get("field")), "message": error.message}
        outcome |= {"outcome": "refused", "problems": [*outcome["problems"], problem]}
    else:
        outcome["id"] = made["id"]


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
    row: ImportRow, by_name: Mapping[str, str], now: datetime
) -> tuple[dict[str, Any] | None, dict[str, Any]]:
    """The fields of an intake, None if the row is refused, and its outcome."""
    given = dict(row.report)
    problems: list[Problem] = []
    category = given.get("category")
    if isinstance(category, str) and category:
        given["category"] = by_name.get(search.fold(category))
        if given["category"] is None:
            problems.append(Problem("category", f"there is no category {category!r} here"))
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
