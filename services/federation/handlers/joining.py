"""`join` and `admit`: the two sides of the door.

Either side makes a user for the other on its own broker and says how to get in; no administrator's
credential travels. Both may be repeated: whoever knocks again with the same invitation gets the
same answer, and the links are made again.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, Final
from uuid import uuid4

from hinterland.clock import rfc3339
from hinterland.errors import HinterlandError
from hinterland.identity import BadRootStatement, Member, Membership, RootStatement
from hinterland.pinned import Answer, post_json
from hinterland.records import Changes, Records
from hinterland.wire import error_from_wire
from services.federation import queries
from services.federation.contract import (
    DOOR_PATH,
    Admit,
    AlreadyFederated,
    BadJoinRequest,
    BadWelcome,
    Charter,
    Invitation,
    Join,
    Peer,
    PullerName,
)
from services.federation.handlers.founding import require_coordinator
from services.federation.handlers.here import Here
from services.federation.handlers.links import invite_peer, make_link
from services.federation.rules.addresses import reachable_from, require_reachable_from
from services.federation.rules.admission import check_invitation, check_node, check_puller
from services.federation.rules.invitations import InvitationLine, secret_sum
from services.federation.rules.requests import (
    JoinRequest,
    Welcome,
    read_request,
    read_welcome,
    write_request,
)

__all__ = ["admit", "join"]

log = logging.getLogger(__name__)

HTTP_OK: Final = 200


def join(records: Records, here: Here, params: Join, by: str | None) -> dict[str, Any]:
    """Knock at the coordinator's door, keep what it says, and set up our side of both links."""
    line = InvitationLine.read(params.invitation)
    _require_free(records, here, line)
    require_reachable_from(line.host, here.address())
    here.broker.prepare()
    spent = secret_sum(line.secret)
    request = JoinRequest(
        federation=line.federation,
        fingerprint=line.fingerprint,
        secret=line.secret,
        node=here.node,
        region=here.region,
        name=here.name,
        key=here.key.public,
        broker=invite_peer(here, line.coordinator, spent),
        puller=_own_puller(here),
    )
    welcome, statement = _knock(line, write_request(request, here.key))
    charter_id = queries.charter_id(here.node)

    def keep(changes: Changes) -> dict[str, Any]:
        now = rfc3339(changes.now)
        held = changes.get(charter_id)
        charter = Charter(title=welcome.title, statement=welcome.statement, since=now)
        if held is None:
            changes.put("charter", charter.model_dump(), "private", charter_id)
        elif RootStatement.read(held.body["statement"]).federation != statement.federation:
            raise AlreadyFederated()
        peer = Peer(
            node=statement.coordinator,
            broker=welcome.broker,
            puller=welcome.puller,
            secret_for=spent,
            since=now,
        )
        _put_peer(changes, here, peer)
        return {
            "federation": statement.federation,
            "title": welcome.title,
            "coordinator": statement.coordinator,
            "node": here.node,
        }

    # Not under the caller's id: a repeat shall take over what the coordinator says now.
    result = records.execute(uuid4().hex, by, keep)
    peer_id = queries.peer_id(here.node, statement.coordinator)
    make_link(here, Peer.model_validate(records.get([peer_id])[peer_id].body))
    return result


def admit(records: Records, here: Here, params: Admit) -> dict[str, Any]:
    """Let in a node that knows the secret of an invitation, and tell it how to reach us."""
    request = read_request(params.request)
    statement = require_coordinator(records, here)
    if (request.federation, request.fingerprint) != (statement.federation, here.fingerprint):
        raise BadJoinRequest("This request was made for another door.")
    if not reachable_from(here.door_host, request.broker.host):
        raise BadJoinRequest(
            f"{request.broker.host} is not where other machines can reach a broker.", field="host"
        )
    spent = secret_sum(request.secret)
    peer_id = queries.peer_id(here.node, request.node)

    def record(changes: Changes) -> dict[str, Any]:
        # The answer depends on all peers, so no two that join may share a batch.
        changes.claim("puller")
        _spend(changes, here, request, spent)
        check_node(request, _members(records, statement))
        check_puller(request, queries.peers(records.collection), here.broker.vhost)
        _put_member(changes, here, request)
        peer = Peer(
            node=request.node,
            broker=request.broker,
            puller=request.puller,
            secret_for=spent,
            since=rfc3339(changes.now),
        )
        _put_peer(changes, here, peer)
        return {}

    result = records.execute(uuid4().hex, None, record)
    welcome = Welcome(
        title=_title(records, here),
        statement=statement.text,
        broker=invite_peer(here, request.node, spent),
        puller=_own_puller(here),
    )
    make_link(here, Peer.model_validate(records.get([peer_id])[peer_id].body))
    log.info("%s has joined with an invitation", request.node)
    return {**welcome.model_dump(), "head": result["head"]}


def _require_free(records: Records, here: Here, line: InvitationLine) -> None:
    """A node of no federation may join, and a member again. Raises AlreadyFederated."""
    charter = queries.charter(records.collection, here.node)
    if charter is None:
        return
    statement = RootStatement.read(charter.statement)
    if statement.federation != line.federation or statement.coordinator == here.node:
        raise AlreadyFederated(
            f"This node is in the federation {charter.title} ({statement.federation}) already, "
            "and a node is never in two. Set up another node."
        )


def _knock(line: InvitationLine, request: str) -> tuple[Welcome, RootStatement]:
    """Raises WrongFingerprint, Unreachable, what the coordinator refuses, or BadWelcome."""
    answer = post_json(line.host, line.port, DOOR_PATH, {"request": request}, line.fingerprint)
    if answer.status != HTTP_OK:
        raise _refusal(answer)
    welcome = read_welcome(answer.content)
    try:
        statement = RootStatement.read(welcome.statement)
    except BadRootStatement as error:
        raise BadWelcome() from error
    if (statement.federation, statement.coordinator) != (line.federation, line.coordinator):
        raise BadWelcome("The coordinator speaks for another federation than the invitation.")
    if not reachable_from(line.host, welcome.broker.host):
        raise BadWelcome(f"The coordinator says that its broker is at {welcome.broker.host}.")
    return welcome, statement


def _refusal(answer: Answer) -> HinterlandError:
    """What the coordinator says, in its own words and with its code."""
    match answer.content:
        case {"error": {"message": str(message), "details": {"code": str(code), **details}}}:
            return error_from_wire({"exc_args": [message, {**details, "code": code}]})
    return BadWelcome(f"The coordinator answered {answer.status} without saying why.")


def _spend(changes: Changes, here: Here, request: JoinRequest, spent: str) -> None:
    invitation_id = queries.invitation_id(here.node, spent)
    found = changes.get(invitation_id)
    invitation = Invitation.model_validate(found.body) if found else None
    if check_invitation(invitation, request, changes.now):
        assert invitation is not None
        used = invitation.model_copy(
            update={
                "used_by": request.node,
                "used_key": request.key,
                "used_at": rfc3339(changes.now),
            }
        )
        changes.put("invitation", used.model_dump(), "private", invitation_id)


def _put_member(changes: Changes, here: Here, request: JoinRequest) -> None:
    """A new member, or one whose name or region has changed; else nothing is written."""
    member_id = queries.member_id(here.node, request.node)
    found = changes.get(member_id)
    held = found.body if found else {"joined_at": rfc3339(changes.now)}
    body = {
        **held,
        "node": request.node,
        "region": request.region,
        "name": request.name,
        "key": request.key,
    }
    if body != held:
        changes.put("member", body, "members", member_id)


def _put_peer(changes: Changes, here: Here, peer: Peer) -> None:
    """Where nothing but the time would be new, nothing is written."""
    peer_id = queries.peer_id(here.node, peer.node)
    found = changes.get(peer_id)
    body = peer.model_dump()
    if found is None or {**found.body, "since": peer.since} != body:
        changes.put("peer", body, "private", peer_id)


def _members(records: Records, statement: RootStatement) -> Mapping[str, Member]:
    recorded = queries.members(records.collection, statement.coordinator)
    return Membership.under(statement, recorded).members


def _title(records: Records, here: Here) -> str:
    charter = queries.charter(records.collection, here.node)
    assert charter is not None
    return charter.title


def _own_puller(here: Here) -> PullerName:
    puller = here.broker.puller()
    return PullerName(cluster=puller.cluster, vhost=puller.vhost)
