"""One operation, and its plans: one for each combination of values of its @skip and @include."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    Node,
    OperationDefinitionNode,
    OperationType,
)

from gateway import limits
from gateway.compile.plan import Plan, nodes_within, variables_of
from gateway.compile.writer import NotCompilable, Writer

__all__ = ["Compiler"]

DIRECTIVES: Final = ("skip", "include")


class Compiler:
    """Compiles one operation, once for each combination of values of its @skip and @include."""

    def __init__(
        self, schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode
    ) -> None:
        self._schema = schema
        self._operation = operation
        self._fragments = {
            definition.name.value: definition
            for definition in document.definitions
            if isinstance(definition, FragmentDefinitionNode)
        }
        self._switches = sorted(
            {
                name
                for part in (operation, *self._fragments.values())
                for directive in _directives(part)
                for name in variables_of(directive)
            }
        )
        self._plans: dict[tuple[Any, ...], Plan | None] = {}

    def plan(self, variables: Mapping[str, Any]) -> Plan | None:
        """None where the operation is not one to compile."""
        if self._operation.operation is not OperationType.QUERY:
            return None
        switches = tuple(variables.get(name) for name in self._switches)
        if switches in self._plans:
            return self._plans[switches]
        if len(self._plans) >= limits.VARIANTS_MAX:
            return None
        try:
            plan = Writer(self._schema, self._fragments, variables).plan(self._operation)
        except (NotCompilable, GraphQLError):
            plan = None
        self._plans[switches] = plan
        return plan


def _directives(node: Node) -> Iterator[Node]:
    for one in nodes_within(node):
        yield from (
            directive
            for directive in getattr(one, "directives", None) or ()
            if directive.name.value in DIRECTIVES
        )
