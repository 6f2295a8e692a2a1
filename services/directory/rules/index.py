"""What records are found by: the `ix` of each kind. Only NGOs have `sort`, so that a condition on
it means NGOs, and a record without a body is in no index."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from hinterland import search
from services.directory.rules.alike import Profile, alike_keys
from services.directory.rules.places import city_key
from services.directory.rules.verification import state_of

__all__ = ["CAUSES_SEPARATOR", "NAME_LANGUAGES", "display_name", "index"]

NAME_LANGUAGES: Final = ("zh", "zh-Hans", "zh-Hant", "en")  # which name an NGO is ordered by
CAUSES_SEPARATOR: Final = "|"


def display_name(names: Mapping[str, str]) -> str:
    """The name by which lists are ordered: the Chinese one, else the English, else the first."""
    for language in NAME_LANGUAGES:
        if language in names:
            return names[language]
    return next(iter(names.values()), "")


def index(kind: str, body: dict[str, Any]) -> dict[str, Any]:
    """The fields that this room queries a record by; none for kinds that it does not know."""
    match kind:
        case "ngo":
            return _ngo(body)
        case "suggestion":
            return {"ngo": body["ngo"], "to": body["ngo"].partition(".")[0]}
        case "decision":
            return {"decided": body["suggestion"], "ngo": body["ngo"]}
        case "ngo_import":
            undone = body.get("undone", False)
            return {"import": body["import_id"], "chunk": body["chunk"], "undone": undone}
    return {}


def _ngo(body: dict[str, Any]) -> dict[str, Any]:
    services = body.get("services", ())
    causes = sorted(body["causes"])
    fields: dict[str, Any] = {
        "sort": search.sort_key(display_name(body["names"])),
        "terms": search.index_terms(
            [*body["names"].values(), *body.get("aliases", ())],
            places=[body["city"]] if body.get("city") else (),
            texts=[
                *(service["name"] for service in services),
                *body.get("descriptions", {}).values(),
                *(service.get("description") or "" for service in services),
            ],
            identifiers=[found["value"] for found in body.get("identifiers", ())],
            phones=body.get("phones", ()),
        ),
        "region": body["region"],
        "causes": causes,
        "cause_set": CAUSES_SEPARATOR.join(causes),
        "verification": str(state_of(body)),
        "alike": alike_keys(Profile.of(body)),
    }
    if body.get("city"):
        fields["city"] = city_key(body["city"])
    if body.get("founded"):
        fields["founded_year"] = int(body["founded"][:4])
    if body.get("location"):
        point = body["location"]
        fields["location"] = {"type": "Point", "coordinates": [point["lng"], point["lat"]]}
    return fields
