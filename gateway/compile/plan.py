"""A compiled operation, ready to run."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, TypeVar

from graphql import FieldNode, GraphQLField, Node, VariableNode, get_argument_values

from gateway.context import Context
from gateway.selection import CompiledInfo

__all__ = ["Plan", "Root", "nodes_within", "plain", "variables_of"]

Resolver = TypeVar("Resolver", bound=Callable[..., Any])


def plain(resolver: Resolver) -> Resolver:
    """Marks a resolver that needs only the value and its arguments: no `info`, no waiting."""
    resolver.plain = True  # type: ignore[attr-defined]
    return resolver


class Root(NamedTuple):
    """One field of the query itself."""

    key: str
    resolve: Callable[..., Any]
    selected: frozenset[str]
    arguments: int  # index into the arguments of the plan


class Plan:
    """One operation for given values of its @skip and @include, ready to run."""

    def __init__(
        self,
        roots: list[Root],
        arguments: list[tuple[GraphQLField, FieldNode]],
        build: Callable[[list[Any], list[dict[str, Any]]], dict[str, Any]],
    ) -> None:
        self._roots = roots
        self._build = build
        self._arguments = [
            (field, node, None if variables_of(node) else get_argument_values(field, node))
            for field, node in arguments
        ]

    async def run(self, context: Context, variables: dict[str, Any]) -> dict[str, Any] | None:
        """The answer's `data`, or None when graphql-core has to find it."""
        try:
            arguments = [
                get_argument_values(field, node, variables) if fixed is None else fixed
                for field, node, fixed in self._arguments
            ]
            return self._build(await self._values(context, arguments), arguments)
        except Exception:  # noqa: BLE001  # graphql-core meets it again, and says where it was
            return None

    async def _values(self, context: Context, arguments: list[dict[str, Any]]) -> list[Any]:
        if len(self._roots) == 1:
            return [await _value(self._roots[0], context, arguments)]
        # Every one is awaited to its end, so that none is left over when another fails.
        values = await asyncio.gather(
            *(_value(root, context, arguments) for root in self._roots), return_exceptions=True
        )
        for value in values:
            if isinstance(value, BaseException):
                raise value
        return values


async def _value(root: Root, context: Context, arguments: list[dict[str, Any]]) -> Any:
    info = CompiledInfo(context, root.selected)
    value = root.resolve(None, info, **arguments[root.arguments])
    return await value if inspect.isawaitable(value) else value


def nodes_within(node: Node) -> Iterator[Node]:
    """`node`, and all that it is made of."""
    stack = [node]
    while stack:
        node = stack.pop()
        yield node
        for key in node.keys:
            inner = getattr(node, key, None)
            if isinstance(inner, Node):
                stack.append(inner)
            elif isinstance(inner, list | tuple):
                stack.extend(one for one in inner if isinstance(one, Node))


def variables_of(node: Node) -> set[str]:
    """The variables that a node's arguments use; those of the selections within do not count."""
    arguments = getattr(node, "arguments", None) or ()
    return {
        one.name.value
        for argument in arguments
        for one in nodes_within(argument)
        if isinstance(one, VariableNode)
    }
