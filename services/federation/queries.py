"""The room's only database access: indexes and named queries, each with its reason."""

from __future__ import annotations

from typing import Any, Final

from pymongo import IndexModel
from pymongo.collection import Collection

from hinterland.identity import Member, Membership, RootStatement
from hinterland.records import derived_id
from services.federation.contract import Charter, Peer

__all__ = [
    "INDEXES",
    "charter",
    "charter_id",
    "federation_id",
    "invitation_id",
    "member_id",
    "members",
    "membership",
    "peer_id",
    "peers",
]

Document = dict[str, Any]

# Some dozens of records; the index on (kind, arrived) that every room has serves all queries.
INDEXES: Final[tuple[IndexModel, ...]] = ()


def charter_id(node: str) -> str:
    """There is one charter, so two commands that write it are about the same record."""
    return derived_id(node, "charter")


def federation_id(coordinator: str) -> str:
    """What the coordinator says of the federation, in one record."""
    return derived_id(coordinator, "federation")


def invitation_id(node: str, secret_sum: str) -> str:
    """Whoever knows the secret finds the invitation, and nobody has to search."""
    return derived_id(node, "invitation", secret_sum)


def member_id(coordinator: str, node: str) -> str:
    """One record for each node, so that an id can never be given twice."""
    return derived_id(coordinator, "member", node)


def peer_id(node: str, peer: str) -> str:
    return derived_id(node, "peer", peer)


def charter(records: Collection[Document], node: str) -> Charter | None:
    """The federation that this node is of."""
    found = records.find_one({"_id": charter_id(node)}, {"body": 1})
    return Charter.model_validate(found["body"]) if found else None


def members(records: Collection[Document], coordinator: str) -> list[Member]:
    """What the coordinator has written about its members; nobody else's word counts."""
    found = records.find({"kind": "member", "home": coordinator}, {"body": 1})
    return [Member.from_dict(document["body"]) for document in found]


def membership(records: Collection[Document], node: str) -> Membership | None:
    """Whom this node believes; None before it is in a federation."""
    held = charter(records, node)
    if held is None:
        return None
    statement = RootStatement.read(held.statement)
    return Membership.under(statement, members(records, statement.coordinator))


def peers(records: Collection[Document]) -> list[Peer]:
    """With whom this node has links."""
    found = records.find({"kind": "peer"}, {"body": 1})
    return sorted(
        (Peer.model_validate(document["body"]) for document in found), key=lambda peer: peer.node
    )
