"""NGOs as the map shows them: what is kept here of what the directory holds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hinterland.clock import from_rfc3339, to_us
from services.map.rules.tiles import interleaved, on_world

__all__ = ["pin_of"]


def pin_of(ngo: Mapping[str, Any]) -> dict[str, Any]:
    """A pin out of an NGO as the directory returns it. One whose place is not known has no `tile`,
    `x` and `y`, so that no tile shows it."""
    pin: dict[str, Any] = {
        "_id": ngo["id"],
        "home": ngo["home"],
        "scope": ngo["scope"],
        "arrived": to_us(from_rfc3339(ngo["arrived"])),
        "names": ngo["names"],
        "causes": ngo["causes"],
        "region": ngo["region"],
    }
    place = ngo.get("location")
    if place:
        lat, lng = float(place["lat"]), float(place["lng"])
        x, y = on_world(lat, lng)
        pin |= {"location": {"lat": lat, "lng": lng}, "tile": interleaved(x, y), "x": x, "y": y}
    return pin
