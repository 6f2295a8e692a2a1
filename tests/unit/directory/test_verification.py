"""Verification as a table: `rules.verification`."""

from __future__ import annotations

import pytest

from hinterland.errors import Inapplicable
from services.directory.contract.codes import VerificationState as State
from services.directory.rules.verification import VERIFICATION, require_transition, state_of


@pytest.mark.parametrize("before", State)
@pytest.mark.parametrize("after", State)
def test_only_the_table_s_transitions_are_allowed(before: State, after: State) -> None:
    """A state follows another if the table says so; the refusal names those that may."""
    if after in VERIFICATION[before]:
        require_transition(before, after)
        return
    with pytest.raises(Inapplicable, match=f"{before} cannot become {after}"):
        require_transition(before, after)


def test_a_refused_ngo_is_looked_at_again_before_it_is_verified() -> None:
    """From refused nothing but a review follows."""
    assert VERIFICATION[State.REFUSED] == {State.IN_REVIEW}


def test_an_unknown_state_counts_as_unverified() -> None:
    """A state of a newer version does not pass for verified."""
    assert state_of({"verification": {"state": "gold"}}) is State.UNVERIFIED
    assert state_of({}) is State.UNVERIFIED
