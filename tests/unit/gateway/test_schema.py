"""The schema: a promise to partners, that is kept in gateway/schema.graphql."""

from __future__ import annotations

import difflib
import re
from pathlib import Path

import pytest

from gateway.schema.schema import schema_text

SNAPSHOT = Path(__file__).parents[3] / "gateway" / "schema.graphql"


def test_the_schema_is_its_snapshot() -> None:
    """A change is seen in the review. `python -m gateway.schema` writes it."""
    kept = SNAPSHOT.read_text(encoding="utf-8")
    difference = difflib.unified_diff(kept.splitlines(), schema_text().splitlines(), lineterm="")

    assert "\n".join(difference) == ""


@pytest.mark.parametrize("kind", ["type", "input", "enum", "interface", "scalar"])
def test_every_type_says_what_it_is(kind: str) -> None:
    """The schema is the partner's documentation."""
    undescribed = re.findall(rf'(?<!""")\n{kind} (\w+)', schema_text())

    assert undescribed == []
