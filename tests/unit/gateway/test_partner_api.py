"""docs/howto/partner-api.md says what is so."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import gateway.app
import services.accounts.contract
import services.directory.contract
from gateway import limits
from gateway.documents import Documents
from gateway.schema.schema import build_schema
from hinterland.errors import HinterlandError

PAGE = (Path(__file__).parents[3] / "docs" / "howto" / "partner-api.md").read_text("utf-8")


@pytest.mark.parametrize("query", re.findall(r"```graphql\n(.*?)```", PAGE, re.DOTALL))
def test_every_query_fits_the_schema(query: str) -> None:
    """Whoever pastes it gets an answer."""
    Documents(build_schema()).get(query)


def test_every_limit_that_is_listed_is_the_one_that_holds() -> None:
    """By name and by number."""
    listed = re.findall(r"^\| `([A-Z_]+_MAX)` \| ([0-9.]+) \|$", PAGE, re.MULTILINE)

    assert len(listed) > 10
    assert listed == [(name, str(getattr(limits, name))) for name, _ in listed]


def kinds_of(error: type[HinterlandError]) -> Iterator[type[HinterlandError]]:
    yield error
    for kind in error.__subclasses__():
        yield from kinds_of(kind)


def test_every_code_that_a_partner_may_meet_is_listed() -> None:
    """Those of the gateway itself, of the directory, and the common ones."""
    speakers = (
        gateway.app.__package__ or "",
        services.accounts.contract.__name__,
        services.directory.contract.__name__,
        "hinterland.errors",
    )
    codes = {
        kind.code
        for kind in kinds_of(HinterlandError)
        if kind.__module__.startswith(speakers)
        # What phones are told is XML, and no partner meets it.
        and not kind.__module__.startswith("gateway.openrosa")
        and kind.code != "KEY_SHOWN"
    }
    listed = re.findall(r"^\| `([A-Z_]+)` \| [A-Z]", PAGE, re.MULTILINE)

    assert sorted(listed) == sorted(codes)
