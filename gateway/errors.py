"""Errors as GraphQL answers them: a message for people, a stable `extensions.code` for programs.

What a service or this gateway says on purpose is a `HinterlandError` and is passed on whole. Of
anything else only the log hears more than INTERNAL.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any, ClassVar

from graphql import GraphQLError

from hinterland.errors import BadInput, HinterlandError
from hinterland.wire import ServiceFailed

__all__ = ["BadRequest", "BadVariables", "Refused", "as_json"]

log = logging.getLogger(__name__)


class BadRequest(HinterlandError):
    """The request is not one that GraphQL over HTTP knows."""

    code: ClassVar[str] = "BAD_REQUEST"


class Refused(HinterlandError):
    """What graphql-core found wrong with a request before executing it, in one or more places."""

    def __init__(self, errors: Sequence[GraphQLError]) -> None:
        super().__init__(errors[0].message)
        self.errors = errors


class BadVariables(Refused):
    """The variables do not fit the operation."""

    code: ClassVar[str] = BadInput.code


def as_json(error: Exception) -> list[dict[str, Any]]:
    """One or more errors, in the form that GraphQL's specification gives them (7.1.2)."""
    if isinstance(error, Refused):
        return [_at(place, error.code) for place in error.errors]
    if isinstance(error, GraphQLError):
        return [_at(error, BadInput.code)]
    said = _known(error)
    return [{"message": said.message, "extensions": said.details}]


def _known(error: Exception) -> HinterlandError:
    if isinstance(error, ServiceFailed):
        log.error("a service failed: %s", error.cause)
    if isinstance(error, HinterlandError):
        return error
    log.error("a request failed", exc_info=error)
    return HinterlandError()


def _at(place: GraphQLError, code: str) -> dict[str, Any]:
    """`code` is for what graphql-core itself found wrong."""
    original: Exception | None = place
    while isinstance(original, GraphQLError):
        original = original.original_error
    said = HinterlandError(place.message, code=code) if original is None else _known(original)
    answer: dict[str, Any] = {"message": said.message}
    if place.locations:
        answer["locations"] = [
            {"line": location.line, "column": location.column} for location in place.locations
        ]
    if place.path:
        answer["path"] = place.path
    return {**answer, "extensions": said.details}
