"""From an operation and its variables to an answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from typing import Any

from graphql import (
    ExecutionResult,
    GraphQLSchema,
    OperationType,
    execute,
    get_variable_values,
    subscribe,
)

from gateway import limits
from gateway.context import Context
from gateway.documents import Operation
from gateway.errors import BadRequest, BadVariables, Refused, as_json
from hinterland.errors import Unavailable

__all__ = ["Execution"]

Answer = dict[str, Any]


class Execution:
    """`compiled` False leaves everything to graphql-core; the benchmark compares the two."""

    def __init__(self, schema: GraphQLSchema, *, compiled: bool = True) -> None:
        self._schema = schema
        self._compiled = compiled

    async def answer(
        self, operation: Operation, variables: Mapping[str, Any], context: Context
    ) -> Answer:
        """`{"data": …}` and perhaps `"errors"`. Raises BadVariables before anything is executed."""
        if operation.type is OperationType.SUBSCRIPTION:
            raise BadRequest("Subscriptions go over WebSocket, with graphql-transport-ws.")
        values = self._coerce(operation, variables)
        try:
            async with asyncio.timeout(limits.REQUEST_S_MAX):
                plan = operation.compiler.plan(values) if self._compiled else None
                data = None if plan is None else await plan.run(context, values)
                if data is not None:
                    return {"data": data}
                return await self._execute(operation, variables, context)
        except TimeoutError:
            raise Unavailable(
                f"This took more than {limits.REQUEST_S_MAX:g} s. Ask for less, or try again."
            ) from None

    async def stream(
        self, operation: Operation, variables: Mapping[str, Any], context: Context
    ) -> AsyncGenerator[Answer, None]:
        """The answers of a subscription, one after the other. Raises Refused if it cannot start."""
        self._coerce(operation, variables)
        source = await subscribe(
            self._schema,
            operation.document,
            context_value=context,
            variable_values=dict(variables),
            operation_name=operation.name,
        )
        if isinstance(source, ExecutionResult):
            raise Refused(source.errors or [])
        try:
            async for result in source:
                yield _answer(result)
        finally:
            await source.aclose()  # type: ignore[attr-defined]

    def _coerce(self, operation: Operation, variables: Mapping[str, Any]) -> dict[str, Any]:
        values = get_variable_values(
            self._schema,
            operation.node.variable_definitions or (),
            dict(variables),
            max_errors=limits.VALIDATION_ERRORS_MAX,
        )
        if isinstance(values, list):
            raise BadVariables(values)
        return values

    async def _execute(
        self, operation: Operation, variables: Mapping[str, Any], context: Context
    ) -> Answer:
        result = execute(
            self._schema,
            operation.document,
            context_value=context,
            variable_values=dict(variables),
            operation_name=operation.name,
        )
        return _answer(result if isinstance(result, ExecutionResult) else await result)


def _answer(result: ExecutionResult) -> Answer:
    if not result.errors:
        return {"data": result.data}
    return {
        "errors": [one for error in result.errors for one in as_json(error)],
        "data": result.data,
    }
