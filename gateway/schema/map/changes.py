"""The map's fields of Subscription."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import graphene

from gateway.context import Context
from gateway.live import Subscription
from gateway.schema.map.filters import filter_arguments, filter_params
from gateway.schema.map.report import Report
from gateway.schema.watching import watch
from gateway.selection import Info
from services.map.contract import SERVICE
from services.map.contract.access import readable_scopes

__all__ = ["MapSubscription"]

KIND = "report"


class ReportChange(graphene.ObjectType):
    """A report was shared, changed or taken back, here or at its home far away."""

    id = graphene.ID(required=True)
    report = graphene.Field(Report, description="As it is now; null when it is gone.")

    @staticmethod
    def resolve_report(change: Mapping[str, Any], _info: Info) -> Any:
        return change["record"]


class MapSubscription(graphene.ObjectType):
    """What can be heard of the map."""

    report_changed = graphene.Field(
        ReportChange,
        required=True,
        **filter_arguments(updated_after=False),
        description="Each report that matches after its change, and each that is taken back. When "
        "the subscription ends with an error, changes may have been missed: read "
        "`reports(updatedAfter: …)`, then subscribe again.",
    )

    @staticmethod
    async def subscribe_report_changed(_root: None, info: Info, **arguments: Any) -> Subscription:
        context: Context = info.context
        scopes = readable_scopes(context.actor, KIND, context.node.id)
        listing = (SERVICE, "list_reports")
        return await watch(context, listing, KIND, scopes, filter_params(arguments))
