"""Which of the two media types of GraphQL over HTTP a client wants."""

from __future__ import annotations

from typing import Final

__all__ = ["GRAPHQL", "HTML", "JSON", "media_type", "wants_html"]

JSON: Final = "application/json"
GRAPHQL: Final = "application/graphql-response+json"
HTML: Final = "text/html"
ANY: Final = "*/*"


def media_type(accept: str | None) -> str | None:
    """`GRAPHQL` or `JSON`, or None if neither is acceptable.

    Where both are equally welcome, it is GRAPHQL for those who name it, and JSON for all others: so
    the specification asks for the sake of older clients.
    """
    if accept is None or not accept.strip():
        return JSON
    ranges = _ranges(accept)
    graphql, json = _quality(GRAPHQL, ranges), _quality(JSON, ranges)
    if graphql == json == 0:
        return None
    if graphql > json or (graphql == json and GRAPHQL in ranges):
        return GRAPHQL
    return JSON


def wants_html(accept: str | None) -> bool:
    """Whether a browser's address line asks, and not a program."""
    ranges = _ranges(accept or "")
    return ranges.get(HTML, 0) > max(ranges.get(JSON, 0), ranges.get(GRAPHQL, 0))


def _ranges(accept: str) -> dict[str, float]:
    """Media ranges and their quality (RFC 9110, 12.5.1)."""
    ranges = {}
    for part in accept.lower().split(","):
        name, *parameters = (piece.strip() for piece in part.split(";"))
        quality = 1.0
        for parameter in parameters:
            key, _, value = parameter.partition("=")
            if key.strip() == "q":
                quality = _number(value)
        ranges[name] = quality
    return ranges


def _number(text: str) -> float:
    try:
        return min(max(float(text), 0.0), 1.0)
    except ValueError:
        return 0.0


def _quality(of: str, ranges: dict[str, float]) -> float:
    for name in (of, of.partition("/")[0] + "/*", ANY):
        if name in ranges:
            return ranges[name]
    return 0.0
