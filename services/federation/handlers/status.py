"""`overview`: how this node and its federation are, as far as anybody here knows."""

from __future__ import annotations

import logging
from typing import Any, Literal

from hinterland.actors import Actor
from hinterland.errors import HinterlandError
from hinterland.identity import Membership, RootStatement
from hinterland.records import Records
from services.federation import queries
from services.federation.contract import may
from services.federation.handlers.here import AskStatus, Here
from services.federation.handlers.membership import member_list
from services.federation.rules import overview as rules

__all__ = ["overview"]

log = logging.getLogger(__name__)


def overview(records: Records, here: Here, actor: Actor, ask_status: AskStatus) -> dict[str, Any]:
    head = records.head()
    membership = queries.membership(records.collection, here.node)
    answers = {service: _ask(ask_status, service) for service in here.services}
    statuses = [answer for answer in answers.values() if not isinstance(answer, HinterlandError)]
    found = {
        "head": head,
        "node": {
            "id": here.node,
            "region": here.region,
            "name": here.name,
            "key": here.key.public,
        },
        "federation": _federation(records, here, membership),
        "members": [],
        "feeds": rules.feeds(statuses, here.node, membership),
        "peers": rules.peers(statuses, here.node, membership),
        "links": None,
        "dropped": [],
        "drops": [],
        "services": [_service(service, answers[service]) for service in here.services],
    }
    if may(actor, "members", here.node):
        found["members"] = member_list(records, here)
        found["links"] = _links(here)
        found["dropped"] = rules.dropped(statuses)
        found["drops"] = rules.drops(statuses)
    return found


def _ask(ask_status: AskStatus, service: str) -> dict[str, Any] | HinterlandError:
    try:
        return ask_status(service)
    except HinterlandError as error:
        return error


def _service(service: str, answer: dict[str, Any] | HinterlandError) -> dict[str, Any]:
    failed = isinstance(answer, HinterlandError)
    return {"service": service, "up": not failed, "error": str(answer) if failed else None}


def _federation(
    records: Records, here: Here, membership: Membership | None
) -> dict[str, Any] | None:
    charter = queries.charter(records.collection, here.node)
    if charter is None or membership is None:
        return None
    return {
        "id": membership.federation,
        "title": charter.title,
        "coordinator": membership.coordinator,
        "role": _role(here, membership),
        "since": charter.since,
        "root": RootStatement.read(charter.statement).root,
    }


def _role(
    here: Here, membership: Membership
) -> Literal["coordinator", "member", "expelled", "joining"]:
    if membership.coordinator == here.node:
        return "coordinator"
    member = membership.members.get(here.node)
    if member is None:
        return "joining"  # our own member record is still on its way to us
    return "member" if member.expelled is None else "expelled"


def _links(here: Here) -> list[dict[str, Any]] | None:
    """None where the broker does not tell: then it is the broker that needs looking after."""
    try:
        links = here.broker.links()
    except HinterlandError as error:
        log.warning("the broker does not tell about its links: %s", error)
        return None
    return [{"peer": link.peer, "status": link.status, "error": link.error} for link in links]
