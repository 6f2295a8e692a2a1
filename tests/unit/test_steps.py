"""Tables of steps are checked when they are made."""

from __future__ import annotations

from enum import StrEnum

import pytest

from hinterland.steps import StepTable, WrongStepTable


class Door(StrEnum):
    OPEN = "open"
    SHUT = "shut"
    LOCKED = "locked"


class Window(StrEnum):
    BROKEN = "broken"


ROWS = {Door.OPEN: {Door.SHUT}, Door.SHUT: {Door.OPEN, Door.LOCKED}, Door.LOCKED: set()}


def test_a_table_says_what_may_follow_what() -> None:
    """Its rows, and the states that are final by them."""
    table = StepTable(Door, start=Door.OPEN, rows=ROWS)

    assert table.after(Door.SHUT) == {Door.OPEN, Door.LOCKED}
    assert table.allows(Door.OPEN, Door.SHUT)
    assert not table.allows(Door.OPEN, Door.LOCKED)
    assert table.ends == {Door.LOCKED}


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ({Door.OPEN: {Door.SHUT}, Door.SHUT: {Door.OPEN}}, "no row of: locked"),
        ({**ROWS, Door.LOCKED: {Door.LOCKED}}, "follow themselves: locked"),
        ({**ROWS, Door.LOCKED: {Window.BROKEN}}, "no states: broken"),
        ({**ROWS, Window.BROKEN: {Door.OPEN}}, "no states: broken"),
        ({**ROWS, Door.SHUT: {Door.OPEN}}, "from open to: locked"),
    ],
)
def test_a_table_that_contradicts_itself_is_not_made(
    rows: dict[Door, set[Door]], says: str
) -> None:
    """The program does not start with it, and says where it is wrong."""
    with pytest.raises(WrongStepTable, match=says):
        StepTable(Door, start=Door.OPEN, rows=rows)
