"""What records are found by: the `ix` of each kind. Only reports have `happened`, so that a
condition on it means reports."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from hinterland import search
from hinterland.clock import to_us
from services.map.rules.cells import EXACT

__all__ = ["index"]


def index(kind: str, body: dict[str, Any]) -> dict[str, Any]:
    """The fields that this room queries a record by; none for kinds that it does not know."""
    match kind:
        case "report":
            return _report(body)
        case "intake":
            return _intake(body)
        case "category":
            return {"parent": body["parent"]} if body.get("parent") else {}
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


def _report(body: dict[str, Any]) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "happened": datetime.fromisoformat(body["happened_at"]),
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
        point = body["location"]
        fields["point"] = {"type": "Point", "coordinates": [point["lng"], point["lat"]]}
    return fields


def _intake(body: dict[str, Any]) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "queue": body["state"],
        "since": to_us(datetime.fromisoformat(body["received_at"])),
        "key": body["key"],
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
