"""What a record says of a file: enough to show it, to ask others for its body, and to check that.

Bodies embed `FileReference`s; the kernel finds them through the room (`Room.files`). Whoever reads
one must not trust its `type` nor its `name`: its home wrote them. How a body is served is decided
by what it is found to be here (`hinterland.files.media_types`).
"""

from __future__ import annotations

import unicodedata
from base64 import b64decode, b64encode
from collections.abc import Iterable
from typing import Annotated, Any, Final, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
)

from hinterland.errors import BadInput
from hinterland.files.prepared import (
    FILE_BYTES_MAX,
    THUMBNAIL_BYTES_MAX,
    THUMBNAIL_EDGE_PX_MAX,
    Prepared,
)

__all__ = [
    "FILES_PER_RECORD_MAX",
    "FILE_NAME_CHARS_MAX",
    "FileName",
    "FileReference",
    "read_references",
]

FILES_PER_RECORD_MAX: Final = 16
FILE_NAME_CHARS_MAX: Final = 200
THUMBNAIL_CHARS_MAX: Final = THUMBNAIL_BYTES_MAX * 4 // 3

# Reorder what is shown, so that "fdp.exe" reads like "exe.pdf" (Unicode TR 36, 2.2).
BIDI_CONTROLS: Final = frozenset(
    "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
)


def _name(name: str) -> str:
    if "/" in name or "\\" in name:
        raise ValueError("a file's name holds no folder")
    if not BIDI_CONTROLS.isdisjoint(name) or any(unicodedata.category(c) == "Cc" for c in name):
        raise ValueError("a file's name holds no control characters")
    return name


def _thumbnail(text: str) -> str:
    """A still, lossy WebP of a few pixels has no room for scripts, places or bombs (RFC 9649)."""
    data = b64decode(text, validate=True)
    plain = data[:4] == b"RIFF" and data[8:16] == b"WEBPVP8 " and data[23:26] == b"\x9d\x01\x2a"
    edges = (int.from_bytes(data[at : at + 2], "little") & 0x3FFF for at in (26, 28))
    if not plain or not all(0 < edge <= THUMBNAIL_EDGE_PX_MAX for edge in edges):
        raise ValueError(
            f"a thumbnail is a lossy WebP of at most {THUMBNAIL_EDGE_PX_MAX} pixels each way"
        )
    return text


Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
MediaType = Annotated[
    str, StringConstraints(max_length=100, pattern=r"^[a-z]+/[a-z0-9][a-z0-9.+-]*$")
]
FileName = Annotated[
    str,
    StringConstraints(min_length=1, max_length=FILE_NAME_CHARS_MAX),
    AfterValidator(_name),
]
Thumbnail = Annotated[
    str, StringConstraints(max_length=THUMBNAIL_CHARS_MAX), AfterValidator(_thumbnail)
]


class FileReference(BaseModel):
    """A file in a record's body: `size` in bytes, `type` as the home found it (not as anybody
    declared it), `thumbnail` a small WebP in base64.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    sha256: Sha256
    size: Annotated[int, Field(ge=1, le=FILE_BYTES_MAX, strict=True)]
    type: MediaType
    name: FileName | None = None
    thumbnail: Thumbnail | None = None

    @classmethod
    def of(cls, prepared: Prepared, name: str | None = None) -> Self:
        """Refer to what `prepare` made; `name` is what its owner calls it."""
        thumbnail = b64encode(prepared.thumbnail).decode() or None
        return cls(
            sha256=prepared.sha256,
            size=len(prepared.data),
            type=prepared.type,
            name=name,
            thumbnail=thumbnail,
        )


def read_references(items: Iterable[Any]) -> tuple[FileReference, ...]:
    """Check what a room found in a body. Raises BadInput where one is no reference, or too many."""
    references: list[FileReference] = []
    for place, item in enumerate(items):
        if place == FILES_PER_RECORD_MAX:
            raise BadInput(f"A record has at most {FILES_PER_RECORD_MAX} files.", field="files")
        try:
            references.append(FileReference.model_validate(item))
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            field = ".".join(map(str, ("files", place, *first["loc"])))
            raise BadInput(first["msg"], field=field) from error
    return tuple(references)
