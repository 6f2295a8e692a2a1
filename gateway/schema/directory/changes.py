"""The directory's fields of Subscription."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import graphene

from gateway.context import Context
from gateway.live import Subscription
from gateway.schema.directory.filters import filter_arguments, filter_params
from gateway.schema.directory.ngo import Ngo
from gateway.schema.watching import watch
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
        scopes = readable_scopes(context.actor, KIND, context.node.id)
        return await watch(context, (SERVICE, "list_ngos"), KIND, scopes, filter_params(arguments))
