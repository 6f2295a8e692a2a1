"""Errors that explain themselves: what happened, why, and what to do about it.

Each class carries a stable `code` for programs and a default message for people. An error crosses
RPC as its two arguments, `(message, details)`, so that the caller finds the same code again in
`details["code"]`, whatever language he reads it in.
"""

from __future__ import annotations

from typing import Any, ClassVar

__all__ = [
    "BadInput",
    "Busy",
    "HinterlandError",
    "Inapplicable",
    "NotAllowed",
    "NotFound",
    "NotHome",
    "StaleVersion",
    "Unavailable",
]


class HinterlandError(Exception):
    """Something went wrong inside this node. The log of the service says more."""

    code: ClassVar[str] = "INTERNAL"

    def __init__(self, message: str | None = None, /, **details: Any) -> None:
        """`details` are JSON values; `field` names the input at fault."""
        doc = " ".join((type(self).__doc__ or "").split())
        super().__init__(message or doc, {"code": self.code, **details})

    @property
    def message(self) -> str:
        return str(self.args[0])

    @property
    def details(self) -> dict[str, Any]:
        return dict(self.args[1])

    @property
    def field(self) -> str | None:
        return self.details.get("field")

    def __str__(self) -> str:
        return f"{self.field}: {self.message}" if self.field else self.message


class BadInput(HinterlandError):
    """A value was not understood. Correct the named field and send the command again."""

    code = "BAD_INPUT"


class NotFound(HinterlandError):
    """No such record is visible to you here. Check the id, or wait until it is replicated."""

    code = "NOT_FOUND"


class NotAllowed(HinterlandError):
    """Your role does not permit this. Ask the node's operator for a key with another role."""

    code = "NOT_ALLOWED"


class StaleVersion(HinterlandError):
    """The record has changed since you read it. Read it again, and repeat your change on that."""

    code = "STALE_VERSION"


class Inapplicable(HinterlandError):
    """The record is not in a state in which this can be done. Read it again to see its state."""

    code = "INAPPLICABLE"


class Busy(HinterlandError):
    """The node has too much to do at the moment. Send the same command again in a few seconds."""

    code = "BUSY"


class Unavailable(HinterlandError):
    """A part of this node does not answer. Try again; `hinterland status` says which part it is."""

    code = "UNAVAILABLE"


class NotHome(Inapplicable):
    """Only its home may write this record. Suggest the change to it instead; `home` names the
    node."""

    code = "NOT_HOME"
