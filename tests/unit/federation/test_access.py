"""Who may call what."""

from __future__ import annotations

import pytest

from hinterland.actors import ROLES, Actor
from hinterland.errors import NotAllowed
from services.federation.contract import ACCESS, may, require

EXPECTED = {
    # call         anonymous partner editor moderator operator coordinator
    "create":     "-          -       -      -         x        x",
    "invite":     "-          -       -      -         x        x",
    "join":       "-          -       -      -         x        x",
    "expel":      "-          -       -      -         -        x",
    "admit":      "x          x       x      x         x        x",
    "members":    "-          -       x      x         x        x",
    "membership": "-          -       x      x         x        x",
    "overview":   "x          x       x      x         x        x",
}  # fmt: skip


@pytest.mark.parametrize("call", ACCESS)
def test_the_table_of_roles_holds(call: str) -> None:
    """Each role may make the calls that the table gives it, and no others."""
    actors = [Actor(node="yunnan")]
    actors += [Actor("a", frozenset({role}), "yunnan") for role in ROLES]

    allowed = ["x" if may(actor, call, "yunnan") else "-" for actor in actors]

    assert allowed == EXPECTED[call].split()


def test_roles_end_at_their_own_node() -> None:
    """An operator of another node is nobody here."""
    stranger = Actor("a", frozenset({"operator"}), "gansu")

    with pytest.raises(NotAllowed, match="operator, coordinator"):
        require(stranger, "invite", "yunnan")
