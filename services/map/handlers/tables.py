"""Categories, places and layers: small tables that moderators keep."""

from __future__ import annotations

from typing import Any

from hinterland.actors import Actor
from hinterland.errors import BadInput, NotFound, NotHome, StaleVersion
from hinterland.records import Changes, Record, Records
from services.map import queries
from services.map.contract.access import Action, Scope, may, require
from services.map.contract.calls import WithdrawRecord, WriteRecord
from services.map.contract.errors import CategoryInUse, CategoryLoop
from services.map.handlers.intakes import refuse_problems
from services.map.rules.tables import depth_of, problems_of

__all__ = ["readable", "withdraw_record", "write_record"]

WITHDRAWN_BY_OTHER_MEANS = ("report", "map_import")


def readable(changes: Changes, actor: Actor, record_id: str, kind: str) -> Record:
    """A record of this kind, of any home, that the actor may read. Raises NotFound."""
    record = changes.get(record_id)
    if (
        record is None
        or record.kind != kind
        or not may(actor, "read", kind, scope_of(record), changes.node)
    ):
        raise NotFound(f"no {kind} {record_id} is visible to you at {changes.node}", field=kind)
    return record


def scope_of(record: Record) -> Scope:
    scopes: dict[str, Scope] = {"public": "public", "members": "members"}
    return scopes.get(record.scope, "private")


def own(changes: Changes, record_id: str) -> Record:
    """A record of this node. Raises NotFound, NotHome."""
    record = changes.get(record_id)
    if record is None:
        raise NotFound(f"there is no record {record_id} at {changes.node}", field="id")
    if record.home != changes.node:
        raise NotHome(f"{record_id} is {record.home}'s to write", field="id", home=record.home)
    return record


def write_record(records: Records, actor: Actor, params: WriteRecord) -> dict[str, Any]:
    """`{id, version, head}`. Raises NotAllowed, BadInput, NotFound, NotHome, StaleVersion,
    CategoryLoop."""
    require(actor, "write", params.kind, params.scope, records.node)

    def write(changes: Changes) -> dict[str, Any]:
        refuse_problems(problems_of(params.kind, params.body, changes.now), "body")
        if params.id is not None:
            record = own(changes, params.id)
            if record.kind != params.kind:
                raise BadInput(f"{params.id} is a {record.kind}", field="id")
            if record.version != params.version:
                raise StaleVersion(field="version", version=record.version)
            require(actor, "write", params.kind, scope_of(record), changes.node)
        if params.kind == "category":
            _require_place_in_tree(changes, params)
        return {"id": changes.put(params.kind, params.body, params.scope, params.id)}

    return records.execute(params.command_id, actor.account, write)


def _require_place_in_tree(changes: Changes, params: WriteRecord) -> None:
    """Raises BadInput where the parent is none, CategoryLoop where it is one's own child."""
    # Two commands that move two categories below each other must not share a decision.
    changes.claim("tree of categories")
    parent = params.body.get("parent")

    def parent_of(category: str) -> str | None:
        record = changes.get(category)
        if record is None or record.kind != "category":
            raise BadInput(f"there is no category {category}", field="body.parent")
        above = record.body.get("parent")
        return above if isinstance(above, str) else None

    if depth_of(params.id, parent, parent_of) is None:
        raise CategoryLoop(field="body.parent")


def withdraw_record(records: Records, actor: Actor, params: WithdrawRecord) -> dict[str, Any]:
    """`{id, head}`. An intake is erased together with its report: all nodes forget both. Raises
    NotFound, NotHome, NotAllowed, CategoryInUse."""

    def withdraw(changes: Changes) -> dict[str, Any]:
        record = own(changes, params.id)
        if record.kind in WITHDRAWN_BY_OTHER_MEANS:
            raise BadInput(f"a {record.kind} is withdrawn by the intake that it is of", field="id")
        action: Action = "withdraw" if record.kind == "intake" else "write"
        require(actor, action, record.kind, scope_of(record), changes.node)
        if record.kind == "category" and queries.is_category_used(records.collection, record.id):
            raise CategoryInUse(field="id")
        if record.kind == "intake":
            if record.body.get("report"):
                changes.erase(record.body["report"])
            changes.erase(record.id)
        else:
            changes.delete(record.id)
        return {"id": record.id}

    return records.execute(params.command_id, actor.account, withdraw)
