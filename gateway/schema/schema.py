"""The schema, put together. `gateway/schema.graphql` is its snapshot, which a test compares."""

from __future__ import annotations

from functools import cache
from typing import Any

import graphene
from graphql import GraphQLSchema, print_schema

from gateway import limits
from gateway.context import Context
from gateway.schema.directory import DirectoryMutation, DirectoryQuery, DirectorySubscription
from gateway.schema.federation import FederationQuery
from gateway.schema.map import MapMutation, MapQuery, MapSubscription
from gateway.schema.relay import KINDS, Node
from gateway.selection import Info
from hinterland.errors import BadInput

__all__ = ["build_schema", "schema_text"]


class Viewer(graphene.ObjectType):
    """Whom this node takes you for."""

    account = graphene.ID(description="null if you sent no API key.")
    roles = graphene.List(graphene.NonNull(graphene.String), required=True)
    node = graphene.String(required=True, description="The node that you are talking to.")


class Query(DirectoryQuery, MapQuery, FederationQuery, graphene.ObjectType):
    """What can be asked."""

    node = graphene.Field(
        Node,
        id=graphene.ID(required=True),
        description="Any record; null if there is none, or none that you may read.",
    )
    nodes = graphene.List(
        Node,
        required=True,
        ids=graphene.List(graphene.NonNull(graphene.ID), required=True),
        description=f"Records in the order of their ids, at most {limits.PAGE_ITEMS_MAX}.",
    )
    viewer = graphene.Field(Viewer, required=True)

    @staticmethod
    async def resolve_node(_root: None, info: Info, id: str) -> Any:
        return await _record(info.context, id)

    @staticmethod
    async def resolve_nodes(_root: None, info: Info, ids: list[str]) -> Any:
        if len(ids) > limits.PAGE_ITEMS_MAX:
            raise BadInput(f"Ask for at most {limits.PAGE_ITEMS_MAX} records.", field="ids")
        waiting = [_record(info.context, one) for one in ids]
        return [await one for one in waiting]

    @staticmethod
    def resolve_viewer(_root: None, info: Info) -> Any:
        context: Context = info.context
        actor = context.actor
        return {
            "account": actor.account,
            "roles": sorted(actor.roles),
            "node": context.node.id,
        }


class Mutation(DirectoryMutation, MapMutation, graphene.ObjectType):
    """What can be done. Everything but `submitReport` needs an API key of staff."""


class Subscription(DirectorySubscription, MapSubscription, graphene.ObjectType):
    """What can be heard, over WebSocket with the protocol graphql-transport-ws."""


async def _record(context: Context, record_id: str) -> Any:
    """The record with its kind beside it, from which `Node` knows its type."""
    kind = record_id.split(".")[1] if record_id.count(".") >= 2 else ""
    if kind not in KINDS:
        return None
    _, service, method = KINDS[kind]
    record = await context.loader(service, method).load(record_id)
    return None if record is None else {**record, "kind": kind}


@cache
def build_schema() -> GraphQLSchema:
    types = [graphql_type for graphql_type, _, _ in KINDS.values()]
    schema = graphene.Schema(query=Query, mutation=Mutation, subscription=Subscription, types=types)
    return schema.graphql_schema  # type: ignore[no-any-return]


def schema_text() -> str:
    return print_schema(build_schema()) + "\n"
