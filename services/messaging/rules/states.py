"""The life of an outbound message: a table, and the steps that it allows."""

from __future__ import annotations

from hinterland.errors import Inapplicable
from services.messaging.contract.codes import PERSONAL_STEPS, REPORTS, STEPS, MessageState

__all__ = ["reported", "stepped"]


def stepped(before: MessageState, after: MessageState, *, by_person: bool = False) -> MessageState:
    """The state after a step that this node takes.

    Raises Inapplicable where the table does not have the step, or only for a person.
    """
    if not STEPS.allows(before, after):
        allowed = ", ".join(sorted(STEPS.after(before))) or "nothing"
        raise Inapplicable(
            f"A message that is {before} cannot become {after}; it can become: {allowed}.",
            field="state",
        )
    if (before, after) in PERSONAL_STEPS and not by_person:
        raise Inapplicable(
            f"A message that is {before} may have been sent already. A person has to decide "
            "whether it is sent again.",
            field="state",
        )
    return after


def reported(before: MessageState, report: MessageState) -> MessageState:
    """The state after an answer or a report of the gateway, one of REPORTS.

    It never fails: a report that says nothing new, or less than is known, leaves the state as it
    is. So reports may come in any order and be repeated. While a message waits for another try,
    of the earlier ones only a delivery still matters.
    """
    if report not in REPORTS:
        raise ValueError(f"No gateway reports that a message is {report}.")
    if before in REPORTS:
        return max(before, report, key=REPORTS.index)
    return report if STEPS.allows(before, report) and not _is_late(before, report) else before


def _is_late(before: MessageState, report: MessageState) -> bool:
    """Whether it is about an earlier try than the one that the message waits for."""
    return before is MessageState.QUEUED and report is not MessageState.DELIVERED
