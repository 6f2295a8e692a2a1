"""Verification as a table: which state may follow which."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from hinterland.errors import Inapplicable
from services.directory.contract.codes import VerificationState as State

__all__ = ["VERIFICATION", "require_transition", "state_of"]

# A refusal stands until somebody looks at the NGO again.
VERIFICATION: Final[Mapping[State, frozenset[State]]] = {
    State.UNVERIFIED: frozenset({State.IN_REVIEW, State.VERIFIED, State.REFUSED}),
    State.IN_REVIEW: frozenset({State.UNVERIFIED, State.VERIFIED, State.REFUSED}),
    State.VERIFIED: frozenset({State.VERIFIED, State.IN_REVIEW, State.UNVERIFIED}),
    State.REFUSED: frozenset({State.IN_REVIEW}),
}

if set(VERIFICATION) != set(State):
    raise ValueError("every verification state needs its line in VERIFICATION")


def state_of(body: Mapping[str, object]) -> State:
    """A state that only a newer version knows counts as unverified."""
    verification = body.get("verification")
    stated = verification.get("state") if isinstance(verification, Mapping) else None
    return State(stated) if stated in set(State) else State.UNVERIFIED


def require_transition(before: State, after: State) -> None:
    """Raises Inapplicable with the states that may follow."""
    if after not in VERIFICATION[before]:
        allowed = ", ".join(sorted(VERIFICATION[before]))
        raise Inapplicable(
            f"an NGO that is {before} cannot become {after}; it can become {allowed}",
            field="state",
        )
