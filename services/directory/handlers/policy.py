"""What happens by itself: trusted suggestions are accepted, and what was said of NGOs that are gone
is forgotten."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from hinterland.actors import Actor
from hinterland.errors import BadInput, Inapplicable, NotFound
from hinterland.records import Changes, Records, derived_id
from services.directory import queries
from services.directory.contract.access import require
from services.directory.contract.calls import GetPolicy, SetPolicy
from services.directory.handlers.suggestions import suggestion_here, write_decision
from services.directory.rules import changes as rules

__all__ = ["answer_by_policy", "forget_orphans", "get_policy", "set_policy"]

ANSWERED_MAX: Final = 200  # suggestions that one round of the policy looks at
ORPHANS_MAX: Final = 200  # that one round erases


def _policy_id(node: str) -> str:
    return derived_id(node, "ngo_policy")


def get_policy(records: Records, actor: Actor, params: GetPolicy) -> dict[str, Any]:
    """`{head, policy: {auto_accept: [{node, fields}]}}`."""
    require(actor, "read", "ngo_policy", "private", records.node)
    head = records.head()
    record = records.get([_policy_id(records.node)]).get(_policy_id(records.node))
    return {"head": head, "policy": {"auto_accept": [], **(record.body if record else {})}}


def set_policy(records: Records, actor: Actor, params: SetPolicy) -> dict[str, Any]:
    """Replaces it: `{id, version, head}`."""
    require(actor, "write", "ngo_policy", "private", records.node)

    def replace(changes: Changes) -> dict[str, Any]:
        body = params.policy.model_dump(mode="json")
        record_id = _policy_id(changes.node)
        return {"id": changes.put("ngo_policy", body, "private", record_id)}

    result = records.execute(params.command_id, actor.account, replace)
    answer_by_policy(records)
    return result


def answer_by_policy(records: Records) -> int:
    """Accepts what the policy trusts, of the suggestions to this home that nobody has answered;
    returns how many. Runs whenever suggestions or the policy have changed; running it again does
    nothing."""
    policy = records.get([_policy_id(records.node)]).get(_policy_id(records.node))
    trusted = policy.body.get("auto_accept", []) if policy else []
    accepted = 0
    after: str | None = "" if trusted else None
    while after is not None:
        waiting = queries.undecided_suggestions(
            records.collection, records.node, after, ANSWERED_MAX
        )
        for document in waiting:
            accepted += _answer(records, document, trusted)
        after = waiting[-1]["_id"] if len(waiting) == ANSWERED_MAX else None
    return accepted


def _answer(records: Records, document: Mapping[str, Any], trusted: list[dict[str, Any]]) -> int:
    suggestion_id = document["_id"]
    ngo_id = document["body"]["ngo"]

    def answer(changes: Changes) -> dict[str, Any]:
        suggestion, ngo = suggestion_here(changes, suggestion_id), changes.get(ngo_id)
        if ngo is None or not rules.auto_accepted_by(
            trusted, suggestion.home, ngo.body, suggestion.body
        ):
            raise Inapplicable("the policy does not accept this; a person will look at it")
        write_decision(records, changes, suggestion, ngo, automatic=True)
        return {"id": suggestion_id}

    ngo = records.get([ngo_id]).get(ngo_id)
    fits = ngo is not None and rules.auto_accepted_by(
        trusted, document["home"], ngo.body, document["body"]
    )
    if not fits or ngo is None:
        return 0
    try:
        records.execute(f"policy {suggestion_id} {ngo.version}", None, answer)
    except (Inapplicable, BadInput, NotFound):
        return 0  # it stays open, for a person to see what is the matter with it
    return 1


def forget_orphans(records: Records) -> int:
    """Erases this node's suggestions to NGOs that are gone, and its decisions about them: they hold
    copies of what was to be forgotten. Returns their number; running it again does nothing."""
    erased = 0
    for find in (queries.suggestions_without_ngo, queries.decisions_without_ngo):
        while orphans := find(records.collection, records.node, ORPHANS_MAX):

            def erase(changes: Changes, orphans: list[str] = orphans) -> dict[str, Any]:
                for record_id in orphans:
                    if changes.get(record_id) is not None:
                        changes.erase(record_id)
                return {}

            records.execute(f"orphans {records.head()} {orphans[0]}", None, erase)
            erased += len(orphans)
    return erased
