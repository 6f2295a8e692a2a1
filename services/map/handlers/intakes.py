"""What is sent to the map, and what moderators do with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final

from hinterland.actors import Actor
from hinterland.clock import rfc3339
from hinterland.errors import BadInput, NotFound, StaleVersion
from hinterland.records import Changes, Record, Records
from hinterland.rooms.answers import envelope, page_of
from services.map import queries
from services.map.contract import limits
from services.map.contract.access import may, require
from services.map.contract.calls import (
    GetIntakes,
    ListIntakes,
    ReviewIntake,
    SubmitReport,
)
from services.map.contract.codes import PUBLISHED, LocatedBy, State
from services.map.contract.errors import SecondPersonNeeded, TooManyReports
from services.map.handlers.answering import against_form
from services.map.handlers.sharing import category_chain, share
from services.map.rules.reporting import (
    EDITABLE,
    Problem,
    normalise,
    normalise_reporter,
    normalise_reviewed,
)
from services.map.rules.states import begun, stepped

__all__ = [
    "fingerprint",
    "get_intakes",
    "hold_to_caps",
    "list_intakes",
    "receive",
    "refuse_problems",
    "review_intake",
    "sent_before",
    "submit_report",
]

ERRORS_MAX: Final = 20
FINGERPRINT_CHARS: Final = 16
HOUR: Final = timedelta(hours=1)


def refuse_problems(problems: Iterable[Problem], prefix: str) -> None:
    """Raises BadInput with all that is wrong with the fields under `prefix`, the first as its
    message; nothing if there are no problems."""
    faults = [
        {
            "field": ".".join(filter(None, (prefix, problem.field))),
            "message": problem.message,
        }
        for problem in problems
    ]
    if faults:
        raise BadInput(faults[0]["message"], field=faults[0]["field"], errors=faults[:ERRORS_MAX])


def submit_report(records: Records, actor: Actor, params: SubmitReport) -> dict[str, Any]:
    """`{id, state, version, head}` of the intake. Sent again it is the same one, for as long as
    the node has it. Raises NotAllowed, BadInput, TooManyReports."""
    require(actor, "submit", "intake", "private", records.node)
    address = None
    if not may(actor, "import", "intake", "private", records.node):
        address = fingerprint(records.node, params.address or "")

    def submit(changes: Changes) -> dict[str, Any]:
        before = sent_before(records, params.command_id)
        if before is not None:
            return before
        if address is not None:
            hold_to_caps(records, changes.now, address)
        fields, problems = normalise(params.report, changes.now)
        refuse_problems(problems, "report")
        fields, problems = against_form(changes, actor, fields)
        refuse_problems(problems, "report")
        reporter, problems = normalise_reporter(params.reporter, changes.now)
        refuse_problems(problems, "reporter")
        reporter |= {"account": actor.account, "address": address}
        files = [file.model_dump(exclude_none=True) for file in params.files]
        return receive(
            changes,
            {**fields, "files": files, "reporter": _present(reporter)},
            key=params.command_id,
            channel=str(params.channel),
            by=actor.account,
        )

    return records.execute(f"report {params.command_id}", actor.account, submit)


def _present(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in fields.items() if value is not None}


def fingerprint(node: str, address: str) -> str:
    return sha256(f"{node} {address}".encode()).hexdigest()[:FINGERPRINT_CHARS]


def sent_before(records: Records, key: str) -> dict[str, Any] | None:
    found = queries.intake_by_key(records.collection, key)
    if found is None:
        return None
    version = f"{found['epoch']}.{found['n']}"
    return {"id": found["_id"], "state": found["body"]["state"], "version": version}


def hold_to_caps(records: Records, now: datetime, address: str) -> None:
    """Raises TooManyReports, naming the cap."""
    since = now - HOUR
    for whose, who, most in (
        ("from this address", address, limits.SUBMITTED_PER_ADDRESS_HOUR_MAX),
        ("at this node", None, limits.SUBMITTED_PER_NODE_HOUR_MAX),
    ):
        if queries.count_sent_since(records.collection, since, who, most) >= most:
            raise TooManyReports(
                f"{most} reports an hour are taken {whose}. Keep the report and send it again "
                "later, with the same id.",
                retry_after_s=int(HOUR.total_seconds()),
            )


def receive(
    changes: Changes, fields: Mapping[str, Any], *, key: str, channel: str, by: str | None
) -> dict[str, Any]:
    """Writes an intake out of what was normalised: `{id, state}`. Raises BadInput."""
    category = fields.get("category")
    if category is not None and category_chain(changes, category)[0].get("closed"):
        raise BadInput(f"{category} takes no reports any more", field="report.category")
    now = rfc3339(changes.now)
    body = {
        "happened_at": now,
        **_present(fields),
        **begun(State.PLACED if fields.get("location") else State.RECEIVED, changes.now, by),
        "received_at": now,
        "channel": channel,
        "key": key,
    }
    return {"id": changes.put("intake", body, "private"), "state": body["state"]}


def review_intake(records: Records, actor: Actor, params: ReviewIntake) -> dict[str, Any]:
    """`{id, state, report, version, head}`; `report` is null where nothing is shared. Raises
    NotFound, NotAllowed, StaleVersion, BadInput, Inapplicable, SecondPersonNeeded."""
    require(actor, "review", "intake", "private", records.node)

    def review(changes: Changes) -> dict[str, Any]:
        record = _own_intake(changes, params.id)
        if record.version != params.version:
            raise StaleVersion(field="version", version=record.version)
        body = _edited(changes, record.body, params)
        body = _moved(changes, actor, record.body, body, params)
        body = share(changes, record.id, body)
        changes.put("intake", body, "private", record.id)
        return {"id": record.id, "state": body["state"], "report": body.get("report")}

    return records.execute(params.command_id, actor.account, review)


def _own_intake(changes: Changes, intake_id: str) -> Record:
    record = changes.get(intake_id)
    if record is None or record.kind != "intake":
        raise NotFound(f"there is no report {intake_id} to review at {changes.node}", field="id")
    return record


def _edited(changes: Changes, before: Mapping[str, Any], params: ReviewIntake) -> dict[str, Any]:
    given, problems = normalise(params.changes, changes.now, EDITABLE)
    refuse_problems(problems, "changes")
    reviewed, problems = normalise_reviewed(params.reviewed or {}, changes.now)
    refuse_problems(problems, "reviewed")
    if given.get("category") is not None:
        category_chain(changes, given["category"])
    if "location" in given:
        # How the old place was known says nothing of the new one.
        given = {"located_by": LocatedBy.PERSON, "accuracy_m": None, "candidates": None, **given}
    body = _present({**before, **given})
    if reviewed:
        body["reviewed"] = _present({**before.get("reviewed", {}), **reviewed})
    if body.get("location") and body["state"] == State.RECEIVED:
        body = stepped(body, State.PLACED, changes.now, None, None)
    return body


def _moved(
    changes: Changes,
    actor: Actor,
    before: Mapping[str, Any],
    body: dict[str, Any],
    params: ReviewIntake,
) -> dict[str, Any]:
    """The intake in its next state, which may be the one that it is in."""
    state = params.state or State(body["state"])
    if state in PUBLISHED or State(before["state"]) in PUBLISHED:
        require(actor, "publish", "intake", "private", changes.node)
    verified_by: list[str] = body.get("verified_by", [])
    if state == State.VERIFIED and State(before["state"]) not in PUBLISHED:
        for field in ("category", "location"):
            if not body.get(field):
                raise BadInput(f"give it a {field} before you verify it", field=f"changes.{field}")
        verified_by = [*verified_by, actor.account or ""]
        two_persons = category_chain(changes, body["category"])[0].get("two_persons")
        if two_persons and len(set(verified_by)) < 2:
            if len(verified_by) > 1:
                raise SecondPersonNeeded(field="state")
            state = State.UNDER_REVIEW
    elif state not in PUBLISHED:
        # What one person vouched for is not what it was.
        verified_by = []
    body = {**body, "verified_by": verified_by}
    if params.state is None and params.note is None:
        return body
    return stepped(body, state, changes.now, actor.account, params.note)


def get_intakes(records: Records, actor: Actor, params: GetIntakes) -> dict[str, Any]:
    """Intakes in the order of their ids, None for those that are not there: `{head, items}`."""
    require(actor, "read", "intake", "private", records.node)
    head = records.head()
    found = queries.intakes_by_id(records.collection, params.ids)
    items = [_shown(found[each]) if each in found else None for each in params.ids]
    return {"head": head, "items": items}


def list_intakes(records: Records, actor: Actor, params: ListIntakes) -> dict[str, Any]:
    """A page of the moderators' queue: `{head, items, cursors, has_next, has_previous, total}`."""
    require(actor, "read", "intake", "private", records.node)
    head = records.head()
    page = queries.intake_page(records.collection, params)
    total = None
    if params.count:
        total = queries.count_intakes(records.collection, params.filter, limits.WAITING_MAX)
    return page_of(head, page, _shown, total)


def _shown(document: Mapping[str, Any]) -> dict[str, Any]:
    return {**document["body"], **envelope(document)}
