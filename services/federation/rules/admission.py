"""Who is let in: an invitation that holds, and a node that is who it says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from hinterland.clock import from_rfc3339
from hinterland.identity import Member
from hinterland.links import link_queue
from services.federation.contract import (
    BadInvitation,
    BadJoinRequest,
    Expelled,
    Invitation,
    InvitationExpired,
    InvitationUsed,
    NodeTaken,
    Peer,
)
from services.federation.rules.requests import JoinRequest, puller_of

__all__ = ["check_invitation", "check_node", "check_puller"]


def check_invitation(invitation: Invitation | None, request: JoinRequest, now: datetime) -> bool:
    """Whether this is the first use; a repeat by the same node, whose answer was lost, is none.

    Raises BadInvitation, InvitationUsed or InvitationExpired.
    """
    if invitation is None:
        raise BadInvitation("The coordinator knows no such invitation.", field="invitation")
    if invitation.used_by is not None:
        if (invitation.used_by, invitation.used_key) != (request.node, request.key):
            raise InvitationUsed()
        return False
    if now >= from_rfc3339(invitation.expires_at):
        raise InvitationExpired()
    return True


def check_node(request: JoinRequest, members: Mapping[str, Member]) -> None:
    """A member may join again, which makes his links anew. Raises NodeTaken or Expelled."""
    member = members.get(request.node)
    if member is None:
        return
    if member.key != request.key:
        raise NodeTaken(
            f"Another node of this federation is or was called {request.node}. Set up the node "
            "under another id.",
            field="node",
        )
    if member.expelled is not None:
        raise Expelled()


def check_puller(request: JoinRequest, peers: Iterable[Peer], vhost: str) -> None:
    """Nobody may name a link queue that is another's: he could read and delete it. Raises
    BadJoinRequest."""
    wanted = link_queue(vhost, puller_of(request.puller))
    for peer in peers:
        if peer.node != request.node and link_queue(vhost, puller_of(peer.puller)) == wanted:
            raise BadJoinRequest(
                f"The broker of {request.node} has the cluster name {request.puller.cluster} and "
                f"the vhost {request.puller.vhost}, and so has that of another member. Give it "
                f"another cluster name: `rabbitmqctl set_cluster_name {request.node}`.",
                field="puller",
            )
