"""The service `federation`: who belongs to us, and the links that carry our feeds."""

from __future__ import annotations

import logging
from typing import Any, Final

from nameko.extensions import DependencyProvider

from hinterland.actors import Actor
from hinterland.bus.reactions import reacts_to
from hinterland.bus.room import RoomService
from hinterland.bus.rpc import rpc
from hinterland.errors import HinterlandError
from hinterland.feeds import FeedStore
from hinterland.identity import Membership
from hinterland.records import Room
from services.federation import handlers, queries
from services.federation.contract import (
    KINDS,
    SERVICE,
    Admit,
    Create,
    Expel,
    Invite,
    Join,
    Members,
    MembershipQuestion,
    Overview,
    require,
)
from services.federation.handlers import Here

__all__ = ["Federation"]

log = logging.getLogger(__name__)

STATUS_TIMEOUT_S: Final = 3.0


class HereProvider(DependencyProvider):  # type: ignore[misc]  # nameko is untyped
    """Injects this node's identity and broker, read once."""

    def setup(self) -> None:
        self._here = Here.of(self.container.config["SETTINGS"])

    def stop(self) -> None:
        self._here.broker.close()

    def get_dependency(self, worker_ctx: Any) -> Here:
        return self._here


def membership_of(store: FeedStore) -> Membership | None:
    """What this service's own follower goes by; the other services ask for it."""
    return queries.membership(store.collection("records"), store.node)


class Federation(RoomService):
    """This node's identity, its federation, and the links that carry its feeds."""

    name = SERVICE
    room = Room(SERVICE, KINDS)
    indexes = queries.INDEXES
    membership_of = staticmethod(membership_of)

    here: Here = HereProvider()

    @rpc
    def create(self, actor: Actor, params: Create) -> dict[str, Any]:
        require(actor, "create", self.here.node)
        return handlers.create(self.records, self.here, params, actor.account)

    @rpc
    def invite(self, actor: Actor, params: Invite) -> dict[str, Any]:
        require(actor, "invite", self.here.node)
        return handlers.invite(self.records, self.here, params, actor.account)

    @rpc
    def join(self, actor: Actor, params: Join) -> dict[str, Any]:
        require(actor, "join", self.here.node)
        return handlers.join(self.records, self.here, params, actor.account)

    @rpc
    def admit(self, actor: Actor, params: Admit) -> dict[str, Any]:
        require(actor, "admit", self.here.node)
        return handlers.admit(self.records, self.here, params)

    @rpc
    def expel(self, actor: Actor, params: Expel) -> dict[str, Any]:
        require(actor, "expel", self.here.node)
        return handlers.expel(self.records, self.here, params, actor.account, self._ask_status)

    @rpc
    def members(self, actor: Actor, params: Members) -> dict[str, Any]:
        require(actor, "members", self.here.node)
        return handlers.members(self.records, self.here)

    @rpc
    def membership(self, actor: Actor, params: MembershipQuestion) -> dict[str, Any]:
        require(actor, "membership", self.here.node)
        return handlers.membership(self.records, self.here)

    @rpc
    def overview(self, actor: Actor, params: Overview) -> dict[str, Any]:
        require(actor, "overview", self.here.node)
        return handlers.overview(self.records, self.here, actor, self._ask_status)

    @reacts_to(SERVICE, kinds=("charter", "member", "peer"))
    def arrange_links(self, since: int) -> int:
        """Also now and then: a broker may have been made anew."""
        head = self.records.head()
        try:
            handlers.arrange_links(self.records, self.here)
        except HinterlandError as error:
            log.warning("links are as they were, and looked after again soon: %s", error)
            return since
        return head

    def _ask_status(self, service: str) -> dict[str, Any]:
        if service == SERVICE:
            return self.replication.status()
        answer: dict[str, Any] = self.calls.call(
            service, "feed_status", {}, timeout_s=STATUS_TIMEOUT_S
        )
        return answer
