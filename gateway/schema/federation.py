"""The federation: this node, its members, and how far everybody is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

import graphene

from gateway.compile import plain
from gateway.context import Context
from gateway.schema.values import Time
from gateway.selection import Info
from services.federation.contract import SERVICE, DigestState

__all__ = ["FederationQuery"]

DIGEST_HELP = {
    None: "Whether a copy is what its home signed.",
    "equal": "The same digest at the same position, and nothing is missing.",
    "different": "Something is missing or not right: the operator should look.",
    "unknown": "They are not at one position, or the home was not heard.",
}
DigestStateEnum = graphene.Enum(
    "DigestState",
    [(state.upper(), state) for state in get_args(DigestState)],
    description=lambda state: DIGEST_HELP[state and state.value],
)


class ThisNode(graphene.ObjectType):
    """The node that you are talking to."""

    id = graphene.String(required=True)
    region = graphene.String(required=True, description="ISO 3166-2: `CN-YN`.")
    name = graphene.String(required=True)
    key = graphene.String(required=True, description="Its public key, Ed25519, base64.")


class Member(graphene.ObjectType):
    """A node of the federation."""

    node = graphene.String(required=True)
    region = graphene.String(required=True)
    name = graphene.String(required=True)
    key = graphene.String(required=True, description="Its public key, Ed25519, base64.")
    coordinator = graphene.Boolean(required=True)
    joined_at = graphene.Field(Time)
    expelled_at = graphene.Field(Time)


class Feed(graphene.ObjectType):
    """What one service of one node has written for all, and how much of it this node holds."""

    feed = graphene.String(required=True, description="`yunnan/directory`.")
    service = graphene.String(required=True)
    home = graphene.String(required=True, description="The node that writes it.")
    epoch = graphene.String(required=True)
    held = graphene.Int(required=True, description="The number that this node holds.")
    home_epoch = graphene.String()
    home_held = graphene.Int(description="The number that its home is at, if it was heard.")
    behind = graphene.Int(description="Entries that this node lacks, if its home was heard.")
    digest = graphene.Field(DigestStateEnum, required=True)
    last_heard = graphene.Field(Time, description="When its home was last heard.")
    holes = graphene.Int(required=True, description="Payloads that are missing and asked for.")
    quarantined = graphene.Int(required=True, description="Entries that cannot be applied here.")
    frozen = graphene.String(description="Why nothing more of it is applied, if so.")
    needs_upgrade = graphene.Boolean(
        required=True, description="A newer Hinterland wrote it; nothing more is applied till then."
    )
    recovering = graphene.Boolean(
        required=True,
        description="This node's own, restored from a backup: it asks others for what it lost.",
    )

    @staticmethod
    @plain
    def resolve_epoch(feed: Mapping[str, Any], _info: Info) -> str:
        return str(feed["epoch"])

    @staticmethod
    @plain
    def resolve_held(feed: Mapping[str, Any], _info: Info) -> Any:
        return feed["n"]

    @staticmethod
    @plain
    def resolve_home_epoch(feed: Mapping[str, Any], _info: Info) -> str | None:
        return None if feed["home_epoch"] is None else str(feed["home_epoch"])

    @staticmethod
    @plain
    def resolve_home_held(feed: Mapping[str, Any], _info: Info) -> Any:
        return feed["home_n"]


class PeerCopy(graphene.ObjectType):
    """How far a peer's copy of a feed is, by what he says."""

    feed = graphene.String(required=True)
    epoch = graphene.String(required=True)
    held = graphene.Int(required=True)
    behind = graphene.Int()
    digest = graphene.Field(DigestStateEnum, required=True)

    @staticmethod
    @plain
    def resolve_epoch(copy: Mapping[str, Any], _info: Info) -> str:
        return str(copy["epoch"])

    @staticmethod
    @plain
    def resolve_held(copy: Mapping[str, Any], _info: Info) -> Any:
        return copy["n"]


class Peer(graphene.ObjectType):
    """Another node, as it was last heard."""

    node = graphene.String(required=True)
    last_heard = graphene.Field(Time)
    feeds = graphene.List(graphene.NonNull(PeerCopy), required=True)


class Link(graphene.ObjectType):
    """The broker's link to a peer's broker."""

    peer = graphene.String(required=True)
    status = graphene.String(required=True)
    error = graphene.String()


class Service(graphene.ObjectType):
    """A service of this node."""

    service = graphene.String(required=True)
    up = graphene.Boolean(required=True)


class Federation(graphene.ObjectType):
    """This node and its federation, as far as anybody here knows."""

    node = graphene.Field(ThisNode, required=True)
    id = graphene.String(description="null while this node is in no federation.")
    title = graphene.String()
    coordinator = graphene.String(description="The node that says who is a member.")
    role = graphene.String(description="`coordinator`, `member`, `joining` or `expelled`.")
    members = graphene.List(graphene.NonNull(Member), required=True, description="For staff.")
    feeds = graphene.List(graphene.NonNull(Feed), required=True)
    peers = graphene.List(graphene.NonNull(Peer), required=True)
    links = graphene.List(
        graphene.NonNull(Link), description="For staff; null also if the broker does not tell."
    )
    services = graphene.List(graphene.NonNull(Service), required=True)


class FederationQuery(graphene.ObjectType):
    """What can be asked of the federation."""

    federation = graphene.Field(Federation)

    @staticmethod
    async def resolve_federation(_root: None, info: Info) -> Any:
        context: Context = info.context
        overview = await context.read_status(SERVICE, "overview")
        return {**overview, **_about(overview["federation"])}


def _about(federation: Mapping[str, Any] | None) -> dict[str, Any]:
    found = federation or {}
    return {name: found.get(name) for name in ("id", "title", "coordinator", "role")}
