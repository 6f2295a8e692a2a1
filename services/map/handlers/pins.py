"""The directory's NGOs on the map: followed, and shown."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from hinterland.actors import Actor
from hinterland.clock import from_us, rfc3339
from hinterland.records import Records
from services.directory.contract import SERVICE as DIRECTORY
from services.directory.contract.access import readable_scopes
from services.directory.contract.limits import EXPORT_ITEMS_MAX
from services.map import queries
from services.map.contract.calls import ListPins
from services.map.rules.pins import pin_of

__all__ = ["follow_ngos", "list_pins"]

Call = Callable[[str, str, dict[str, Any]], Any]

NGO: Final = "ngo"
UPDATED_ITEMS: Final = 100  # in one page of what came since


def follow_ngos(records: Records, call: Call) -> int:
    """Brings the pins to what the directory holds, and returns its head.

    What came since the last pin is read by arrival. What is gone leaves no trace in that: then
    there are more pins than NGOs, and all of them are compared.
    """
    pins = records.store.collection(queries.PINS)
    queries.prepare_pins(pins)
    version = queries.pins_version(pins)
    params: dict[str, Any] = {"order_by": "updated", "first": UPDATED_ITEMS}
    if version.pins:
        since = rfc3339(from_us(version.arrived_us))
        total = call(DIRECTORY, "list_ngos", {"first": 0, "count": True})
        page = call(DIRECTORY, "list_ngos", {**params, "filter": {"updated_after": since}})
        head = int(total["head"])
        while True:
            queries.put_pins(pins, [pin_of(ngo) for ngo in page["items"]])
            if not page["has_next"]:
                break
            params["after"] = page["cursors"][-1]
            page = call(DIRECTORY, "list_ngos", {**params, "filter": {"updated_after": since}})
        if queries.count_pins(pins) == total["total"]:
            return head
    return _compare_all(pins, call)


def _compare_all(pins: queries.Pins, call: Call) -> int:
    head: int | None = None
    after: str | None = None
    while True:
        page = call(DIRECTORY, "export_ngos", {"after": after, "first": EXPORT_ITEMS_MAX})
        head = int(page["head"]) if head is None else head
        found = [pin_of(ngo) for ngo in page["items"]]
        queries.put_pins(pins, found)
        queries.drop_pins_between(pins, after or "", page["next"], [pin["_id"] for pin in found])
        if page["next"] is None:
            return head
        after = page["next"]


def list_pins(records: Records, actor: Actor, params: ListPins) -> dict[str, Any]:
    """NGOs with a place: `{head, items, next}`; `next` is the `after` of the next page, None at the
    end, and `versions` what changes when one of them does."""
    pins = records.store.collection(queries.PINS)
    scopes = readable_scopes(actor, NGO, records.node)
    documents = queries.pin_page(pins, params, scopes)
    shown = documents[: params.first]
    return {
        "head": records.head(),
        "versions": list(queries.pins_version(pins)),
        "items": [_shown(document) for document in shown],
        "next": shown[-1]["_id"] if len(documents) > params.first else None,
    }


def _shown(document: dict[str, Any]) -> dict[str, Any]:
    return {key: document[key] for key in ("home", "names", "causes", "region", "location")} | {
        "id": document["_id"]
    }
