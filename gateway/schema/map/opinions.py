"""What others say of reports: confirmations, and that several are one event."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from typing import Any

import graphene

from gateway.compile import plain
from gateway.schema.map.common import Envelope, File, known, load
from gateway.schema.relay import KINDS, Node, connection_of
from gateway.selection import Info
from services.map.contract import SERVICE
from services.map.contract.codes import Stance

__all__ = [
    "Confirmation",
    "ConfirmationConnection",
    "Merge",
    "MergeConnection",
    "MergeRefusal",
    "StanceEnum",
]

StanceEnum = graphene.Enum.from_enum(
    Stance,
    name="Stance",
    description=lambda stance: {
        None: "What somebody else says of a report.",
        Stance.CONFIRMS: "It is so.",
        Stance.DISPUTES: "It is not so.",
        Stance.ADDS: "There is more to it.",
    }[stance],
)


class Confirmation(Envelope, graphene.ObjectType):
    """What another person, or another node, says of a report."""

    class Meta:
        interfaces = (Node,)

    report_id = graphene.ID(required=True)
    stance = graphene.Field(StanceEnum, description="null if only newer nodes know it.")
    note = graphene.String()
    files = graphene.List(graphene.NonNull(File), required=True, default_value=())

    @staticmethod
    @plain
    def resolve_report_id(confirmation: Mapping[str, Any], _info: Info) -> Any:
        return confirmation["report"]

    @staticmethod
    @plain
    def resolve_stance(confirmation: Mapping[str, Any], _info: Info) -> str | None:
        return known(confirmation["stance"], Stance)


class Merge(Envelope, graphene.ObjectType):
    """A moderator says that these reports are one event. The home of one of them may refuse it."""

    class Meta:
        interfaces = (Node,)

    report_ids = graphene.List(graphene.NonNull(graphene.ID), required=True)
    note = graphene.String()

    @staticmethod
    @plain
    def resolve_report_ids(merge: Mapping[str, Any], _info: Info) -> Any:
        return merge["reports"]


class MergeRefusal(Envelope, graphene.ObjectType):
    """The home of one of the reports says that they are not one event."""

    class Meta:
        interfaces = (Node,)

    merge_id = graphene.ID(required=True)
    merge = graphene.Field(Merge)
    note = graphene.String()

    @staticmethod
    @plain
    def resolve_merge_id(refusal: Mapping[str, Any], _info: Info) -> Any:
        return refusal["merge"]

    @staticmethod
    def resolve_merge(refusal: Mapping[str, Any], info: Info) -> Awaitable[Any]:
        return load(info, refusal["merge"])


KINDS["confirmation"] = (Confirmation, SERVICE, "get_records")
KINDS["merge"] = (Merge, SERVICE, "get_records")
KINDS["merge_refusal"] = (MergeRefusal, SERVICE, "get_records")

ConfirmationConnection = connection_of(Confirmation, "confirmations")
MergeConnection = connection_of(Merge, "merges")
