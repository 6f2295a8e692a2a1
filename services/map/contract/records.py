"""The bodies of the map's records, as they are stored and replicated.

A replica accepts whatever has these shapes, codes and fields of newer nodes included; what may be
*written* here is stricter (`calls.py`, and `rules`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import AwareDatetime, Field, StringConstraints

from hinterland.files.reference import FileReference
from hinterland.kinds import Kind
from hinterland.rooms.arguments import COMMAND_ID_CHARS_MAX
from hinterland.rooms.shapes import Body, Code, Language, Location, Region, bounded
from services.map.contract import limits
from services.map.contract.forms import Form

__all__ = [
    "KINDS",
    "Candidate",
    "Category",
    "Confirmation",
    "ImportChunk",
    "Intake",
    "Layer",
    "Merge",
    "MergeRefusal",
    "Names",
    "Place",
    "Report",
    "Reporter",
    "Reviewed",
    "Sent",
    "Step",
]

Name = Annotated[str, bounded(limits.NAME_CHARS_MAX)]
Note = Annotated[str, bounded(limits.NOTE_CHARS_MAX)]
Names = Annotated[dict[Language, Name], Field(min_length=1, max_length=limits.LANGUAGES_MAX)]
Texts = Annotated[dict[Language, Note], Field(max_length=limits.LANGUAGES_MAX)]
Id = Annotated[str, bounded(160)]
Accuracy = Annotated[float, Field(ge=0, le=limits.ACCURACY_M_MAX, allow_inf_nan=False)]
Colour = Annotated[str, StringConstraints(pattern=r"^#[0-9a-f]{6}$")]
Answers = Annotated[dict[str, Any], Field(max_length=limits.ANSWERS_MAX)]
Files = Annotated[list[FileReference], Field(max_length=limits.FILES_MAX)]
Longitude = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]
Latitude = Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]
Position = tuple[Longitude, Latitude]  # GeoJSON (RFC 7946): longitude first
Ring = Annotated[list[Position], Field(min_length=4, max_length=limits.POINTS_MAX)]


class Place(Body):
    """Kind `place`: a point, or an area with its outline, under the names that people use."""

    names: Names
    location: Location
    accuracy_m: Accuracy = 0.0  # how far from `location` the place reaches
    outline: Annotated[list[Ring], Field(max_length=20)] = []  # of a polygon, the outer ring first
    region: Region | None = None


class Category(Body):
    """Kind `category`: what reports are about. `parent` is another category, of any home.

    Where it, or a category above it, is `sensitive`, a report says no more about its place than
    which cell of level `cell_level` it lies in.
    """

    names: Names
    descriptions: Texts = {}
    parent: Id | None = None
    colour: Colour | None = None
    icon: Code | None = None
    order: int = 0
    keywords: Annotated[list[Name], Field(max_length=limits.KEYWORDS_MAX)] = []
    sensitive: bool = False
    cell_level: Annotated[int, Field(ge=limits.CELL_LEVEL_MIN, le=limits.CELL_LEVEL_MAX)] = (
        limits.CELL_LEVEL_DEFAULT
    )
    two_persons: bool = False  # verify a report only together
    audience: Literal["public", "members"] = "public"  # of its reports
    form: Id | None = None
    closed: bool = False  # takes no reports any more


class Report(Body):
    """Kind `report`: what a moderator has let out of an intake. `at` of the record is when.

    `intake` is opaque: it never leaves its node. A report that had to be written anew, because its
    category became sensitive, has another id, and `replaces` its old one.
    """

    category: Id
    state: Code
    title: Annotated[str, bounded(limits.TITLE_CHARS_MAX)] | None = None
    text: Annotated[str, bounded(limits.TEXT_CHARS_MAX)] | None = None
    language: Language | None = None
    location: Location | None = None
    accuracy_m: Accuracy | None = None
    located_by: Code | None = None
    cell_level: int | None = None  # of the cell that is shown in place of the place
    place_name: Name | None = None
    region: Region | None = None
    happened_at: AwareDatetime
    channel: Code
    form: Id | None = None
    answers: Answers = {}
    files: Files = []
    verified_at: AwareDatetime | None = None
    resolved_at: AwareDatetime | None = None
    intake: Id
    replaces: Id | None = None


class Confirmation(Body):
    """Kind `confirmation`: what another person, or another node, says of a report."""

    report: Id
    stance: Code
    note: Note | None = None
    files: Files = []


class Merge(Body):
    """Kind `merge`, written at the moderator's node: these reports are one event."""

    reports: Annotated[list[Id], Field(min_length=2, max_length=limits.MERGED_MAX)]
    note: Note | None = None


class MergeRefusal(Body):
    """Kind `merge_refusal`, written at the home of one of the reports: they are not."""

    merge: Id
    note: Note | None = None


class Layer(Body):
    """Kind `layer`: a filter (`calls.ReportFilter`, as JSON) under a name, with its colour. One
    with `alert` is what people and messaging watch."""

    names: Names
    filter: dict[str, Any]
    colour: Colour | None = None
    order: int = 0
    alert: bool = False


class Step(Body):
    """One step in the life of a report: `by` is the opaque account, None for what came by
    itself."""

    state: Code
    at: AwareDatetime
    by: str | None = None
    note: Note | None = None


class Candidate(Body):
    """A place that a text may mean, for a person to choose."""

    name: Name
    location: Location
    accuracy_m: Accuracy
    region: Region | None = None
    found_by: Code


class Reporter(Body):
    """Who sent it, as far as he said. Never leaves the node."""

    name: Annotated[str, bounded(limits.REPORTER_CHARS_MAX)] | None = None
    phone: Annotated[str, bounded(limits.REPORTER_CHARS_MAX)] | None = None
    email: Annotated[str, bounded(limits.REPORTER_CHARS_MAX)] | None = None
    account: str | None = None
    address: str | None = None  # a fingerprint of where it came from, for the caps


class Sent(Body):
    """What a phone sent besides answers: `sum` is the SHA-256 of its XML, by which a repeat is told
    from another submission; `personal`, what it says of its owner; `earlier`, the instanceIDs that
    this one has replaced; `edits`, the intake that it should have, were that not under review."""

    sum: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    personal: Answers = {}
    earlier: Annotated[
        list[Annotated[str, bounded(COMMAND_ID_CHARS_MAX)]], Field(max_length=limits.EDITS_MAX)
    ] = []
    edits: Id | None = None


class Reviewed(Body):
    """What a moderator lets out in place of what was sent; of a sensitive category nothing else."""

    title: Annotated[str, bounded(limits.TITLE_CHARS_MAX)] | None = None
    text: Annotated[str, bounded(limits.TEXT_CHARS_MAX)] | None = None
    answers: Annotated[list[str], Field(max_length=limits.ANSWERS_MAX)] | None = None
    files: Annotated[list[str], Field(max_length=limits.FILES_MAX)] | None = None  # hashes


class Intake(Body):
    """Kind `intake`, private: a report as it was sent, and what became of it.

    `key` is the sender's own id for it; a phone may send it again for days. `verified_by` are
    accounts, each of them one human. `report` is what is shared of it, if anything is.
    """

    state: Code
    history: Annotated[list[Step], Field(min_length=1, max_length=limits.HISTORY_MAX)]
    channel: Code
    key: Annotated[str, bounded(COMMAND_ID_CHARS_MAX)]
    sent: Sent | None = None
    received_at: AwareDatetime
    reporter: Reporter = Reporter()
    category: Id | None = None
    title: Annotated[str, bounded(limits.TITLE_CHARS_MAX)] | None = None
    text: Annotated[str, bounded(limits.TEXT_CHARS_MAX)] | None = None
    language: Language | None = None
    location: Location | None = None
    accuracy_m: Accuracy | None = None
    located_by: Code | None = None
    place_name: Name | None = None
    region: Region | None = None
    candidates: Annotated[list[Candidate], Field(max_length=limits.CANDIDATES_MAX)] = []
    happened_at: AwareDatetime
    form: Id | None = None
    answers: Answers = {}
    files: Files = []
    reviewed: Reviewed = Reviewed()
    verified_by: list[str] = []
    report: Id | None = None
    replaced: Id | None = None  # what was shared of it before


class ImportChunk(Body):
    """Kind `map_import`, private: what one call of import_reports made, to be undone."""

    import_id: Annotated[str, bounded(COMMAND_ID_CHARS_MAX)]
    chunk: int
    imported_at: AwareDatetime
    file: str | None = None
    rows: int
    refused: int
    undone: bool = False
    intakes: Annotated[list[Id], Field(max_length=limits.IMPORT_ROWS_MAX)]


_SHARED: Final = frozenset({"public", "members"})
_PRIVATE: Final = frozenset({"private"})

KINDS: Final[Mapping[str, Kind]] = {
    kind.name: kind
    for kind in (
        Kind("place", Place, _SHARED),
        Kind("category", Category, _SHARED),
        Kind("report", Report, _SHARED),
        Kind("confirmation", Confirmation, _SHARED),
        Kind("merge", Merge, _SHARED),
        Kind("merge_refusal", MergeRefusal, _SHARED),
        Kind("form", Form, _SHARED),
        Kind("layer", Layer, _SHARED),
        Kind("intake", Intake, _PRIVATE),
        Kind("map_import", ImportChunk, _PRIVATE),
    )
}
