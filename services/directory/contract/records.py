"""The bodies of the directory's records, as they are stored and replicated.

A replica accepts whatever has these shapes, codes and fields of newer nodes included; what may
be *written* here is stricter (`calls.py`, and `rules.normalise`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final

from pydantic import AwareDatetime, Field, StringConstraints

from hinterland.kinds import Kind
from hinterland.rooms.arguments import COMMAND_ID_CHARS_MAX
from hinterland.rooms.shapes import Body, Code, Language, Location, Phone, Region, bounded
from services.directory.contract import limits

__all__ = [
    "BY_KEY_FIELDS",
    "EDITABLE_FIELDS",
    "KINDS",
    "AutoAccept",
    "Decision",
    "Identifier",
    "ImportChunk",
    "Language",
    "LanguageMap",
    "Location",
    "Ngo",
    "Policy",
    "Region",
    "ServiceOffered",
    "Suggestion",
    "Verification",
]

Name = Annotated[str, bounded(limits.NAME_CHARS_MAX)]
Text = Annotated[str, bounded(limits.DESCRIPTION_CHARS_MAX)]
Line = Annotated[str, bounded(limits.LINE_CHARS_MAX)]
Note = Annotated[str, bounded(limits.NOTE_CHARS_MAX)]
LanguageMap = Annotated[dict[Language, Name], Field(max_length=limits.LANGUAGES_MAX)]
TextMap = Annotated[dict[Language, Text], Field(max_length=limits.LANGUAGES_MAX)]
Founded = Annotated[
    str, StringConstraints(pattern=r"^[0-9]{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12][0-9]|3[01]))?)?$")
]  # ISO 8601 with reduced precision: 2009, 2009-05, 2009-05-12
Email = Annotated[
    str, StringConstraints(max_length=254, pattern=r"^[^@\s<>,;]+@[^@\s<>,;]+\.[^@\s<>,;.]+$")
]
Website = Annotated[
    str, StringConstraints(max_length=limits.LINE_CHARS_MAX, pattern=r"^https?://[^\s<>\"]+$")
]
Scheme = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}-[A-Z0-9-]{2,30}$")]  # org-id.guide
ShortText = Annotated[str, bounded(limits.CODE_CHARS_MAX)]
Headcount = Annotated[int, Field(ge=0, le=limits.HEADCOUNT_MAX)]


class Identifier(Body):
    """`{"scheme": "CN-USCI", "value": "51530000MJT000001A"}`."""

    scheme: Scheme
    value: ShortText


class ServiceOffered(Body):
    """What an NGO does for people: HSDS's `service`, in the words of the NGO."""

    name: Name
    description: Text | None = None
    eligibility: Line | None = None
    hours: Line | None = None


class Verification(Body):
    """`by` is the opaque account at the home that said so."""

    state: Code = "unverified"
    by: ShortText | None = None
    at: AwareDatetime | None = None
    note: Note | None = None


class Ngo(Body):
    """Kind `ngo`: an organisation as its home knows it. Contacts are the organisation's public
    ones, never a person's."""

    names: Annotated[LanguageMap, Field(min_length=1)]
    causes: Annotated[list[Code], Field(min_length=1, max_length=limits.CAUSES_MAX)]
    region: Region
    descriptions: TextMap = {}
    aliases: Annotated[list[Name], Field(max_length=limits.ALIASES_MAX)] = []
    city: Name | None = None
    address: Line | None = None
    location: Location | None = None
    founded: Founded | None = None
    legal_form: Code | None = None
    identifiers: Annotated[list[Identifier], Field(max_length=limits.IDENTIFIERS_MAX)] = []
    email: Email | None = None
    phones: Annotated[list[Phone], Field(max_length=limits.PHONES_MAX)] = []
    website: Website | None = None
    social: Annotated[dict[Code, ShortText], Field(max_length=limits.SOCIAL_MAX)] = {}
    staff_count: Headcount | None = None
    volunteer_count: Headcount | None = None
    languages: Annotated[list[Language], Field(max_length=limits.LANGUAGES_MAX)] = []
    services: Annotated[list[ServiceOffered], Field(max_length=limits.SERVICES_MAX)] = []
    verification: Verification = Verification()
    last_confirmed: AwareDatetime | None = None


# What update_ngo and suggestions may name. The others have commands of their own.
EDITABLE_FIELDS: Final = tuple(
    name for name in Ngo.model_fields if name not in ("verification", "last_confirmed")
)
# Fields that are changed key by key, as JSON Merge Patch (RFC 7396) does; all others are replaced.
BY_KEY_FIELDS: Final = ("names", "descriptions", "social")


class Suggestion(Body):
    """Kind `suggestion`, written at the suggester's node: `changes` to an NGO, with the values that
    he saw, so that everybody computes the same conflicts. Both are keyed by path: `phones`,
    `names.en`; None stands for an absent value."""

    ngo: str
    version: str
    changes: Annotated[dict[str, Any], Field(min_length=1, max_length=100)]
    seen: dict[str, Any]
    note: Note | None = None


class Decision(Body):
    """Kind `decision`, written at the NGO's home: the answer to one suggestion."""

    suggestion: str
    ngo: str
    accepted: bool
    automatic: bool = False
    note: Note | None = None


class AutoAccept(Body):
    """Suggestions from `node` that change nothing but `fields` are accepted as they arrive."""

    node: ShortText
    fields: Annotated[list[str], Field(min_length=1, max_length=len(EDITABLE_FIELDS))]


class Policy(Body):
    """Kind `ngo_policy`, private: what this node accepts without a person looking at it."""

    auto_accept: Annotated[list[AutoAccept], Field(max_length=limits.POLICY_RULES_MAX)] = []


class ImportedNgo(Body):
    """An NGO that an import made; `sum` fingerprints its body, to see later edits before an
    undo."""

    id: str
    sum: str


class ImportChunk(Body):
    """Kind `ngo_import`, private: what one call of import_ngos wrote, so that it can be undone.
    After an undo `ngos` are those that were kept because somebody had changed them."""

    import_id: Annotated[str, bounded(COMMAND_ID_CHARS_MAX)]
    chunk: int
    imported_at: AwareDatetime
    file: str | None = None
    rows: int
    duplicates: int
    refused: int
    undone: bool = False
    ngos: Annotated[list[ImportedNgo], Field(max_length=limits.IMPORT_ROWS_MAX)]


KINDS: Final[Mapping[str, Kind]] = {
    kind.name: kind
    for kind in (
        Kind("ngo", Ngo, frozenset({"public", "members", "private"})),
        Kind("suggestion", Suggestion, frozenset({"members"})),
        Kind("decision", Decision, frozenset({"members"})),
        Kind("ngo_policy", Policy, frozenset({"private"})),
        Kind("ngo_import", ImportChunk, frozenset({"private"})),
    )
}
