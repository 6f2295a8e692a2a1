"""Imports: chunks of rows, each one command, so that a repeat or a crash writes nothing twice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256
from time import sleep
from typing import Any, Final, NamedTuple

import orjson

from hinterland.actors import Actor
from hinterland.clock import rfc3339
from hinterland.records import Changes, Records
from services.directory import queries
from services.directory.contract.access import require
from services.directory.contract.calls import (
    ImportNgos,
    ImportOptions,
    ImportRow,
    ListImports,
    UndoImport,
)
from services.directory.contract.results import RowOutcome
from services.directory.rules.alike import Likeness, Profile, alike_keys, likeness
from services.directory.rules.fields import Problem, body_of, normalise, problems_of

__all__ = ["import_ngos", "list_imports", "undo_import"]

ROWS_AT_A_TIME: Final = 10  # then others get their turn: a row takes under a millisecond
SUM_CHARS: Final = 16


@dataclass(slots=True)
class _Row:
    """A row on its way. One that is refused has no body and no profile."""

    row: int
    problems: list[Problem]
    body: dict[str, Any] | None = None
    profile: Profile | None = None
    keys: list[int] = field(default_factory=list)


class _Known(NamedTuple):
    """An NGO that a row may be: one that is there, by its id, or an earlier row."""

    who: str | int
    body: Mapping[str, Any]
    profile: Profile


def import_ngos(records: Records, actor: Actor, params: ImportNgos, today: date) -> dict[str, Any]:
    """`{head, outcomes: [RowOutcome]}`, one for each row. A value that is not understood is left
    out and reported; a row that lacks what an NGO needs is refused. Raises NotAllowed."""
    require(actor, "import", "ngo_import", "private", records.node)
    require(actor, "write", "ngo", params.options.scope, records.node)
    rows = _read_rows(params.rows, params.options, today)

    def write(changes: Changes) -> dict[str, Any]:
        # Chunks of one node take turns, so that each sees the NGOs of those before.
        changes.claim("import")
        return {"outcomes": _write(records, changes, params, rows)}

    if params.dry_run:
        head = records.head()
        return {"head": head, "outcomes": [o for o, _ in _decide(records, params.options, rows)]}
    command_id = f"import {params.import_id} {params.chunk}"
    return records.execute(command_id, actor.account, write)


def _read_rows(rows: list[ImportRow], options: ImportOptions, today: date) -> list[_Row]:
    read = []
    for place, row in enumerate(rows):
        if place % ROWS_AT_A_TIME == ROWS_AT_A_TIME - 1:
            sleep(0)
        read.append(_read_row(row, options, today))
    return read


def _read_row(row: ImportRow, options: ImportOptions, today: date) -> _Row:
    given = dict(row.ngo)
    if options.region and not given.get("region"):
        given["region"] = options.region
    if options.city and not given.get("city"):
        given["city"] = options.city
    normalised = normalise(given, today=today)
    problems = list(normalised.problems)
    body = body_of(normalised.fields)
    if options.cause and not body.get("causes"):
        body["causes"] = [options.cause]
    faults = problems_of(body)
    # What breaks a limit is left out as well, unless the row is nothing without it.
    for fault in faults:
        body.pop(fault.field.partition(".")[0], None)
    if faults:
        problems += faults
        if problems_of(body):
            return _Row(row.row, problems)
    profile = Profile.of(body)
    return _Row(row.row, problems, body, profile, alike_keys(profile))


def _outcome(
    row: _Row,
    outcome: Any,
    *,
    of: str | None = None,
    of_row: int | None = None,
    why: Likeness | None = None,
) -> RowOutcome:
    return RowOutcome(
        row=row.row,
        outcome=outcome,
        id=None,
        of=of,
        of_row=of_row,
        why=why,
        problems=[{"field": found.field, "message": found.message} for found in row.problems],
    )


def _decide(
    records: Records, options: ImportOptions, rows: list[_Row]
) -> list[tuple[RowOutcome, dict[str, Any] | None]]:
    """For each row its outcome, and its body if it is to be written."""
    keys = [key for row in rows for key in row.keys]
    values = [value for row in rows if row.profile for value in row.profile.identifiers.values()]
    known: dict[Any, list[_Known]] = {}

    def remember(
        who: str | int, body: Mapping[str, Any], profile: Profile, keys: list[int]
    ) -> None:
        for key in _lookups(profile, keys):
            known.setdefault(key, []).append(_Known(who, body, profile))

    for found in queries.find_candidates(records.collection, keys, values):
        body = found["body"]
        remember(found["_id"], body, Profile.of(body), found["ix"]["alike"])
    decided: list[tuple[RowOutcome, dict[str, Any] | None]] = []
    for row in rows:
        if row.body is None or row.profile is None:
            decided.append((_outcome(row, "refused"), None))
            continue
        same = _same(row, row.body, row.profile, known, options)
        if same is not None:
            decided.append((same, None))
            continue
        remember(row.row, row.body, row.profile, row.keys)
        decided.append((_outcome(row, "imported"), row.body))
    return decided


def _lookups(profile: Profile, keys: list[int]) -> list[Any]:
    return [*keys, *profile.identifiers.items()]


def _same(
    row: _Row,
    body: Mapping[str, Any],
    profile: Profile,
    known: Mapping[Any, list[_Known]],
    options: ImportOptions,
) -> RowOutcome | None:
    """The outcome of a row that is there already; None if it is new."""
    others = {
        other.who: other for key in _lookups(profile, row.keys) for other in known.get(key, ())
    }
    for who, other in others.items():
        why = likeness(profile, other.profile)
        if why is None or (why == "name" and options.import_similar):
            continue
        if isinstance(who, int):
            return _outcome(row, "duplicate", of_row=who, why=why)
        unchanged = all(other.body.get(name) == value for name, value in body.items())
        return _outcome(row, "unchanged" if unchanged else "duplicate", of=who, why=why)
    return None


def _sum(body: Mapping[str, Any]) -> str:
    return sha256(orjson.dumps(body, option=orjson.OPT_SORT_KEYS)).hexdigest()[:SUM_CHARS]


def _write(
    records: Records, changes: Changes, params: ImportNgos, rows: list[_Row]
) -> list[RowOutcome]:
    outcomes: list[RowOutcome] = []
    written: list[dict[str, str]] = []
    for outcome, body in _decide(records, params.options, rows):
        if body is not None:
            record_id = changes.put("ngo", body, params.options.scope)
            outcome["id"] = record_id
            written.append({"id": record_id, "sum": _sum(body)})
        outcomes.append(outcome)
    kinds = [outcome["outcome"] for outcome in outcomes]
    chunk = {
        "import_id": params.import_id,
        "chunk": params.chunk,
        "imported_at": rfc3339(changes.now),
        "file": params.file,
        "rows": len(rows),
        "duplicates": kinds.count("duplicate") + kinds.count("unchanged"),
        "refused": kinds.count("refused"),
        "ngos": written,
    }
    changes.put("ngo_import", chunk, "private")
    return outcomes


def undo_import(records: Records, actor: Actor, params: UndoImport) -> dict[str, Any]:
    """Withdraws what one chunk of the import wrote: `{head, withdrawn, kept, more}`. `kept` are ids
    of NGOs that somebody has changed since, which stay. Repeat while `more`. Raises NotAllowed."""
    require(actor, "withdraw", "ngo_import", "private", records.node)
    document = queries.next_chunk_to_undo(records.collection, params.import_id)
    if document is None:
        return {"head": records.head(), "withdrawn": 0, "kept": [], "more": False}
    chunk_id = document["_id"]

    def undo(changes: Changes) -> dict[str, Any]:
        chunk = changes.get(chunk_id)
        if chunk is None or chunk.body.get("undone"):
            return {"withdrawn": 0, "kept": []}
        kept = []
        withdrawn = 0
        for ngo in chunk.body["ngos"]:
            record = changes.get(ngo["id"])
            if record is None:
                continue
            if _sum(record.body) == ngo["sum"]:
                changes.erase(record.id)
                withdrawn += 1
            else:
                kept.append(ngo)
        changes.put("ngo_import", {**chunk.body, "undone": True, "ngos": kept}, "private", chunk_id)
        return {"withdrawn": withdrawn, "kept": [ngo["id"] for ngo in kept]}

    command_id = f"undo {params.import_id} {document['body']['chunk']}"
    result = records.execute(command_id, actor.account, undo)
    more = queries.next_chunk_to_undo(records.collection, params.import_id) is not None
    return {**result, "more": more}


def list_imports(records: Records, actor: Actor, params: ListImports) -> dict[str, Any]:
    """`{head, items: [{import_id, file, at, by, rows, imported, duplicates, refused, undone}]}`,
    latest first. After an undo `imported` counts what was kept."""
    require(actor, "read", "ngo_import", "private", records.node)
    head = records.head()
    found = queries.imports_latest_first(
        records.collection, "ngo_import", "ngos", ("rows", "duplicates", "refused"), params.first
    )
    items = [
        {
            "import_id": item["_id"],
            **{key: item[key] for key in ("file", "at", "by", "rows", "imported", "duplicates")},
            **{key: item[key] for key in ("refused", "undone")},
        }
        for item in found
    ]
    return {"head": head, "items": items}
