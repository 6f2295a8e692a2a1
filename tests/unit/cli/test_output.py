"""Times as commands show them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from cli.output import ago

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-01-31T12:00:00Z", "0 s ago"),
        ("2026-01-31T11:58:01Z", "119 s ago"),
        ("2026-01-31T11:58:00Z", "2 min ago"),
        ("2026-01-31T09:30:00Z", "2 h ago"),
        ("2026-01-29T12:00:00+00:00", "2 d ago"),
        ("2026-01-31T12:00:05Z", "0 s ago"),
        (None, "never"),
    ],
)
def test_a_time_is_shown_in_the_largest_unit_of_which_there_are_two(
    moment: str | None, expected: str
) -> None:
    """A peer's fast clock counts as now."""
    assert ago(moment, NOW) == expected
