"""Commands on an NGO of this node."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from hinterland.actors import Actor
from hinterland.clock import rfc3339
from hinterland.errors import BadInput, NotFound, NotHome, StaleVersion
from hinterland.records import Changes, Record, Records
from services.directory import queries
from services.directory.contract.access import Action, Scope, may, require
from services.directory.contract.calls import (
    ConfirmNgo,
    RegisterNgo,
    UpdateNgo,
    VerifyNgo,
    WithdrawNgo,
)
from services.directory.contract.errors import DuplicateNgo
from services.directory.rules import changes as rules
from services.directory.rules.alike import Profile, alike_keys, likeness
from services.directory.rules.fields import Problem, body_of, normalise, problems_of
from services.directory.rules.verification import require_transition, state_of

__all__ = [
    "claim_identifiers",
    "confirm_ngo",
    "normalised_patch",
    "readable_ngo",
    "refuse_problems",
    "register_ngo",
    "update_ngo",
    "verify_ngo",
    "withdraw_ngo",
]

SIMILAR_MAX = 10
ERRORS_MAX = 20


def refuse_problems(problems: Iterable[Problem], prefix: str) -> None:
    """Raises BadInput with all that is wrong with the fields under `prefix`, the first as its
    message; nothing if there are no problems."""
    faults = [
        {"field": f"{prefix}.{problem.field}", "message": problem.message} for problem in problems
    ]
    if faults:
        raise BadInput(faults[0]["message"], field=faults[0]["field"], errors=faults[:ERRORS_MAX])


def readable_ngo(changes: Changes, actor: Actor, record_id: str) -> Record:
    """An NGO of any home that the actor may read. Raises NotFound."""
    record = changes.get(record_id)
    if (
        record is None
        or record.kind != "ngo"
        or not may(actor, "read", "ngo", _scope(record), changes.node)
    ):
        raise NotFound(f"no NGO {record_id} is visible to you at {changes.node}", field="id")
    return record


def _own_ngo(changes: Changes, actor: Actor, record_id: str, action: Action) -> Record:
    """An NGO of this node that the actor may do `action` to. Raises NotFound, NotHome,
    NotAllowed."""
    record = readable_ngo(changes, actor, record_id)
    if record.home != changes.node:
        raise NotHome(
            f"{record_id} is {record.home}'s to write; suggest the change to it instead",
            field="id",
            home=record.home,
        )
    require(actor, action, "ngo", _scope(record), changes.node)
    return record


def _scope(record: Record) -> Scope:
    scopes: dict[str, Scope] = {"public": "public", "members": "members"}
    return scopes.get(record.scope, "private")


def claim_identifiers(
    records: Records, changes: Changes, body: Mapping[str, Any], own: str
) -> None:
    """No two NGOs of one node share an identifier. Raises DuplicateNgo."""
    identifiers = body.get("identifiers", ())
    for identifier in identifiers:
        changes.claim(f"identifier {identifier['scheme']} {identifier['value']}")
    if not identifiers:
        return
    owners = queries.find_identifier_owners(records.collection, changes.node, identifiers)
    for owner in owners:
        if owner != own:
            raise DuplicateNgo(
                f"{owner} has that identifier already; update that one",
                field="identifiers",
                id=owner,
            )


def _similar(records: Records, actor: Actor, body: Mapping[str, Any], node: str) -> list[str]:
    """Ids of NGOs, of any home, that are probably the same organisation, and that may be seen."""
    profile = Profile.of(body)
    candidates = queries.find_candidates(
        records.collection, alike_keys(profile), profile.identifiers.values()
    )
    return [
        found["_id"]
        for found in candidates
        if likeness(profile, Profile.of(found["body"]))
        and may(actor, "read", "ngo", found["scope"], node)
    ][:SIMILAR_MAX]


def register_ngo(records: Records, actor: Actor, params: RegisterNgo) -> dict[str, Any]:
    """`{id, version, head, similar}`. Raises NotAllowed, BadInput, DuplicateNgo."""
    require(actor, "write", "ngo", params.scope, records.node)

    def register(changes: Changes) -> dict[str, Any]:
        normalised = normalise(params.ngo, today=changes.now.date())
        refuse_problems(normalised.problems, "ngo")
        body = body_of(normalised.fields)
        refuse_problems(problems_of(body), "ngo")
        claim_identifiers(records, changes, body, own="")
        similar = _similar(records, actor, body, changes.node)
        return {"id": changes.put("ngo", body, params.scope), "similar": similar}

    return records.execute(params.command_id, actor.account, register)


def normalised_patch(
    changes: Changes, body: Mapping[str, Any], given: Mapping[str, Any]
) -> dict[str, Any]:
    """What was asked for as a patch of stored values. Raises BadInput."""
    region = given.get("region") or body["region"]
    country = region[:2].upper() if isinstance(region, str) else None
    normalised = normalise(given, today=changes.now.date(), country=country)
    refuse_problems(normalised.problems, "changes")
    return rules.flatten(normalised.fields)


def update_ngo(records: Records, actor: Actor, params: UpdateNgo) -> dict[str, Any]:
    """`{id, version, head}`. Raises NotFound, NotHome, NotAllowed, StaleVersion, BadInput,
    DuplicateNgo; Inapplicable where a private NGO would be published."""

    def update(changes: Changes) -> dict[str, Any]:
        record = _own_ngo(changes, actor, params.id, "write")
        if record.version != params.version:
            raise StaleVersion(field="version", version=record.version)
        scope = params.scope or _scope(record)
        require(actor, "write", "ngo", scope, changes.node)
        body = rules.apply(record.body, normalised_patch(changes, record.body, params.changes))
        refuse_problems(problems_of(body), "changes")
        if body == record.body and scope == record.scope:
            return {"id": record.id, "version": record.version}
        claim_identifiers(records, changes, body, own=record.id)
        return {"id": changes.put("ngo", body, scope, record.id)}

    return records.execute(params.command_id, actor.account, update)


def confirm_ngo(records: Records, actor: Actor, params: ConfirmNgo) -> dict[str, Any]:
    """`{id, version, head}`. Raises NotFound, NotHome, NotAllowed."""

    def confirm(changes: Changes) -> dict[str, Any]:
        record = _own_ngo(changes, actor, params.id, "write")
        body = {**record.body, "last_confirmed": rfc3339(changes.now)}
        return {"id": changes.put("ngo", body, record.scope, record.id)}

    return records.execute(params.command_id, actor.account, confirm)


def verify_ngo(records: Records, actor: Actor, params: VerifyNgo) -> dict[str, Any]:
    """`{id, version, head}`. Raises NotFound, NotHome, NotAllowed, and Inapplicable where the table
    of verification does not have that step."""

    def verify(changes: Changes) -> dict[str, Any]:
        record = _own_ngo(changes, actor, params.id, "verify")
        require_transition(state_of(record.body), params.state)
        said = {
            "state": str(params.state),
            "by": actor.account,
            "at": rfc3339(changes.now),
            "note": params.note,
        }
        verification = {key: value for key, value in said.items() if value is not None}
        body = {**record.body, "verification": verification}
        return {"id": changes.put("ngo", body, record.scope, record.id)}

    return records.execute(params.command_id, actor.account, verify)


def withdraw_ngo(records: Records, actor: Actor, params: WithdrawNgo) -> dict[str, Any]:
    """Erases: every node forgets all that it ever held of the NGO. `{id, head}`. Raises NotFound,
    NotHome, NotAllowed."""

    def withdraw(changes: Changes) -> dict[str, Any]:
        record = _own_ngo(changes, actor, params.id, "withdraw")
        changes.erase(record.id)
        return {"id": record.id}

    return records.execute(params.command_id, actor.account, withdraw)
