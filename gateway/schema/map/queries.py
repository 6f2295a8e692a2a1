"""The map's fields of Query."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from typing import Any

import graphene

from gateway.compile import plain
from gateway.schema.map.common import as_list, known, load
from gateway.schema.map.filters import filter_arguments, filter_params
from gateway.schema.map.intake import IntakeConnection
from gateway.schema.map.opinions import ConfirmationConnection, MergeConnection
from gateway.schema.map.pin import PinConnection
from gateway.schema.map.report import ChannelEnum, Report, ReportConnection, StateEnum
from gateway.schema.map.tables import (
    Category,
    CategoryConnection,
    FormConnection,
    LayerConnection,
    PlaceConnection,
)
from gateway.schema.relay import as_connection, counted, page_arguments, page_params
from gateway.selection import Info
from services.map.contract import SERVICE
from services.map.contract.codes import ReportOrder, ReportSummaryKey, State

__all__ = ["MapQuery"]

ReportOrderEnum = graphene.Enum.from_enum(
    ReportOrder,
    name="ReportOrder",
    description=lambda order: {
        None: "By default DISTANCE with `near`, else HAPPENED.",
        ReportOrder.HAPPENED: "What happened last first.",
        ReportOrder.UPDATED: "What came to this node last first.",
        ReportOrder.DISTANCE: "Nearest first; needs `near`.",
    }[order],
)
SummaryKeyEnum = graphene.Enum.from_enum(
    ReportSummaryKey,
    name="ReportSummaryKey",
    description=lambda key: {
        None: "What to count by.",
        ReportSummaryKey.CATEGORY: "The category that a report names, not those above it.",
        ReportSummaryKey.REGION: "Province.",
        ReportSummaryKey.STATE: "State.",
        ReportSummaryKey.HOME: "Node.",
        ReportSummaryKey.DAY: "When it happened, UTC: `2026-11-23`.",
        ReportSummaryKey.WEEK: "The same as a week of ISO 8601: `2026-W48`.",
        ReportSummaryKey.MONTH: "The same as a month: `2026-11`.",
    }[key],
)


class ReportSummaryGroup(graphene.ObjectType):
    """How many reports have these values; null for what was not asked for, or is not known."""

    category_id = graphene.ID()
    category = graphene.Field(Category)
    region = graphene.String()
    state = graphene.Field(StateEnum)
    home = graphene.String()
    day = graphene.String()
    week = graphene.String()
    month = graphene.String()
    count = graphene.Int(required=True)

    @staticmethod
    @plain
    def resolve_category_id(group: Mapping[str, Any], _info: Info) -> Any:
        return group["keys"].get(ReportSummaryKey.CATEGORY)

    @staticmethod
    def resolve_category(group: Mapping[str, Any], info: Info) -> Awaitable[Any]:
        return load(info, group["keys"].get(ReportSummaryKey.CATEGORY))

    @staticmethod
    @plain
    def resolve_region(group: Mapping[str, Any], _info: Info) -> Any:
        return group["keys"].get(ReportSummaryKey.REGION)

    @staticmethod
    @plain
    def resolve_state(group: Mapping[str, Any], _info: Info) -> Any:
        return known(group["keys"].get(ReportSummaryKey.STATE), State)

    @staticmethod
    @plain
    def resolve_home(group: Mapping[str, Any], _info: Info) -> Any:
        return group["keys"].get(ReportSummaryKey.HOME)

    @staticmethod
    @plain
    def resolve_day(group: Mapping[str, Any], _info: Info) -> Any:
        return group["keys"].get(ReportSummaryKey.DAY)

    @staticmethod
    @plain
    def resolve_week(group: Mapping[str, Any], _info: Info) -> Any:
        return group["keys"].get(ReportSummaryKey.WEEK)

    @staticmethod
    @plain
    def resolve_month(group: Mapping[str, Any], _info: Info) -> Any:
        return group["keys"].get(ReportSummaryKey.MONTH)


class ReportSummary(graphene.ObjectType):
    """Reports counted by up to three keys, largest group first."""

    total = graphene.Int(required=True, description="Reports, each once.")
    groups = graphene.List(graphene.NonNull(ReportSummaryGroup), required=True)
    truncated = graphene.Boolean(required=True, description="There are more groups than are shown.")


def _records(connection: type[graphene.ObjectType], what: str) -> graphene.Field:
    """All records of one kind, of all nodes, in the order of their ids."""
    return graphene.Field(
        connection,
        first=graphene.Argument(graphene.Int),
        after=graphene.Argument(graphene.String, description="A cursor."),
        description=what,
    )


def _said_of(connection: type[graphene.ObjectType], what: str) -> graphene.Field:
    return graphene.Field(
        connection,
        report=graphene.Argument(graphene.ID, description="Only of this report."),
        first=graphene.Argument(graphene.Int),
        after=graphene.Argument(graphene.String, description="A cursor."),
        description=what,
    )


async def _list(info: Info, kind: str, arguments: dict[str, Any]) -> Any:
    params = {"kind": kind, **page_params(arguments), **filter_params(arguments)}
    return as_connection(await as_list(info, "list_records", params))


class MapQuery(graphene.ObjectType):
    """What can be asked of the map. Where the service could not answer, a field is null with an
    error beside it, and the rest of the answer stands."""

    report = graphene.Field(
        Report,
        id=graphene.ID(required=True),
        description="One report; null if there is none, or none that you may read.",
    )
    reports = graphene.Field(
        ReportConnection,
        **filter_arguments(),
        order_by=graphene.Argument(ReportOrderEnum),
        **page_arguments(),
        description="Reports of all nodes, as this node holds them.",
    )
    report_summary = graphene.Field(
        ReportSummary,
        by=graphene.List(graphene.NonNull(SummaryKeyEnum), required=True),
        **filter_arguments(),
    )
    categories = _records(CategoryConnection, "What reports are about.")
    places = _records(PlaceConnection, "Points and areas under their names.")
    layers = _records(LayerConnection, "Filters under a name.")
    forms = _records(FormConnection, "The questions of categories.")
    confirmations = _said_of(ConfirmationConnection, "What others say of reports.")
    merges = _said_of(MergeConnection, "Which reports are one event, as moderators say.")
    intakes = graphene.Field(
        IntakeConnection,
        states=graphene.Argument(graphene.List(graphene.NonNull(StateEnum))),
        category=graphene.Argument(graphene.ID),
        channel=graphene.Argument(ChannelEnum),
        **page_arguments(),
        description="What was sent to this node, the oldest first. For its staff.",
    )

    pins = graphene.Field(
        PinConnection,
        region=graphene.Argument(graphene.String),
        home=graphene.Argument(graphene.String),
        first=graphene.Argument(graphene.Int),
        after=graphene.Argument(graphene.String, description="A cursor."),
        description="NGOs with a place, as the map follows the directory.",
    )

    @staticmethod
    async def resolve_pins(_root: None, info: Info, **arguments: Any) -> Any:
        params = {**page_params(arguments), **filter_params(arguments)}
        return as_connection(await as_list(info, "list_pins", params))

    @staticmethod
    async def resolve_report(_root: None, info: Info, id: str) -> Any:
        found = await load(info, id)
        return found if found is not None and found["kind"] == "report" else None

    @staticmethod
    async def resolve_reports(_root: None, info: Info, **arguments: Any) -> Any:
        page = page_params(arguments)
        order_by = arguments.pop("order_by", None)
        params = {"filter": filter_params(arguments), "count": counted(info), **page}
        if order_by is not None:
            params["order_by"] = order_by
        return as_connection(await info.context.read(SERVICE, "list_reports", params))

    @staticmethod
    async def resolve_report_summary(_root: None, info: Info, by: Any, **arguments: Any) -> Any:
        params = {"by": by, "filter": filter_params(arguments)}
        return await info.context.read(SERVICE, "summarise_reports", params)

    @staticmethod
    async def resolve_categories(_root: None, info: Info, **arguments: Any) -> Any:
        return await _list(info, "category", arguments)

    @staticmethod
    async def resolve_places(_root: None, info: Info, **arguments: Any) -> Any:
        return await _list(info, "place", arguments)

    @staticmethod
    async def resolve_layers(_root: None, info: Info, **arguments: Any) -> Any:
        return await _list(info, "layer", arguments)

    @staticmethod
    async def resolve_forms(_root: None, info: Info, **arguments: Any) -> Any:
        return await _list(info, "form", arguments)

    @staticmethod
    async def resolve_confirmations(_root: None, info: Info, **arguments: Any) -> Any:
        return await _list(info, "confirmation", arguments)

    @staticmethod
    async def resolve_merges(_root: None, info: Info, **arguments: Any) -> Any:
        return await _list(info, "merge", arguments)

    @staticmethod
    async def resolve_intakes(_root: None, info: Info, **arguments: Any) -> Any:
        page = page_params(arguments)
        params = {"filter": filter_params(arguments), "count": counted(info), **page}
        return as_connection(await info.context.read(SERVICE, "list_intakes", params))
