"""The arguments of every RPC, as pydantic models. `results` has what they return.

Arguments are strict about names (an unknown one is an error) and lenient about notation: phone
numbers, websites and text are normalised by `rules.normalise` before they are stored.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, Field, StringConstraints

from hinterland.rooms.access import Scope
from hinterland.rooms.arguments import (
    PAGE_ITEMS_DEFAULT,
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
from services.directory.contract import limits
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
    "NgoFilter",
    "RegisterNgo",
    "SetPolicy",
    "SuggestChange",
    "SuggestionFilter",
    "SummariseNgos",
    "UndoImport",
    "UpdateNgo",
    "VerifyNgo",
    "WithdrawNgo",
    "WithdrawSuggestion",
]


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
    """Withdraws what the import made and nobody has changed since, chunk by chunk: repeat while the
    result says `more`."""

    import_id: CommandId


class ListImports(Arguments):
    first: Annotated[int, Field(ge=1, le=PAGE_ITEMS_MAX)] = PAGE_ITEMS_DEFAULT
