"""Reports that come as a text: its first word picks the category, a name in it the place."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final, TypeVar

from hinterland.actors import Actor
from hinterland.clock import rfc3339
from hinterland.records import Changes, Records
from services.map import queries
from services.map.contract.access import require
from services.map.contract.calls import SubmitText
from services.map.contract.codes import Channel, LocatedBy
from services.map.gazetteer import Gazetteer, How, OwnPlace, OwnPlaces, Place, Placed
from services.map.handlers.intakes import fingerprint, hold_to_caps, receive, sent_before
from services.map.rules.texts import keyword_of, read_text

__all__ = ["Atlas", "submit_text"]

T = TypeVar("T")

SHARED: Final = ("public", "members")


class Atlas:
    """What texts are read with: the gazetteer, the region that the node is in, and what is kept of
    its places and keywords until one of them changes.

    The gazetteer is opened when the first text comes: a node that takes none needs none.
    """

    def __init__(self, region: str) -> None:
        self.region = region
        self._gazetteer: Gazetteer | None = None
        self._kept: dict[str, tuple[tuple[int, int], Any]] = {}

    @property
    def gazetteer(self) -> Gazetteer:
        """Raises GazetteerMissing."""
        if self._gazetteer is None:
            self._gazetteer = Gazetteer.open()
        return self._gazetteer

    def keywords(self, records: Records) -> dict[str, str]:
        """Ids of categories that take reports by all words that pick them; this node's own win."""

        def read() -> dict[str, str]:
            found = queries.categories(records.collection, SHARED)
            found.sort(key=lambda document: document["home"] == records.node)
            return {
                keyword_of(word): document["_id"]
                for document in found
                if not document["body"].get("closed")
                for word in (
                    *document["body"]["names"].values(),
                    *document["body"].get("keywords", ()),
                )
            }

        return self._current(records, "category", read)

    def own_places(self, records: Records) -> OwnPlaces:
        return self._current(records, "place", lambda: OwnPlaces(_places_of(records)))

    def _current(self, records: Records, kind: str, read: Callable[[], T]) -> T:
        """What was read of all records of a kind, read again if one of them has changed."""
        stamp = queries.stamp(records.collection, kind)
        kept = self._kept.get(kind)
        if kept is None or kept[0] != stamp:
            kept = self._kept[kind] = (stamp, read())
        value: T = kept[1]
        return value


def _places_of(records: Records) -> Iterator[OwnPlace]:
    for document in queries.own_places(records.collection, records.node):
        body = document["body"]
        point = body["location"]
        for name in body["names"].values():
            accuracy_m = round(body.get("accuracy_m", 0))
            yield OwnPlace(name, point["lat"], point["lng"], accuracy_m, document["_id"])


def submit_text(records: Records, atlas: Atlas, actor: Actor, params: SubmitText) -> dict[str, Any]:
    """`{id, state, category, place_name, version, head}` of the intake; a name that means several
    places leaves it `received`, with the candidates for a person. Raises NotAllowed,
    TooManyReports, GazetteerMissing."""
    require(actor, "submit", "intake", "private", records.node)
    reading = read_text(params.text, atlas.keywords(records))
    # A keyword alone is a report, too: FLOOD.
    said = reading.rest or params.text.strip()
    found = atlas.gazetteer.places_in(said, near_region=atlas.region, own=atlas.own_places(records))
    address = fingerprint(records.node, params.sender)
    reporter = {"address": address}
    reporter["email" if params.channel == Channel.EMAIL else "phone"] = params.sender
    fields: dict[str, Any] = {
        "category": reading.category,
        "text": said,
        "region": atlas.region,
        "reporter": reporter,
        "candidates": [_candidate(place) for place in found.candidates],
    }
    if params.received_at is not None:
        fields["happened_at"] = rfc3339(params.received_at)
    if isinstance(found, Placed):
        fields |= _placed(found, atlas.region)

    def submit(changes: Changes) -> dict[str, Any]:
        before = sent_before(records, params.command_id)
        if before is not None:
            return before
        hold_to_caps(records, changes.now, address)
        made = receive(
            changes,
            fields,
            key=params.command_id,
            channel=str(params.channel),
            by=actor.account,
        )
        return {**made, "category": reading.category, "place_name": fields.get("place_name")}

    return records.execute(f"text {params.command_id}", actor.account, submit)


def _candidate(place: Place) -> dict[str, Any]:
    candidate = {
        "name": place.name,
        "location": {"lat": place.lat, "lng": place.lng},
        "accuracy_m": float(place.accuracy_m),
        "found_by": str(LocatedBy.PLACE if place.kind == "own" else LocatedBy.GAZETTEER),
    }
    return candidate | ({"region": place.region} if place.region else {})


def _placed(found: Placed, region: str) -> dict[str, Any]:
    place = found.place
    own = found.how == How.OWN_PLACE
    return {
        "location": {"lat": place.lat, "lng": place.lng},
        "accuracy_m": float(found.accuracy_m),
        "located_by": str(LocatedBy.PLACE if own else LocatedBy.GAZETTEER),
        "place_name": place.name,
        "region": place.region or region,
    }
