"""Suggestions between nodes: made at one, answered at the NGO's home, seen alike at both."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from hinterland.actors import Actor
from hinterland.clock import rfc3339
from hinterland.errors import BadInput, Inapplicable, NotFound, NotHome, StaleVersion
from hinterland.records import Changes, Record, Records, derived_id
from hinterland.rooms.answers import envelope
from hinterland.rooms.paging import cut, slice_of
from services.directory import queries
from services.directory.contract.access import require
from services.directory.contract.calls import (
    DecideSuggestion,
    GetSuggestions,
    ListSuggestions,
    SuggestChange,
    WithdrawSuggestion,
)
from services.directory.contract.codes import SuggestionState
from services.directory.contract.errors import SuggestionConflict, SuggestionDecided
from services.directory.contract.results import SuggestionJson
from services.directory.handlers.ngos import (
    claim_identifiers,
    normalised_patch,
    readable_ngo,
    refuse_problems,
)
from services.directory.rules import changes as rules
from services.directory.rules.fields import problems_of

__all__ = [
    "decide_suggestion",
    "get_suggestions",
    "list_suggestions",
    "suggest_change",
    "suggestion_here",
    "withdraw_suggestion",
    "write_decision",
]

SCOPE: Final = "members"
SCANNED_MAX: Final = 2_000  # suggestions that one page may look at to find those in a state


def suggest_change(records: Records, actor: Actor, params: SuggestChange) -> dict[str, Any]:
    """`{id, version, head}`. Raises NotAllowed, NotFound, StaleVersion, BadInput; Inapplicable for
    a private NGO, which nobody else can see."""
    require(actor, "write", "suggestion", SCOPE, records.node)

    def suggest(changes: Changes) -> dict[str, Any]:
        ngo = readable_ngo(changes, actor, params.ngo_id)
        if ngo.scope == "private":
            raise Inapplicable("a private NGO is changed, not suggested to", field="ngo_id")
        if ngo.version != params.version:
            raise StaleVersion(field="version", version=ngo.version)
        asked = normalised_patch(changes, ngo.body, params.changes)
        patch = {
            path: value for path, value in asked.items() if rules.value_at(ngo.body, path) != value
        }
        if not patch:
            raise BadInput("the NGO is like that already", field="changes")
        refuse_problems(problems_of(rules.apply(ngo.body, patch)), "changes")
        body: dict[str, Any] = {
            "ngo": ngo.id,
            "version": ngo.version,
            "changes": patch,
            "seen": rules.seen(ngo.body, patch),
        }
        if params.note:
            body["note"] = params.note
        return {"id": changes.put("suggestion", body, SCOPE)}

    return records.execute(params.command_id, actor.account, suggest)


def withdraw_suggestion(
    records: Records, actor: Actor, params: WithdrawSuggestion
) -> dict[str, Any]:
    """Erases one of this node's own. `{id, head}`. Raises NotAllowed, NotFound, NotHome."""
    require(actor, "withdraw", "suggestion", SCOPE, records.node)

    def withdraw(changes: Changes) -> dict[str, Any]:
        suggestion = suggestion_here(changes, params.id)
        if suggestion.home != changes.node:
            raise NotHome(field="id", home=suggestion.home)
        changes.erase(suggestion.id)
        return {"id": suggestion.id}

    return records.execute(params.command_id, actor.account, withdraw)


def suggestion_here(changes: Changes, record_id: str) -> Record:
    """A suggestion that this node holds, whoever made it. Raises NotFound."""
    suggestion = changes.get(record_id)
    if suggestion is None or suggestion.kind != "suggestion":
        raise NotFound(f"no suggestion {record_id} is here", field="id")
    return suggestion


def decide_suggestion(records: Records, actor: Actor, params: DecideSuggestion) -> dict[str, Any]:
    """Answers, and carries out what was accepted: `{id, ngo_id, head}`. Raises NotAllowed,
    NotFound, NotHome, SuggestionDecided, SuggestionConflict, BadInput, DuplicateNgo."""
    require(actor, "write", "decision", SCOPE, records.node)

    def decide(changes: Changes) -> dict[str, Any]:
        suggestion = suggestion_here(changes, params.id)
        ngo_id = suggestion.body["ngo"]
        home = ngo_id.partition(".")[0]
        if home != changes.node:
            raise NotHome(
                f"{ngo_id} is {home}'s, which decides what is suggested to it",
                field="id",
                home=home,
            )
        ngo = changes.get(ngo_id)
        if params.accept:
            if ngo is None:
                raise Inapplicable(
                    "the NGO has been withdrawn; nothing can be accepted", field="id"
                )
            require(actor, "write", "ngo", "public", changes.node)
            conflicts = rules.conflicts(ngo.body, suggestion.body)
            if conflicts and params.ngo_version != ngo.version:
                raise SuggestionConflict(field="id", paths=conflicts, ngo_version=ngo.version)
        note = params.note
        write_decision(records, changes, suggestion, ngo if params.accept else None, note=note)
        return {"id": suggestion.id, "ngo_id": ngo_id}

    return records.execute(params.command_id, actor.account, decide)


def write_decision(
    records: Records,
    changes: Changes,
    suggestion: Record,
    accepted_for: Record | None,
    *,
    note: str | None = None,
    automatic: bool = False,
) -> None:
    """Writes the decision, whose id follows from the suggestion so that there can be only one, and
    changes the NGO if it is accepted. Raises SuggestionDecided, BadInput, DuplicateNgo."""
    decision_id = derived_id(changes.node, "decision", suggestion.id)
    if changes.get(decision_id) is not None:
        raise SuggestionDecided(field="id")
    decision: dict[str, Any] = {
        "suggestion": suggestion.id,
        "ngo": suggestion.body["ngo"],
        "accepted": accepted_for is not None,
    }
    if automatic:
        decision["automatic"] = True
    if note:
        decision["note"] = note
    changes.put("decision", decision, SCOPE, decision_id)
    if accepted_for is not None:
        body = rules.apply(accepted_for.body, suggestion.body["changes"])
        refuse_problems(problems_of(body), "changes")
        claim_identifiers(records, changes, body, own=accepted_for.id)
        changes.put("ngo", body, accepted_for.scope, accepted_for.id)


# Reading


def get_suggestions(records: Records, actor: Actor, params: GetSuggestions) -> dict[str, Any]:
    """`{head, items}` in the order of the ids, None for those that are not there for this actor."""
    require(actor, "read", "suggestion", SCOPE, records.node)
    head = records.head()
    found = queries.suggestions_by_id(records.collection, params.ids)
    shown = {item["id"]: item for item in _shown(records, list(found.values()))}
    return {"head": head, "items": [shown.get(record_id) for record_id in params.ids]}


def list_suggestions(records: Records, actor: Actor, params: ListSuggestions) -> dict[str, Any]:
    """A page, latest first. States are computed, so a page in rare states looks at up to
    SCANNED_MAX suggestions and may end early, with `has_next`."""
    require(actor, "read", "suggestion", SCOPE, records.node)
    head = records.head()
    wanted = slice_of(params, "arrival", (int, str))
    states = params.filter.states
    scanned = queries.suggestion_page(
        records.collection,
        params.filter,
        wanted,
        wanted.count + 1 if states is None else SCANNED_MAX,
    )
    rows = [((document["arrived"], document["_id"]), document) for document in scanned]
    if states is not None:
        fitting = {
            item["id"]
            for item in _shown(records, scanned)
            if SuggestionState(item["state"]) in states
        }
        rows = [row for row in rows if row[1]["_id"] in fitting]
    page = cut(wanted, "arrival", rows)
    return {
        "head": head,
        "items": _shown(records, page.documents),
        "cursors": page.cursors,
        "has_next": page.has_next,
        "has_previous": page.has_previous,
        "total": None,
    }


def _shown(records: Records, suggestions: list[dict[str, Any]]) -> list[SuggestionJson]:
    """Suggestions with their states, out of the NGOs and decisions that are here now."""
    scopes = ("public", "members")
    ngo_ids = {document["body"]["ngo"] for document in suggestions}
    ngos = queries.ngos_by_id(records.collection, ngo_ids, scopes)
    decisions = queries.decisions_of(records.collection, [found["_id"] for found in suggestions])
    return [
        _suggestion_json(
            document, ngos.get(document["body"]["ngo"]), decisions.get(document["_id"])
        )
        for document in suggestions
    ]


def _suggestion_json(
    document: Mapping[str, Any], ngo: Mapping[str, Any] | None, decision: Mapping[str, Any] | None
) -> SuggestionJson:
    body, known = document["body"], envelope(document)
    ngo_body = ngo["body"] if ngo else None
    decided = decision["body"] if decision else None
    return SuggestionJson(
        id=known["id"],
        version=known["version"],
        home=known["home"],
        ngo_id=body["ngo"],
        ngo_home=body["ngo"].partition(".")[0],
        ngo_version=body["version"],
        state=rules.state_of(ngo_body, body, decided),
        differences=rules.differences(ngo_body or {}, body),
        note=body.get("note"),
        by=document["by"],
        at=known["at"],
        arrived=known["arrived"],
        decision=None
        if decision is None or decided is None
        else {
            "accepted": decided["accepted"],
            "automatic": decided.get("automatic", False),
            "note": decided.get("note"),
            "by": decision["by"],
            "at": rfc3339(decision["at"]),
        },
    )
