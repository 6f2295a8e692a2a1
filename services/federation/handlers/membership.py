"""`membership` and `members`: who belongs to us. `expel`: who does not any more."""

from __future__ import annotations

import logging
from typing import Any

from hinterland.clock import rfc3339
from hinterland.errors import BadInput, NotFound, Unavailable
from hinterland.ground.management import BrokerRefused, BrokerUnreachable
from hinterland.identity import Member
from hinterland.records import Changes, Records
from services.federation import queries
from services.federation.contract import Expel
from services.federation.handlers.founding import require_coordinator
from services.federation.handlers.here import AskStatus, Here
from services.federation.handlers.links import arrange_links
from services.federation.rules.expulsion import cutoffs

__all__ = ["expel", "member_list", "members", "membership"]

log = logging.getLogger(__name__)


def membership(records: Records, here: Here) -> dict[str, Any]:
    """What the other services of this node go by. The head is read first: it is never too new."""
    head = records.head()
    charter = queries.charter(records.collection, here.node)
    found = queries.membership(records.collection, here.node)
    return {
        "head": head,
        "membership": found.to_dict() if found else None,
        "statement": charter.statement if charter else None,
    }


def members(records: Records, here: Here) -> dict[str, Any]:
    head = records.head()
    return {"head": head, "members": member_list(records, here)}


def member_list(records: Records, here: Here) -> list[dict[str, Any]]:
    found = queries.membership(records.collection, here.node)
    if found is None:
        return []
    listed = [found.members[node] for node in sorted(found.members)]
    return [_described(member, member.node == found.coordinator) for member in listed]


def _described(member: Member, coordinator: bool) -> dict[str, Any]:
    body = member.to_dict()
    return {
        "node": member.node,
        "region": member.region,
        "name": member.name,
        "key": member.key,
        "joined_at": member.joined_at,
        "coordinator": coordinator,
        "expelled_at": body.get("expelled_at"),
        "note": body.get("note"),
        "feeds": body["expelled"],
    }


def expel(
    records: Records, here: Here, params: Expel, by: str | None, ask_status: AskStatus
) -> dict[str, Any]:
    """Nothing counts any more that `node` writes after what is held here now."""
    require_coordinator(records, here)
    if params.node == here.node:
        raise BadInput("The coordinator cannot expel itself.", field="node")
    # All services must answer: a feed that the expulsion does not name does not count at all.
    feeds = cutoffs([_status(ask_status, service) for service in here.services], params.node)
    member_id = queries.member_id(here.node, params.node)

    def write(changes: Changes) -> dict[str, Any]:
        found = changes.get(member_id)
        if found is None:
            raise NotFound(f"{params.node} is no member of this federation.", field="node")
        if found.body.get("expelled") is None:
            body = {
                **found.body,
                "expelled": feeds,
                "expelled_at": rfc3339(changes.now),
                "note": params.note,
            }
            changes.put("member", body, "members", member_id)
            return {"node": params.node, "feeds": feeds}
        return {"node": params.node, "feeds": found.body["expelled"]}

    result = records.execute(params.command_id, by, write)
    try:
        arrange_links(records, here)
    except (BrokerRefused, BrokerUnreachable) as error:
        # The expulsion stands; the reaction to it arranges the links again until it succeeds.
        log.warning("the links to %s are ended later: %s", params.node, error)
    return result


def _status(ask_status: AskStatus, service: str) -> dict[str, Any]:
    try:
        return ask_status(service)
    except Unavailable as error:
        raise Unavailable(
            f"The service {service} does not say what it holds, so nobody was expelled. Start it "
            "and repeat the command."
        ) from error
