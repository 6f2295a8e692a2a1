"""The map's code lists."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

__all__ = [
    "PUBLISHED",
    "TRANSITIONS",
    "Channel",
    "LocatedBy",
    "ReportOrder",
    "ReportSummaryKey",
    "Stance",
    "State",
]


class State(StrEnum):
    """Where a report stands. Only what a person has looked at is ever shared."""

    RECEIVED = "received"  # nobody knows yet where it is
    PLACED = "placed"  # it has a place, found by the sender or by us
    UNDER_REVIEW = "under_review"  # somebody has begun with it; or one of two persons has verified
    VERIFIED = "verified"
    RESOLVED = "resolved"
    REJECTED = "rejected"
    SPAM = "spam"


TRANSITIONS: Final[Mapping[State, frozenset[State]]] = {
    State.RECEIVED: frozenset({State.PLACED, State.UNDER_REVIEW, State.REJECTED, State.SPAM}),
    State.PLACED: frozenset({State.UNDER_REVIEW, State.VERIFIED, State.REJECTED, State.SPAM}),
    State.UNDER_REVIEW: frozenset({State.VERIFIED, State.REJECTED, State.SPAM}),
    State.VERIFIED: frozenset({State.RESOLVED, State.UNDER_REVIEW, State.REJECTED}),
    State.RESOLVED: frozenset({State.VERIFIED, State.REJECTED}),
    State.REJECTED: frozenset({State.UNDER_REVIEW}),
    State.SPAM: frozenset({State.UNDER_REVIEW}),
}
# In these a report is shared; in all others there is nothing of it outside of its node.
PUBLISHED: Final = frozenset({State.VERIFIED, State.RESOLVED})


class Channel(StrEnum):
    """How a report came."""

    WEB = "web"
    API = "api"
    SMS = "sms"
    EMAIL = "email"
    OPENROSA = "openrosa"
    IMPORT = "import"


class LocatedBy(StrEnum):
    """How it is known where something happened."""

    GPS = "gps"
    MAP = "map"  # somebody pointed at it
    PLACE = "place"  # a place of this node
    GAZETTEER = "gazetteer"  # a name in the text
    PERSON = "person"  # a moderator
    CELL = "cell"  # the fixed centre of a cell, because the category is sensitive


class Stance(StrEnum):
    """What another person, or another node, says of a report."""

    CONFIRMS = "confirms"
    DISPUTES = "disputes"
    ADDS = "adds"


class ReportOrder(StrEnum):
    HAPPENED = "happened"  # latest first
    UPDATED = "updated"  # what came to this node last first
    DISTANCE = "distance"


class ReportSummaryKey(StrEnum):
    CATEGORY = "category"
    REGION = "region"
    STATE = "state"
    HOME = "home"
    DAY = "day"
    WEEK = "week"  # ISO 8601, 2026-W48
    MONTH = "month"
