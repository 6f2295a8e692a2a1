"""Messaging's code lists."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from hinterland.steps import StepTable

__all__ = ["PERSONAL_STEPS", "REPORTS", "STEPS", "Encoding", "MessageState"]


class Encoding(StrEnum):
    """How the text of an SMS is written on the wire."""

    GSM_7 = "gsm_7"  # GSM 03.38, counted in septets
    UCS_2 = "ucs_2"  # UTF-16 in fact, counted in code units


class MessageState(StrEnum):
    """Where an outbound message stands."""

    QUEUED = "queued"  # waits for its first try, or for another one
    SENDING = "sending"  # written down before the gateway is called
    UNCERTAIN = "uncertain"  # the call was broken off: the gateway has the message, or has not
    SENT = "sent"  # the gateway has taken it
    UNKNOWN = "unknown"  # no report has come by the deadline
    EXPIRED = "expired"  # its validity period ended before it was delivered
    REFUSED = "refused"  # the gateway, the network or a rule of this node will not carry it
    FAILED = "failed"  # undeliverable, or the last try was in vain
    DELIVERED = "delivered"  # the phone has it


# What an answer or a report of a gateway can say. They come in any order, repeated, and contradict
# each other; whatever the order, the one that is furthest on in this list counts.
REPORTS: Final = (
    MessageState.SENT,
    MessageState.EXPIRED,
    MessageState.REFUSED,
    MessageState.FAILED,
    MessageState.DELIVERED,
)

STEPS: Final = StepTable(
    MessageState,
    start=MessageState.QUEUED,
    rows={
        MessageState.QUEUED: {
            MessageState.SENDING,
            MessageState.EXPIRED,
            MessageState.REFUSED,
            MessageState.DELIVERED,  # an earlier try has come through after all: none is needed
        },
        MessageState.SENDING: {
            MessageState.QUEUED,  # refused for the time being
            MessageState.UNCERTAIN,
            *REPORTS,
        },
        MessageState.UNCERTAIN: {
            MessageState.QUEUED,
            *REPORTS,
        },
        MessageState.SENT: {
            MessageState.UNKNOWN,
            MessageState.EXPIRED,
            MessageState.REFUSED,
            MessageState.FAILED,
            MessageState.DELIVERED,
        },
        MessageState.UNKNOWN: {
            MessageState.EXPIRED,
            MessageState.REFUSED,
            MessageState.FAILED,
            MessageState.DELIVERED,
        },
        MessageState.EXPIRED: {
            MessageState.REFUSED,
            MessageState.FAILED,
            MessageState.DELIVERED,
        },
        MessageState.REFUSED: {MessageState.FAILED, MessageState.DELIVERED},
        MessageState.FAILED: {MessageState.DELIVERED},
        MessageState.DELIVERED: set(),
    },
)

# A message that may be out already is sent again by nobody but a person.
PERSONAL_STEPS: Final = frozenset({(MessageState.UNCERTAIN, MessageState.QUEUED)})
