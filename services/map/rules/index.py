"""What records are found by: the `ix` of each kind. Only reports have `happened`, so that a
condition on it means reports."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from pydantic import AwareDatetime, TypeAdapter

from hinterland import search
from hinterland.clock import to_us
from services.map.rules.cells import EXACT
from services.map.rules.tiles import interleaved, on_world

__all__ = ["index"]

# As the contract reads it: a copy may write a time in any of the ways that pydantic knows.
_WHEN: Final = TypeAdapter(AwareDatetime)


def index(kind: str, body: dict[str, Any]) -> dict[str, Any]:
    """The fields that this room queries a record by; none for kinds that it does not know."""
    match kind:
        case "report":
            return _report(body)
        case "intake":
            return _intake(body)
        case "category":
            return {"parent": body["parent"]} if body.get("parent") else {}
        case "form":
            return {"form": body["form_id"]}
        case "confirmation":
            return {"about": [body["report"]], "stance": body["stance"]}
        case "merge":
            return {"about": body["reports"]}
        case "merge_refusal":
            return {"refused": body["merge"]}
        case "map_import":
            undone = body.get("undone", False)
            return {"import": body["import_id"], "chunk": body["chunk"], "undone": undone}
    return {}


def _in_utc(at: datetime) -> datetime:
    """At the ends of the calendar an offset would lead beyond it."""
    try:
        return at.astimezone(UTC)
    except OverflowError:
        return at.replace(tzinfo=UTC)


def _report(body: dict[str, Any]) -> dict[str, Any]:
    happened = _in_utc(_WHEN.validate_python(body["happened_at"]))
    fields: dict[str, Any] = {
        "happened": happened,
        "day": happened.date().isoformat(),
        "category": body["category"],
        "state": body["state"],
        "cell": body.get("cell_level", EXACT),
        "terms": search.index_terms(
            [body["title"]] if body.get("title") else [],
            places=[body["place_name"]] if body.get("place_name") else (),
            texts=[body["text"]] if body.get("text") else (),
        ),
    }
    if body.get("region"):
        fields["region"] = body["region"]
    if body.get("location"):
        lat, lng = float(body["location"]["lat"]), float(body["location"]["lng"])
        fields["point"] = {"type": "Point", "coordinates": [lng, lat]}
        x, y = on_world(lat, lng)
        fields |= {"tile": interleaved(x, y), "x": x, "y": y}
    return fields


def _intake(body: dict[str, Any]) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "queue": body["state"],
        "since": to_us(datetime.fromisoformat(body["received_at"])),
        # A submission that was edited is still known by the ids that it had.
        "key": [body["key"], *body.get("sent", {}).get("earlier", ())],
    }
    for name, value in (
        ("filed", body.get("category")),
        ("address", body.get("reporter", {}).get("address")),
        ("shown", body.get("report")),
        ("channel", body["channel"]),
    ):
        if value is not None:
            fields[name] = value
    return fields
