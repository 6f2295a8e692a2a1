"""The arguments of every RPC, as pydantic models, and the shapes of their results.

Arguments are strict about names (an unknown one is an error) and lenient about notation: phone
numbers, websites and text are normalised by `rules.normalise` before they are stored.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypedDict

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from services.directory.contract import limits
from services.directory.contract.access import Scope
from services.directory.contract.codes import (
    OrderBy,
    SuggestionState,
    SummaryKey,
    VerificationState,
)
from services.directory.contract.records import Language, Note, Policy, Region

__all__ = [
    "ConfirmNgo",
    "DecideSuggestion",
    "ExportNgos",
    "GetNgos",
    "GetPolicy",
    "GetSuggestions",
    "ImportNgos",
    "ImportOptions",
    "ListImports",
    "ListNgos",
    "ListSuggestions",
    "Near",
    "NgoFilter",
    "NgoJson",
    "Page",
    "RegisterNgo",
    "RowOutcome",
    "SetPolicy",
    "SuggestChange",
    "SuggestionFilter",
    "SuggestionJson",
    "SummariseNgos",
    "Summary",
    "UndoImport",
    "UpdateNgo",
    "VerifyNgo",
    "WithdrawNgo",
    "WithdrawSuggestion",
    "Written",
]

CommandId = Annotated[str, StringConstraints(min_length=8, max_length=limits.COMMAND_ID_CHARS_MAX)]
RecordId = Annotated[str, StringConstraints(min_length=1, max_length=160)]
Version = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,20}\.[0-9]{1,20}$")]
Cursor = Annotated[str, StringConstraints(min_length=1, max_length=limits.CURSOR_CHARS_MAX)]
PageSize = Annotated[int, Field(ge=0, le=limits.PAGE_ITEMS_MAX)]
Ids = Annotated[list[RecordId], Field(max_length=limits.IDS_MAX)]
NodeId = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{1,30}$")]


class Arguments(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Command(Arguments):
    """`command_id` is made by the caller: a repeat of the command returns the first result."""

    command_id: CommandId


class RegisterNgo(Command):
    """`ngo` holds the editable fields of `records.Ngo`; a name, a region and a cause are
    required."""

    ngo: dict[str, Any]
    scope: Scope = "public"


class UpdateNgo(Command):
    """`version` is the one that the caller saw. `changes` is a JSON Merge Patch (RFC 7396) on the
    editable fields: names, descriptions and social change key by key, other fields as a whole;
    null removes. `scope` moves the NGO between public and members."""

    id: RecordId
    version: Version
    changes: dict[str, Any] = {}
    scope: Literal["public", "members"] | None = None


class ConfirmNgo(Command):
    """The home says that what it holds is right as of now."""

    id: RecordId


class VerifyNgo(Command):
    id: RecordId
    state: VerificationState
    note: Note | None = None


class WithdrawNgo(Command):
    """Erases the NGO here and at every follower."""

    id: RecordId
    reason: Note | None = None


class GetNgos(Arguments):
    ids: Ids


class Near(Arguments):
    """Within `radius_km` of a point (WGS 84, degrees)."""

    lat: Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]
    lng: Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]
    radius_km: Annotated[float, Field(gt=0, le=limits.RADIUS_KM_MAX, allow_inf_nan=False)]


class NgoFilter(Arguments):
    """What is given must all hold; `causes` means any of them, `region` a country or a province.
    `updated_after` compares arrival at this node, so that a poller misses nothing that came
    late."""

    search: Annotated[str, StringConstraints(max_length=limits.SEARCH_CHARS_MAX)] | None = None
    region: Region | None = None
    city: Annotated[str, StringConstraints(max_length=limits.NAME_CHARS_MAX)] | None = None
    causes: Annotated[list[str], Field(max_length=50)] | None = None
    near: Near | None = None
    home: NodeId | None = None
    verified: bool | None = None
    updated_after: AwareDatetime | None = None
    ids: Ids | None = None


class PageArguments(Arguments):
    """Relay paging with keyset cursors: `first` after a cursor, or `last` before one."""

    first: PageSize | None = None
    after: Cursor | None = None
    last: PageSize | None = None
    before: Cursor | None = None

    @model_validator(mode="after")
    def _one_direction(self) -> PageArguments:
        if self.first is not None and self.last is not None:
            raise ValueError("give first or last, not both")
        return self


class ListNgos(PageArguments):
    """`count` asks for `total`, which costs a query of its own."""

    filter: NgoFilter = NgoFilter()
    order_by: OrderBy | None = None  # relevance with a search, else distance with near, else name
    count: bool = False


class SummariseNgos(Arguments):
    by: Annotated[list[SummaryKey], Field(min_length=1, max_length=limits.SUMMARY_KEYS_MAX)]
    filter: NgoFilter = NgoFilter()


class ExportNgos(Arguments):
    """Pages in id order, of everything that the caller may read."""

    after: RecordId | None = None
    first: Annotated[int, Field(ge=1, le=limits.EXPORT_ITEMS_MAX)] = limits.EXPORT_ITEMS_MAX
    home: NodeId | None = None


class SuggestChange(Command):
    """`version` and `changes` as in UpdateNgo; the NGO may live at any node."""

    ngo_id: RecordId
    version: Version
    changes: Annotated[dict[str, Any], Field(min_length=1)]
    note: Note | None = None


class WithdrawSuggestion(Command):
    """Erases a suggestion of this node."""

    id: RecordId


class SuggestionFilter(Arguments):
    ngo_ids: Ids | None = None
    states: list[SuggestionState] | None = None
    suggested_by: NodeId | None = None  # the suggester's node
    home: NodeId | None = None  # the NGO's home


class ListSuggestions(PageArguments):
    """Latest first."""

    filter: SuggestionFilter = SuggestionFilter()


class GetSuggestions(Arguments):
    ids: Ids


class DecideSuggestion(Command):
    """`ngo_version`, the NGO's current version, is needed to accept a suggestion in conflict."""

    id: RecordId
    accept: bool
    note: Note | None = None
    ngo_version: Version | None = None


class GetPolicy(Arguments):
    pass


class SetPolicy(Command):
    policy: Policy


class ImportOptions(Arguments):
    """What rows lack. `import_similar` writes rows with a like-named NGO nearby all the same; one
    with an identifier that this node has already is never written."""

    region: Region | None = None
    city: str | None = None
    cause: str | None = None
    language: Language | None = None
    scope: Scope = "public"
    import_similar: bool = False


class ImportRow(Arguments):
    """`row` is the line in the file (the header included), `ngo` what `RegisterNgo` takes."""

    row: Annotated[int, Field(ge=1)]
    ngo: dict[str, Any]


class ImportNgos(Arguments):
    """One chunk of a file; a repeat of (`import_id`, `chunk`) returns the first result. With
    `dry_run` nothing is written."""

    import_id: CommandId
    chunk: Annotated[int, Field(ge=0, lt=limits.IMPORT_CHUNKS_MAX)]
    rows: Annotated[list[ImportRow], Field(max_length=limits.IMPORT_ROWS_MAX)]
    options: ImportOptions = ImportOptions()
    file: Annotated[str, StringConstraints(max_length=limits.LINE_CHARS_MAX)] | None = None
    dry_run: bool = False


class UndoImport(Arguments):
    """Withdraws what the import made and nobody has changed since, UNDO_RECORDS_MAX at a time:
    repeat while the result says `more`."""

    import_id: CommandId


class ListImports(Arguments):
    first: Annotated[int, Field(ge=1, le=limits.PAGE_ITEMS_MAX)] = limits.PAGE_ITEMS_DEFAULT


class Written(TypedDict, total=False):
    """The result of a command. `similar`: ids of NGOs with a like name nearby (register_ngo
    only)."""

    id: str
    version: str
    head: int
    similar: list[str]


class NgoJson(TypedDict, total=False):
    """An NGO as the reads return it: what is known of the record, and the fields of `records.Ngo`
    that have a value. Times are RFC 3339 in UTC."""

    id: str
    version: str
    home: str
    scope: Scope
    at: str  # when its home wrote it
    arrived: str  # when this node got it
    names: dict[str, str]
    descriptions: dict[str, str]
    aliases: list[str]
    causes: list[str]
    region: str
    city: str
    address: str
    location: dict[str, float]  # lng, lat
    founded: str
    legal_form: str
    identifiers: list[dict[str, str]]  # scheme, value
    email: str
    phones: list[str]
    website: str
    social: dict[str, str]
    staff_count: int
    volunteer_count: int
    languages: list[str]
    services: list[dict[str, str]]  # name, description, eligibility, hours
    verification: dict[str, Any]  # state, by, at, note
    last_confirmed: str
    distance_km: float  # only in a list with `near`


class Page(TypedDict):
    """`total` is None unless `count` was asked for."""

    head: int
    items: list[Any]
    cursors: list[str]
    has_next: bool
    has_previous: bool
    total: int | None


class Group(TypedDict):
    keys: dict[str, str | int | None]
    count: int


class Summary(TypedDict):
    """`total` counts NGOs, once each. Groups are ordered by count, largest first; `truncated` says
    that there were more than SUMMARY_GROUPS_MAX."""

    head: int
    total: int
    groups: list[Group]
    truncated: bool


class Difference(TypedDict):
    """One line of a suggestion: a path (`phones`, `names.en`) and its values; None is absent."""

    path: str
    seen: Any
    current: Any
    proposed: Any
    conflict: bool


class DecisionJson(TypedDict):
    accepted: bool
    automatic: bool
    note: str | None
    by: str | None
    at: str


class SuggestionJson(TypedDict):
    id: str
    version: str
    home: str  # the suggester's node
    ngo_id: str
    ngo_home: str
    ngo_version: str  # the one that the suggester saw
    state: str
    differences: list[Difference]
    note: str | None
    by: str | None
    at: str
    arrived: str
    decision: DecisionJson | None


class CellProblem(TypedDict):
    """What is wrong with one row; `field` is None where it is the row as a whole."""

    field: str | None
    message: str


class RowOutcome(TypedDict):
    """`outcome`: imported (dry run: would be), unchanged (an NGO that says all this is there
    already), duplicate (probably one that is there, but says otherwise), or refused. `of` is that
    NGO, or `of_row` that earlier row, and `why` says by what it was recognised."""

    row: int
    outcome: Literal["imported", "unchanged", "duplicate", "refused"]
    id: str | None
    of: str | None
    of_row: int | None
    why: Literal["identifier", "name"] | None
    problems: list[CellProblem]
