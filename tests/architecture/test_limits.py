"""The page of limits is what the code says."""

from __future__ import annotations

from tests.architecture.limits import PAGE, render


def test_every_limit_is_listed_in_the_docs() -> None:
    """docs/limits.md is up to date; `make limits` writes it."""
    expected = PAGE.read_text(encoding="utf-8")

    assert expected == render(), "run `make limits`"
