"""The type Report, and what intakes have in common with it."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from typing import Any

import graphene

from gateway import limits
from gateway.compile import plain
from gateway.schema.map.common import Envelope, File, as_list, known, load
from gateway.schema.map.opinions import Confirmation, Merge
from gateway.schema.map.tables import Category
from gateway.schema.relay import KINDS, Node, connection_of
from gateway.schema.values import Json, Location, Time
from gateway.selection import Info
from services.map.contract import SERVICE
from services.map.contract.codes import Channel, LocatedBy, State

__all__ = ["ChannelEnum", "Report", "ReportConnection", "Reported", "StateEnum"]

StateEnum = graphene.Enum.from_enum(
    State,
    name="ReportState",
    description=lambda state: {
        None: "Where a report stands. Only the verified and the resolved are shared.",
        State.RECEIVED: "Nobody knows yet where it is.",
        State.PLACED: "It has a place, and waits for a moderator.",
        State.UNDER_REVIEW: "Somebody has begun with it.",
        State.VERIFIED: "It is so.",
        State.RESOLVED: "It was so, and is dealt with.",
        State.REJECTED: "It is not so, or not for this map.",
        State.SPAM: "It was sent to no good end.",
    }[state],
)
ChannelEnum = graphene.Enum.from_enum(
    Channel,
    name="ReportChannel",
    description=lambda channel: {
        None: "How a report came.",
        Channel.WEB: "From a web page.",
        Channel.API: "From an app.",
        Channel.SMS: "As a text message.",
        Channel.EMAIL: "As an e-mail.",
        Channel.OPENROSA: "From KoboCollect, ODK Collect or the like.",
        Channel.IMPORT: "In a file.",
    }[channel],
)
LocatedByEnum = graphene.Enum.from_enum(
    LocatedBy,
    name="LocatedBy",
    description=lambda how: {
        None: "How it is known where something happened.",
        LocatedBy.GPS: "By a phone.",
        LocatedBy.MAP: "Somebody pointed at it.",
        LocatedBy.PLACE: "It is a place of the node.",
        LocatedBy.GAZETTEER: "By a name in the text.",
        LocatedBy.PERSON: "A moderator said so.",
        LocatedBy.CELL: "It is known no closer than a cell, of which this is the centre.",
    }[how],
)


class Reported:
    """What is reported, to moderators and to everybody alike."""

    state = graphene.Field(StateEnum, description="null if only newer nodes know it.")
    category_id = graphene.ID()
    category = graphene.Field(Category)
    title = graphene.String()
    text = graphene.String()
    language = graphene.String(description="BCP 47.")
    location = graphene.Field(Location)
    accuracy_m = graphene.Float(description="How far from `location` it may be.")
    located_by = graphene.Field(LocatedByEnum)
    place_name = graphene.String()
    region = graphene.String(description="ISO 3166-2: `CN-YN`.")
    happened_at = graphene.Field(Time, required=True)
    channel = graphene.Field(ChannelEnum)
    form_id = graphene.ID()
    answers = graphene.Field(Json, description="To the questions of the form, by their names.")
    files = graphene.List(graphene.NonNull(File), required=True, default_value=())

    @staticmethod
    @plain
    def resolve_state(report: Mapping[str, Any], _info: Info) -> str | None:
        return known(report["state"], State)

    @staticmethod
    @plain
    def resolve_category_id(report: Mapping[str, Any], _info: Info) -> Any:
        return report.get("category")

    @staticmethod
    def resolve_category(report: Mapping[str, Any], info: Info) -> Awaitable[Any]:
        return load(info, report.get("category"))

    @staticmethod
    @plain
    def resolve_located_by(report: Mapping[str, Any], _info: Info) -> str | None:
        return known(report.get("located_by"), LocatedBy)

    @staticmethod
    @plain
    def resolve_channel(report: Mapping[str, Any], _info: Info) -> str | None:
        return known(report.get("channel"), Channel)

    @staticmethod
    @plain
    def resolve_form_id(report: Mapping[str, Any], _info: Info) -> Any:
        return report.get("form")


class Report(Envelope, Reported, graphene.ObjectType):
    """What happened somewhere, as a moderator of its home let it out. Of a sensitive category the
    place is the centre of a cell, the time a day."""

    class Meta:
        interfaces = (Node,)

    verified_at = graphene.Field(Time)
    resolved_at = graphene.Field(Time)
    replaces = graphene.ID(description="The report that this one was written anew for.")
    distance_km = graphene.Float(description="From the point of `near`, in a list by distance.")
    confirmations = graphene.List(
        graphene.NonNull(Confirmation),
        required=True,
        description=f"What others say of it; the first {limits.PAGE_ITEMS_MAX}.",
    )
    merges = graphene.List(
        graphene.NonNull(Merge),
        required=True,
        description="What makes it one event with others, whether in force or refused; "
        "`reports(group: …)` lists the event.",
    )

    @staticmethod
    async def resolve_confirmations(report: Mapping[str, Any], info: Info) -> Any:
        return await _said_of(report, info, "confirmation")

    @staticmethod
    async def resolve_merges(report: Mapping[str, Any], info: Info) -> Any:
        return await _said_of(report, info, "merge")


async def _said_of(report: Mapping[str, Any], info: Info, kind: str) -> Any:
    params = {"kind": kind, "report": report["id"], "first": limits.PAGE_ITEMS_MAX}
    return (await as_list(info, "list_records", params))["items"]


KINDS["report"] = (Report, SERVICE, "get_records")

ReportConnection = connection_of(Report, "reports")
