"""The directory's fields of Subscription."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import graphene
import orjson

from gateway import limits
from gateway.context import Context, audience
from gateway.live import Subscription, Topic
from gateway.schema.directory.filters import filter_arguments, filter_params
from gateway.schema.directory.ngo import Ngo
from gateway.selection import Info
from services.directory.contract import SERVICE
from services.directory.contract.access import readable_scopes

__all__ = ["DirectorySubscription"]

KIND = "ngo"


class NgoChange(graphene.ObjectType):
    """An NGO was registered, changed or withdrawn, here or at its home far away."""

    id = graphene.ID(required=True)
    ngo = graphene.Field(Ngo, description="As it is now; null when it is gone.")

    @staticmethod
    def resolve_ngo(change: Mapping[str, Any], _info: Info) -> Any:
        return change["record"]


class DirectorySubscription(graphene.ObjectType):
    """What can be heard of the directory."""

    ngo_changed = graphene.Field(
        NgoChange,
        required=True,
        **filter_arguments(updated_after=False),
        description="Each NGO that matches after its change, and each that is withdrawn. Several "
        "changes of one NGO in short order may come as one. When the subscription ends with an "
        "error, changes may have been missed: read `ngos(updatedAfter: …)`, then subscribe again.",
    )

    @staticmethod
    async def subscribe_ngo_changed(_root: None, info: Info, **arguments: Any) -> Subscription:
        context: Context = info.context
        wanted = filter_params(arguments)

        async def look_up(ids: list[str]) -> Mapping[str, Any]:
            params = {"filter": {**wanted, "ids": ids}, "first": limits.PAGE_ITEMS_MAX}
            page = await context.call(SERVICE, "list_ngos", params)
            return {ngo["id"]: ngo for ngo in page["items"]}

        topic = Topic(
            SERVICE,
            KIND,
            frozenset(readable_scopes(context.actor, KIND, context.node.id)),
            (audience(context.actor), orjson.dumps(wanted, option=orjson.OPT_SORT_KEYS)),
        )
        # From here on nothing is missed, so that who subscribes and then reads has everything.
        subscription = context.node.interests.subscribe(topic, look_up)
        try:
            # A filter that is wrong is refused now, and not at the first change.
            await look_up([])
        except BaseException:
            await subscription.aclose()
            raise
        return subscription
