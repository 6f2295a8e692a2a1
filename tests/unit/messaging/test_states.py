"""The life of an outbound message."""

from __future__ import annotations

from itertools import pairwise, permutations, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hinterland.errors import Inapplicable
from services.messaging.contract.codes import PERSONAL_STEPS, REPORTS, STEPS, MessageState
from services.messaging.rules.states import reported, stepped

# Each state, what may follow it.
TABLE = {
    "queued": "sending expired refused delivered",
    "sending": "queued uncertain sent expired refused failed delivered",
    "uncertain": "queued sent expired refused failed delivered",
    "sent": "unknown expired refused failed delivered",
    "unknown": "expired refused failed delivered",
    "expired": "refused failed delivered",
    "refused": "failed delivered",
    "failed": "delivered",
    "delivered": "",
}
# Each state, what becomes of it when it is reported: sent, expired, refused, failed, delivered.
REPORTED = {
    "queued": "queued queued queued queued delivered",
    "sending": "sent expired refused failed delivered",
    "uncertain": "sent expired refused failed delivered",
    "sent": "sent expired refused failed delivered",
    "unknown": "unknown expired refused failed delivered",
    "expired": "expired expired refused failed delivered",
    "refused": "refused refused refused failed delivered",
    "failed": "failed failed failed failed delivered",
    "delivered": "delivered delivered delivered delivered delivered",
}
each_pair = pytest.mark.parametrize(("before", "after"), list(product(MessageState, repeat=2)))


@each_pair
def test_a_message_takes_the_steps_of_the_table(before: MessageState, after: MessageState) -> None:
    """With a person to decide, these and no others."""
    if after in TABLE[before].split():
        assert stepped(before, after, by_person=True) is after
    else:
        with pytest.raises(Inapplicable) as refusal:
            stepped(before, after, by_person=True)
        assert refusal.value.field == "state"


@each_pair
def test_only_a_person_sends_again_what_may_be_out(
    before: MessageState, after: MessageState
) -> None:
    """No other step of the table needs one."""
    if (before, after) == (MessageState.UNCERTAIN, MessageState.QUEUED):
        with pytest.raises(Inapplicable, match="A person has to decide"):
            stepped(before, after)
    elif STEPS.allows(before, after):
        assert stepped(before, after) is after


def test_what_only_a_person_does_is_in_the_table() -> None:
    """The list of such steps has none that nobody can take."""
    assert [step for step in PERSONAL_STEPS if not STEPS.allows(*step)] == []


@pytest.mark.parametrize("before", MessageState)
def test_a_report_does_what_the_table_says(before: MessageState) -> None:
    """And nothing that the table of steps does not allow."""
    after = [reported(before, report) for report in REPORTS]

    assert after == REPORTED[before].split()
    assert [state for state in after if state != before and not STEPS.allows(before, state)] == []


@pytest.mark.parametrize("state", sorted(set(MessageState) - set(REPORTS)))
def test_nobody_reports_what_only_this_node_can_know(state: MessageState) -> None:
    """A channel that makes such a report of an answer is wrong."""
    with pytest.raises(ValueError, match="No gateway reports"):
        reported(MessageState.SENDING, state)


@settings(deadline=None)
@given(
    st.sampled_from(MessageState),
    st.lists(st.sampled_from(REPORTS), max_size=4),
)
def test_reports_come_in_any_order(before: MessageState, reports: list[MessageState]) -> None:
    """All orders end in one state."""
    ends = set()
    for order in permutations(reports):
        state = before
        for report in order:
            state = reported(state, report)
        ends.add(state)

    assert len(ends) == 1


@settings(deadline=None)
@given(st.sampled_from(MessageState), st.lists(st.sampled_from(REPORTS), min_size=1))
def test_reports_may_be_repeated(before: MessageState, reports: list[MessageState]) -> None:
    """What was reported once changes nothing when it comes again, at once or later."""
    states = [before]
    for report in [*reports, *reports]:
        states.append(reported(states[-1], report))

    assert set(states[len(reports) :]) == {states[-1]}
    assert all(one is other or STEPS.allows(one, other) for one, other in pairwise(states))


def test_nothing_follows_a_delivery() -> None:
    """Every other state can still turn out to have been one."""
    assert STEPS.ends == {MessageState.DELIVERED}
    assert all(
        STEPS.allows(state, MessageState.DELIVERED)
        for state in MessageState
        if state is not MessageState.DELIVERED
    )
