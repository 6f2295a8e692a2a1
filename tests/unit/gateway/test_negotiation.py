"""Which media type is answered."""

from __future__ import annotations

import pytest

from gateway.http.negotiation import GRAPHQL, JSON, media_type, wants_html

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


@pytest.mark.parametrize(
    ("accept", "media"),
    [
        (None, JSON),
        ("", JSON),
        ("*/*", JSON),
        ("application/*", JSON),
        ("application/json", JSON),
        (GRAPHQL, GRAPHQL),
        (f"{GRAPHQL}, application/json;q=0.9", GRAPHQL),
        (f"application/json, {GRAPHQL}", GRAPHQL),
        (f"application/json, {GRAPHQL};q=0.5", JSON),
        (f"{GRAPHQL};q=0, */*", JSON),
        ("APPLICATION/JSON; charset=utf-8", JSON),
        ("application/json;q=nonsense", None),
        ("text/html", None),
        ("image/*", None),
        (",;,=;q", None),
    ],
)
def test_the_media_type_is_the_one_that_is_most_wanted(
    accept: str | None, media: str | None
) -> None:
    """JSON where nobody says otherwise, for older clients."""
    assert media_type(accept) == media


def test_only_a_browser_wants_a_page() -> None:
    """A program that takes anything wants an answer."""
    assert wants_html(BROWSER)
    assert not wants_html("*/*")
    assert not wants_html("application/json, text/html;q=0.5")
    assert not wants_html(None)
