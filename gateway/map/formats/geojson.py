"""Reports as GeoJSON (RFC 7946): a collection of features, a piece at a time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import orjson

__all__ = ["END", "MEDIA_TYPE", "START", "feature", "features", "ngo_feature"]

MEDIA_TYPE: Final = "application/geo+json"
START: Final = b'{"type":"FeatureCollection","features":['
END: Final = b"\n]}\n"
PROPERTIES: Final = (
    "home", "version", "category", "state", "title", "text", "language", "accuracy_m", "located_by",
    "place_name", "region", "happened_at", "channel", "answers", "verified_at", "resolved_at",
    "replaces", "at", "arrived",
)  # fmt: skip


def feature(report: Mapping[str, Any]) -> dict[str, Any]:
    """Longitude comes first; a report whose place is not known has no geometry (3.2)."""
    at = report.get("location")
    point = {"type": "Point", "coordinates": [at["lng"], at["lat"]]} if at else None
    return {
        "type": "Feature",
        "id": report["id"],
        "geometry": point,
        "properties": {key: report[key] for key in PROPERTIES if report.get(key) is not None},
    }


def ngo_feature(pin: Mapping[str, Any]) -> dict[str, Any]:
    at = pin["location"]
    return {
        "type": "Feature",
        "id": pin["id"],
        "geometry": {"type": "Point", "coordinates": [at["lng"], at["lat"]]},
        "properties": {key: pin[key] for key in ("home", "names", "causes", "region")},
    }


def features(found: Iterable[Mapping[str, Any]], *, first: bool) -> bytes:
    """Some more features, a line each; `first` says that there are none before them."""
    lines = [orjson.dumps(each) for each in found]
    if not lines:
        return b""
    return (b"\n" if first else b",\n") + b",\n".join(lines)
