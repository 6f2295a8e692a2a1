"""HSDS 3 JSON: an array of organizations, each with its services, location and phones inside.

HSDS wants UUIDs, and texts where an NGO may have none: ids are derived from ours, a missing
description is the name, and unknown parts of an address are empty.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, BinaryIO, Final
from uuid import UUID, uuid5

import orjson

from services.directory.contract.codes import CAUSES, LEGAL_FORMS

__all__ = ["NAMESPACE", "organization", "write_hsds"]

Ngo = Mapping[str, Any]

NAMESPACE: Final = UUID("6f0b7c1e-6f58-5d0a-9a53-2f0f3a2f9d10")  # of all ids below
TAXONOMY: Final = "hinterland-causes"
_NAME_LANGUAGES: Final = ("zh", "en")


def _id(ngo: Ngo, *parts: str) -> str:
    return str(uuid5(NAMESPACE, "/".join((ngo["id"], *parts))))


def _first(texts: Mapping[str, str]) -> str:
    for language in _NAME_LANGUAGES:
        if language in texts:
            return texts[language]
    return next(iter(texts.values()), "")


def _given(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value not in (None, "", [], {})}


def _phones(ngo: Ngo) -> list[dict[str, str]]:
    return [
        {"id": _id(ngo, "phone", number), "number": number, "type": "voice"}
        for number in ngo.get("phones", ())
    ]


def _attributes(ngo: Ngo) -> list[dict[str, Any]]:
    return [
        {
            "id": _id(ngo, "attribute", cause),
            "link_id": _id(ngo),
            "link_entity": "organization",
            "taxonomy_term": {
                "id": str(uuid5(NAMESPACE, f"{TAXONOMY}/{cause}")),
                "code": cause,
                "name": CAUSES.get(cause, {}).get("en", cause),
                "description": CAUSES.get(cause, {}).get("zh", cause),
                "taxonomy": TAXONOMY,
            },
        }
        for cause in ngo["causes"]
    ]


def _locations(ngo: Ngo) -> list[dict[str, Any]]:
    point = ngo.get("location", {})
    if not (point or ngo.get("address") or ngo.get("city")):
        return []
    country, _, province = ngo["region"].partition("-")
    address = {
        "id": _id(ngo, "address"),
        "address_1": ngo.get("address", ""),
        "city": ngo.get("city", ""),
        "state_province": province,
        "postal_code": "",
        "country": country,
        "address_type": "physical",
    }
    location = _given(latitude=point.get("lat"), longitude=point.get("lng"))
    return [
        {
            "id": _id(ngo, "location"),
            "location_type": "physical",
            "name": _first(ngo["names"]),
            **location,
            "addresses": [address],
        }
    ]


def _services(ngo: Ngo) -> list[dict[str, Any]]:
    services = []
    for place, service in enumerate(ngo.get("services", ())):
        identity = _id(ngo, "service", str(place))
        schedules = [
            {"id": _id(ngo, "schedule", str(place)), "description": service["hours"]}
            for _ in ("hours",)
            if service.get("hours")
        ]
        services.append(
            {
                "id": identity,
                "name": service["name"],
                "status": "active",
                **_given(
                    description=service.get("description"),
                    eligibility_description=service.get("eligibility"),
                    schedules=schedules,
                ),
            }
        )
    return services


def organization(ngo: Ngo) -> dict[str, Any]:
    """One NGO as an HSDS 3 organization."""
    names, descriptions = ngo["names"], ngo.get("descriptions", {})
    name = _first(names)
    others = [text for text in (*names.values(), *ngo.get("aliases", ())) if text != name]
    founded = ngo.get("founded", "")[:4]
    form = ngo.get("legal_form")
    return {
        "id": _id(ngo),
        "name": name,
        "description": _first(descriptions) or name,
        **_given(
            alternate_name="; ".join(dict.fromkeys(others)),
            email=ngo.get("email"),
            website=ngo.get("website"),
            year_incorporated=int(founded) if founded else None,
            legal_status=LEGAL_FORMS.get(form, {}).get("en", form) if form else None,
            organization_identifiers=[
                {
                    "id": _id(ngo, "identifier", found["scheme"], found["value"]),
                    "identifier_scheme": found["scheme"],
                    "identifier_type": found["scheme"],
                    "identifier": found["value"],
                }
                for found in ngo.get("identifiers", ())
            ],
            phones=_phones(ngo),
            locations=_locations(ngo),
            services=_services(ngo),
        ),
        "attributes": _attributes(ngo),
    }


def write_hsds(ngos: Iterable[Ngo], out: BinaryIO) -> int:
    """Returns how many were written."""
    count = 0
    out.write(b"[")
    for ngo in ngos:
        out.write(b"\n" if count == 0 else b",\n")
        out.write(orjson.dumps(organization(ngo)))
        count += 1
    out.write(b"\n]\n")
    return count
