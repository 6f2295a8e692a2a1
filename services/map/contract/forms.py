"""The body of the kind `form`: what a category's reports are asked, here and on phones.

A form is kept twice: as fields, which this node shows and checks, and as the XForm that phones get
(https://getodk.github.io/xforms-spec), byte for byte. Every version is a record of its own, because
a phone may hand in next month what it was given today.
"""

from __future__ import annotations

import hashlib
from base64 import b64decode, b64encode
from typing import Annotated, Any, Final, Literal, Self

import zstandard
from pydantic import Field, StringConstraints, model_validator

from hinterland.files.reference import FILES_PER_RECORD_MAX, FileReference
from hinterland.rooms.shapes import Body, Code, Language, bounded

__all__ = [
    "CONTAINERS",
    "EXPRESSION_CHARS_MAX",
    "FIELDS_BYTES_MAX",
    "FILE_KINDS",
    "FORM_ID_CHARS_MAX",
    "ROOT",
    "XFORM_BYTES_MAX",
    "FieldKind",
    "Form",
    "FormField",
    "Media",
    "Option",
    "Xform",
    "form_summary",
    "md5_of",
]

FIELDS_MAX: Final = 1_000  # of one form, groups and notes among them
FIELDS_BYTES_MAX: Final = 120_000  # of JSON, fields and options together; an entry has 256 KiB
OPTIONS_MAX: Final = 1_000  # in one list
OPTION_LISTS_MAX: Final = 200
LANGUAGES_MAX: Final = 20
LABEL_CHARS_MAX: Final = 2_000  # of a question, a hint or an option, in one language
PATH_CHARS_MAX: Final = 300
VALUE_CHARS_MAX: Final = 200  # of an option
EXPRESSION_CHARS_MAX: Final = 2_000
FORM_ID_CHARS_MAX: Final = 100
FORM_VERSION_CHARS_MAX: Final = 100
XFORM_BYTES_MAX: Final = 1024 * 1024
XFORM_PACKED_CHARS_MAX: Final = 100_000  # zstd in base64: a form packs to a tenth

ROOT: Final = "data"  # what the outermost element is called where a form does not say

Label = Annotated[str, bounded(LABEL_CHARS_MAX)]
Labels = Annotated[dict[Language, Label], Field(max_length=LANGUAGES_MAX)]
Expression = Annotated[str, bounded(EXPRESSION_CHARS_MAX)]  # XPath, as the form has it
Path = Annotated[
    str, StringConstraints(max_length=PATH_CHARS_MAX, pattern=r"^[^\s/.][^\s/]*(/[^\s/.][^\s/]*)*$")
]
Value = Annotated[str, bounded(VALUE_CHARS_MAX)]
Md5 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]

# What a field may be; newer nodes may send others.
FieldKind = Literal[
    "text",
    "integer",
    "decimal",
    "choice",
    "choices",
    "date",
    "time",
    "datetime",
    "location",
    "photo",
    "file",
    "note",
    "group",
    "repeat",
]
CONTAINERS: Final = frozenset({"group", "repeat"})
FILE_KINDS: Final = frozenset({"photo", "file"})


class Option(Body):
    value: Value
    labels: Labels = {}


class FormField(Body):
    """One question, note, group or repeat, at `path`: `water/level` is `level` in the group
    `water`, and stands behind it.

    `kind` is a `FieldKind`. `required_when`, `relevant` and `constraint` are XPath over the answers
    as XML, with `.` for this one's. `personal` is what tells of the sender, not of what he reports
    (his phone's number, his name): it never leaves the node. `calculated` is filled in by phones.
    """

    path: Path
    kind: Code
    labels: Labels = {}
    hints: Labels = {}
    required: bool = False
    required_when: Expression | None = None
    required_messages: Labels = {}
    relevant: Expression | None = None
    constraint: Expression | None = None
    constraint_messages: Labels = {}
    min: float | None = None
    max: float | None = None
    default: Annotated[str, bounded(LABEL_CHARS_MAX)] | None = None
    appearance: Annotated[str, bounded(VALUE_CHARS_MAX)] | None = None
    options: Value | None = None  # the name of a list in `Form.options`
    choices_elsewhere: bool = False  # in a file that goes along with the form, or typed in
    media_type: Annotated[str, bounded(VALUE_CHARS_MAX)] | None = None  # `audio/*`, of a file
    read_only: bool = False
    calculated: bool = False
    personal: bool = False

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]

    @property
    def parent(self) -> str:
        """The path of the group or repeat that it is in; empty at the top."""
        return self.path.rpartition("/")[0]


class Xform(Body):
    """An XForm's bytes, packed so that they fit into a record: `md5` is what phones compare."""

    packed: Annotated[str, StringConstraints(max_length=XFORM_PACKED_CHARS_MAX)]
    size: Annotated[int, Field(ge=1, le=XFORM_BYTES_MAX, strict=True)]
    md5: Md5

    @classmethod
    def of(cls, content: bytes) -> Self:
        packed = b64encode(zstandard.ZstdCompressor(level=10).compress(content)).decode()
        return cls(packed=packed, size=len(content), md5=md5_of(content))

    def unpack(self) -> bytes:
        """The bytes. Raises ValueError where they are not what the record says they are."""
        try:
            unpacker = zstandard.ZstdDecompressor(max_window_size=XFORM_BYTES_MAX * 2)
            stream = unpacker.stream_reader(b64decode(self.packed, validate=True))
            content: bytes = stream.read(self.size + 1)
        except zstandard.ZstdError as error:
            raise ValueError(f"the form's XML cannot be unpacked: {error}") from error
        if len(content) != self.size or md5_of(content) != self.md5:
            raise ValueError("the form's XML is not what its record says")
        return content


class Media(Body):
    """A picture, sound or list that goes along with a form, under the name that the form uses.
    `md5` is what phones compare; the file itself is one of `Form.files`, by its SHA-256."""

    name: Annotated[str, bounded(200)]
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    md5: Md5


class Form(Body):
    """Kind `form`: one version of a form. `root` is the outermost element of its answers as XML;
    `category`, what its reports are about."""

    form_id: Annotated[str, bounded(FORM_ID_CHARS_MAX)]
    version: Annotated[str, StringConstraints(max_length=FORM_VERSION_CHARS_MAX)] = ""
    names: Annotated[Labels, Field(min_length=1)]
    languages: Annotated[list[Language], Field(max_length=LANGUAGES_MAX)] = []
    root: Annotated[str, bounded(VALUE_CHARS_MAX)] = ROOT
    category: Annotated[str, bounded(160)] | None = None
    fields: Annotated[list[FormField], Field(max_length=FIELDS_MAX)] = []
    options: Annotated[
        dict[Value, Annotated[list[Option], Field(max_length=OPTIONS_MAX)]],
        Field(max_length=OPTION_LISTS_MAX),
    ] = {}
    xform: Xform | None = None
    media: Annotated[list[Media], Field(max_length=FILES_PER_RECORD_MAX)] = []
    files: Annotated[list[FileReference], Field(max_length=FILES_PER_RECORD_MAX)] = []

    @model_validator(mode="after")
    def _whole(self) -> Form:
        """Each field once, behind what it is in; each list of options there."""
        kinds: dict[str, str] = {}
        for field in self.fields:
            if field.path in kinds:
                raise ValueError(f"the field {field.path} is there twice")
            if field.parent and kinds.get(field.parent) not in CONTAINERS:
                raise ValueError(f"the field {field.path} is in no group before it")
            if field.options is not None and field.options not in self.options:
                raise ValueError(f"there is no list of options {field.options}")
            kinds[field.path] = field.kind
        return self


def md5_of(content: bytes) -> str:
    """As OpenRosa names versions of forms and media; not a proof of anything."""
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def form_summary(body: dict[str, Any]) -> dict[str, Any]:
    """What a list of forms says of one: all but its fields and its XForm."""
    return {
        "form_id": body["form_id"],
        "version": body.get("version", ""),
        "names": body["names"],
        "category": body.get("category"),
        "md5": (body.get("xform") or {}).get("md5"),
        "has_media": bool(body.get("media")),
    }
