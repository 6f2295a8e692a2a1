"""`create` and `invite`: how a federation begins, and how it grows."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from hinterland.clock import rfc3339
from hinterland.errors import BadInput
from hinterland.identity import RootStatement
from hinterland.records import Changes, Records
from services.federation import queries
from services.federation.contract import (
    AlreadyFederated,
    Charter,
    Create,
    Invitation,
    Invite,
    NotCoordinator,
    NotFederated,
)
from services.federation.handlers.here import Here
from services.federation.rules.addresses import require_reachable_from
from services.federation.rules.invitations import InvitationLine, secret_sum

__all__ = ["create", "invite", "require_coordinator"]


def create(records: Records, here: Here, params: Create, by: str | None) -> dict[str, Any]:
    """Start the membership feed, with this node as coordinator and first member."""
    statement = RootStatement.read(params.statement)
    if (statement.coordinator, statement.key) != (here.node, here.key.public):
        raise BadInput(f"The statement does not name {here.node} and its key.", field="statement")
    here.broker.prepare()

    def found(changes: Changes) -> dict[str, Any]:
        charter_id = queries.charter_id(here.node)
        if changes.get(charter_id) is not None:
            raise AlreadyFederated()
        now = rfc3339(changes.now)
        charter = Charter(title=params.title, statement=params.statement, since=now)
        changes.put("charter", charter.model_dump(), "private", charter_id)
        changes.put(
            "federation",
            {"title": params.title, "statement": params.statement},
            "members",
            queries.federation_id(here.node),
        )
        changes.put(
            "member",
            {
                "node": here.node,
                "region": here.region,
                "name": here.name,
                "key": here.key.public,
                "joined_at": now,
            },
            "members",
            queries.member_id(here.node, here.node),
        )
        return {"federation": statement.federation, "coordinator": here.node}

    return records.execute(params.command_id, by, found)


def invite(records: Records, here: Here, params: Invite, by: str | None) -> dict[str, Any]:
    """One line that lets one node join. Its secret is made from the node's key and the command's
    id, so that it need be kept nowhere and a repeat still makes the same line."""
    statement = require_coordinator(records, here)
    require_reachable_from(here.door_host, here.address())
    secret = here.invitation_secret(params.command_id)
    line = InvitationLine(
        federation=statement.federation,
        coordinator=here.node,
        host=here.door_host,
        port=here.door_port,
        secret=secret,
        fingerprint=here.fingerprint,
    )

    def write(changes: Changes) -> dict[str, Any]:
        expires_at = rfc3339(changes.now + timedelta(hours=params.valid_hours))
        invitation = Invitation(secret_sum=secret_sum(secret), expires_at=expires_at)
        invitation_id = queries.invitation_id(here.node, invitation.secret_sum)
        changes.put("invitation", invitation.model_dump(), "private", invitation_id)
        return {"expires_at": expires_at}

    return {"invitation": line.write(), **records.execute(params.command_id, by, write)}


def require_coordinator(records: Records, here: Here) -> RootStatement:
    """The root statement of the federation that this node coordinates. Raises NotFederated or
    NotCoordinator."""
    charter = queries.charter(records.collection, here.node)
    if charter is None:
        raise NotFederated()
    statement = RootStatement.read(charter.statement)
    if statement.coordinator != here.node:
        raise NotCoordinator(
            f"Only the coordinator, {statement.coordinator}, can do this.",
            coordinator=statement.coordinator,
        )
    return statement
