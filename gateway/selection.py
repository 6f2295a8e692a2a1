"""What a resolver may know of the question that it answers, whoever executes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from graphql import GraphQLObjectType, GraphQLResolveInfo, get_named_type
from graphql.execution.collect_fields import collect_sub_fields

if TYPE_CHECKING:
    from gateway.context import Context

__all__ = ["CompiledInfo", "Info", "selected"]


class CompiledInfo(NamedTuple):
    """Stands in for graphql-core's `info` where an operation is compiled."""

    context: Context
    selected: frozenset[str]


Info = CompiledInfo | GraphQLResolveInfo


def selected(info: Info) -> frozenset[str]:
    """The names of the fields that are asked for of this field's value."""
    if isinstance(info, CompiledInfo):
        return info.selected
    of = get_named_type(info.return_type)
    if not isinstance(of, GraphQLObjectType):
        return frozenset()
    fields = collect_sub_fields(
        info.schema, info.fragments, info.variable_values, of, info.field_nodes
    )
    return frozenset(nodes[0].name.value for nodes in fields.values())
