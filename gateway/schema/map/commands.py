"""The map's fields of Mutation."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from typing import Any

import graphene

from gateway.context import Context
from gateway.schema.commands import Command
from gateway.schema.map.common import load
from gateway.schema.map.inputs import (
    CategoryInput,
    FileInput,
    LayerInput,
    PlaceInput,
    ReportChangesInput,
    ReporterInput,
    ReportInput,
    ReviewedInput,
    named,
)
from gateway.schema.map.intake import Intake
from gateway.schema.map.opinions import Confirmation, Merge, MergeRefusal, StanceEnum
from gateway.schema.map.report import ChannelEnum, StateEnum
from gateway.schema.map.tables import Category, Layer, Place
from gateway.schema.values import Scope
from gateway.selection import Info
from services.map.contract import SERVICE

__all__ = ["MapMutation"]


def _record(payload: Any, info: Info) -> Awaitable[Any]:
    return load(info, payload.result["id"])


def _intake(payload: Any, info: Info) -> Awaitable[Any]:
    return info.context.loader(SERVICE, "get_intakes").load(payload.result["id"])


class SubmitReport(Command):
    """Reports something. Anybody may; a moderator looks at it before others see it. Sent again with
    the same `commandId`, also after days, it is the same report."""

    service, method = SERVICE, "submit_report"

    class Input:
        report = ReportInput(required=True)
        reporter = ReporterInput()
        files = graphene.List(graphene.NonNull(FileInput))
        channel = graphene.InputField(ChannelEnum, description="API by default.")

    id = graphene.ID(required=True, description="To ask its node's staff about it.")
    state = graphene.Field(StateEnum, required=True)

    @classmethod
    def params(cls, arguments: dict[str, Any]) -> Mapping[str, Any]:
        return {name: value for name, value in arguments.items() if value is not None}

    @classmethod
    def asked_by(cls, context: Context) -> Mapping[str, Any]:
        return {"address": context.address}

    @staticmethod
    def resolve_id(payload: Any, _info: Info) -> Any:
        return payload.result["id"]

    @staticmethod
    def resolve_state(payload: Any, _info: Info) -> Any:
        return payload.result["state"]


class ReviewReport(Command):
    """One step in the life of a report that was sent to this node, and corrections of it;
    STALE_VERSION if it is not any more what you saw."""

    service, method = SERVICE, "review_intake"

    class Input:
        id = graphene.ID(required=True, description="Of the intake.")
        version = graphene.String(required=True, description="That you saw.")
        state = graphene.InputField(StateEnum)
        changes = ReportChangesInput()
        reviewed = ReviewedInput()
        note = graphene.String()

    intake = graphene.Field(Intake, resolver=_intake)

    @classmethod
    def params(cls, arguments: dict[str, Any]) -> Mapping[str, Any]:
        return {name: value for name, value in arguments.items() if value is not None}


class WriteTable(Command):
    """Makes a record, or replaces one of this node as a whole."""

    class Meta:
        abstract = True

    service, method = SERVICE, "write_record"

    @classmethod
    def params(cls, arguments: dict[str, Any]) -> Mapping[str, Any]:
        given = {name: value for name, value in arguments.items() if value is not None}
        kind = next(name for name in ("category", "place", "layer") if name in given)
        return {"kind": kind, "body": named(given.pop(kind)), **given}


class Written:
    """What every one of them takes besides the record: `id` and `version` to replace one."""

    id = graphene.ID(description="Of the one that is to be replaced.")
    version = graphene.String(description="That you saw, with `id`.")
    scope = graphene.InputField(Scope, description="PUBLIC by default.")


class WriteCategory(WriteTable):
    """Makes a category, or replaces one of this node. For moderators."""

    class Input(Written):
        category = CategoryInput(required=True)

    category = graphene.Field(Category, resolver=_record)


class WritePlace(WriteTable):
    """Makes a place, or replaces one of this node."""

    class Input(Written):
        place = PlaceInput(required=True)

    place = graphene.Field(Place, resolver=_record)


class WriteLayer(WriteTable):
    """Makes a layer, or replaces one of this node."""

    class Input(Written):
        layer = LayerInput(required=True)

    layer = graphene.Field(Layer, resolver=_record)


class WithdrawMapRecord(Command):
    """Takes a record of this node back; an intake is erased with what is shared of it."""

    service, method = SERVICE, "withdraw_record"

    class Input:
        id = graphene.ID(required=True)

    id = graphene.ID(required=True)

    @staticmethod
    def resolve_id(payload: Any, _info: Info) -> Any:
        return payload.result["id"]


class ConfirmReport(Command):
    """Says something of a report of any node. Said again, it replaces what you said before."""

    service, method = SERVICE, "confirm_report"

    class Input:
        report = graphene.ID(required=True)
        stance = graphene.InputField(StanceEnum, required=True)
        note = graphene.String()
        files = graphene.List(graphene.NonNull(FileInput))

    confirmation = graphene.Field(Confirmation, resolver=_record)

    @classmethod
    def params(cls, arguments: dict[str, Any]) -> Mapping[str, Any]:
        return {name: value for name, value in arguments.items() if value is not None}


class MergeReports(Command):
    """Says that reports of any nodes are one event. For moderators."""

    service, method = SERVICE, "merge_reports"

    class Input:
        reports = graphene.List(graphene.NonNull(graphene.ID), required=True)
        note = graphene.String()

    merge = graphene.Field(Merge, resolver=_record)


class RefuseMerge(Command):
    """Says that reports, one of them of this node, are not one event. For moderators."""

    service, method = SERVICE, "refuse_merge"

    class Input:
        merge = graphene.ID(required=True)
        note = graphene.String()

    refusal = graphene.Field(MergeRefusal, resolver=_record)


class MapMutation(graphene.ObjectType):
    """What can be done on the map."""

    submit_report = SubmitReport.Field()
    review_report = ReviewReport.Field()
    write_category = WriteCategory.Field()
    write_place = WritePlace.Field()
    write_layer = WriteLayer.Field()
    withdraw_map_record = WithdrawMapRecord.Field()
    confirm_report = ConfirmReport.Field()
    merge_reports = MergeReports.Field()
    refuse_merge = RefuseMerge.Field()
