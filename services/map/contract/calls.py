"""The arguments of every RPC, as pydantic models."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, Field, StringConstraints, model_validator

from hinterland.files.reference import FileReference
from hinterland.rooms.arguments import (
    PAGE_ITEMS_MAX,
    Arguments,
    Command,
    CommandId,
    Ids,
    Near,
    NodeId,
    PageArguments,
    RecordId,
    Version,
)
from hinterland.rooms.shapes import Region, bounded
from services.map.contract import limits
from services.map.contract.codes import Channel, ReportOrder, ReportSummaryKey, Stance, State

__all__ = [
    "ConfirmReport",
    "ExportReports",
    "GetIntakes",
    "GetRecords",
    "ImportReports",
    "IntakeFilter",
    "ListImports",
    "ListIntakes",
    "ListPins",
    "ListRecords",
    "ListReports",
    "MergeReports",
    "ReadTile",
    "RefuseMerge",
    "ReportFilter",
    "ReviewIntake",
    "SubmitReport",
    "SubmitText",
    "SummariseReports",
    "UndoImport",
    "WithdrawRecord",
    "WriteRecord",
]

SharedScope = Literal["public", "members"]
Kind = Literal["category", "place", "layer"]
ReadKind = Literal["category", "place", "layer", "form", "confirmation", "merge"]
Note = Annotated[str, bounded(limits.NOTE_CHARS_MAX)]
Address = Annotated[str, StringConstraints(max_length=200)]


class SubmitReport(Command):
    """`command_id` is the sender's own id for the report: sent again, it is the same report.

    `report` holds what `rules.reporting.normalise` takes: category, title, text, language,
    location {lat, lng}, accuracy_m, located_by, place_name, region, happened_at, form, answers.
    `files` are uploaded already. `reporter` {name, phone, email} stays at this node, and so does
    `address`, where it came from.
    """

    report: dict[str, Any]
    reporter: dict[str, Any] = {}
    files: Annotated[list[FileReference], Field(max_length=limits.FILES_MAX)] = []
    channel: Channel = Channel.API
    address: Address | None = None


class SubmitText(Command):
    """A message, by SMS or e-mail: a leading keyword picks the category, a place name the place."""

    text: Annotated[str, bounded(limits.TEXT_CHARS_MAX)]
    sender: Annotated[str, bounded(limits.REPORTER_CHARS_MAX)]
    channel: Literal[Channel.SMS, Channel.EMAIL] = Channel.SMS
    received_at: AwareDatetime | None = None


class IntakeFilter(Arguments):
    states: Annotated[list[State], Field(max_length=len(State))] | None = None
    category: RecordId | None = None
    channel: Channel | None = None


class GetIntakes(Arguments):
    ids: Ids


class ListIntakes(PageArguments):
    """In the order of arrival, the oldest first: whoever waits longest is next."""

    filter: IntakeFilter = IntakeFilter()
    count: bool = False


class ReviewIntake(Command):
    """Moderates one report. `version` is the one that the moderator saw.

    `changes` to category, title, text, language, location, accuracy_m, place_name, region,
    happened_at; null removes. `reviewed` says what is let out in place of what was sent. `state`
    is where it goes, by the table of states; what is shared follows.
    """

    id: RecordId
    version: Version
    state: State | None = None
    changes: dict[str, Any] = {}
    reviewed: dict[str, Any] | None = None
    note: Note | None = None


class WriteRecord(Command):
    """Makes (`id` is None) or replaces a category, a place or a layer of this node; `version` is
    the one that the caller saw."""

    kind: Kind
    body: dict[str, Any]
    scope: SharedScope = "public"
    id: RecordId | None = None
    version: Version | None = None

    @model_validator(mode="after")
    def _seen(self) -> WriteRecord:
        if (self.id is None) != (self.version is None):
            raise ValueError("give `id` with the `version` that you saw, or neither")
        return self


class WithdrawRecord(Command):
    """Deletes a category, place, layer, form, confirmation or merge of this node; an intake is
    erased, with what is shared of it."""

    id: RecordId


class ConfirmReport(Command):
    """One account says one thing of a report; said again, it replaces what it said before."""

    report: RecordId
    stance: Stance
    note: Note | None = None
    files: Annotated[list[FileReference], Field(max_length=limits.FILES_MAX)] = []


class MergeReports(Command):
    reports: Annotated[list[RecordId], Field(min_length=2, max_length=limits.MERGED_MAX)]
    note: Note | None = None


class RefuseMerge(Command):
    merge: RecordId
    note: Note | None = None


class BoundingBox(Arguments):
    """WGS 84, degrees. Across the 180th meridian `west` is greater than `east`."""

    west: Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]
    south: Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]
    east: Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]
    north: Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]

    @model_validator(mode="after")
    def _upright(self) -> BoundingBox:
        if self.south > self.north:
            raise ValueError("`south` is greater than `north`; are they the wrong way round?")
        return self


class ReportFilter(Arguments):
    """What is given must all hold. `categories` means any of them, or of those below them;
    `region` a country or a province; `happened_*` when it happened, `updated_after` when it came
    to this node; `group` the reports that merges make one event with this one."""

    categories: (
        Annotated[list[RecordId], Field(max_length=limits.CATEGORIES_FILTERED_MAX)] | None
    ) = None
    states: Annotated[list[State], Field(max_length=len(State))] | None = None
    search: Annotated[str, StringConstraints(max_length=limits.SEARCH_CHARS_MAX)] | None = None
    region: Region | None = None
    home: NodeId | None = None
    bbox: BoundingBox | None = None
    near: Near | None = None
    happened_after: AwareDatetime | None = None
    happened_before: AwareDatetime | None = None
    updated_after: AwareDatetime | None = None
    group: RecordId | None = None
    ids: Ids | None = None


class ListReports(PageArguments):
    """By default by distance with `near`, else by when it happened. `count` asks for `total`, which
    costs a query of its own."""

    filter: ReportFilter = ReportFilter()
    order_by: ReportOrder | None = None
    count: bool = False


class SummariseReports(Arguments):
    by: Annotated[list[ReportSummaryKey], Field(min_length=1, max_length=limits.SUMMARY_KEYS_MAX)]
    filter: ReportFilter = ReportFilter()


class ExportReports(Arguments):
    """Pages in the order of ids, of all reports that the caller may read."""

    filter: ReportFilter = ReportFilter()
    after: RecordId | None = None
    first: Annotated[int, Field(ge=1, le=limits.EXPORT_ITEMS_MAX)] = limits.EXPORT_ITEMS_MAX


class ReadTile(Arguments):
    """One tile of Web Mercator, as slippy maps number them, with what matches of each of its
    layers."""

    zoom: Annotated[int, Field(ge=0, le=limits.TILE_ZOOM_MAX)]
    x: Annotated[int, Field(ge=0)]
    y: Annotated[int, Field(ge=0)]
    filter: ReportFilter = ReportFilter()

    @model_validator(mode="after")
    def _in_the_world(self) -> ReadTile:
        if max(self.x, self.y) >= 2**self.zoom:
            raise ValueError(f"at zoom {self.zoom} there are {2**self.zoom} tiles each way")
        return self


class GetRecords(Arguments):
    """Records of any kind but intakes, in the order of their ids."""

    ids: Ids


class ListRecords(Arguments):
    """All records of one kind that the caller may read, a page at a time by id. `report` asks for
    the confirmations of a report, or the merges that name it."""

    kind: ReadKind
    report: RecordId | None = None
    after: RecordId | None = None
    first: Annotated[int, Field(ge=1, le=PAGE_ITEMS_MAX)] = PAGE_ITEMS_MAX


class ListPins(Arguments):
    """NGOs with a place, in the order of their ids, as the map follows the directory."""

    region: Region | None = None
    home: NodeId | None = None
    after: RecordId | None = None
    first: Annotated[int, Field(ge=1, le=limits.EXPORT_ITEMS_MAX)] = PAGE_ITEMS_MAX


class ImportRow(Arguments):
    row: Annotated[int, Field(ge=1)]
    report: dict[str, Any]


class ImportReports(Arguments):
    """One chunk of rows. A repeat of (import_id, chunk) does nothing twice."""

    import_id: CommandId
    chunk: Annotated[int, Field(ge=0, lt=limits.IMPORT_CHUNKS_MAX)]
    rows: Annotated[list[ImportRow], Field(max_length=limits.IMPORT_ROWS_MAX)]
    file: Annotated[str, bounded(limits.LINE_CHARS_MAX)] | None = None
    dry_run: bool = False


class ListImports(Arguments):
    first: Annotated[int, Field(ge=1, le=PAGE_ITEMS_MAX)] = PAGE_ITEMS_MAX


class UndoImport(Arguments):
    """Erases what one chunk made and nobody has looked at since. Repeat while `more`."""

    import_id: CommandId
