"""The arguments of the RPCs about photos and other files, as pydantic models."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import Field, StringConstraints

from hinterland.files.reference import FileName
from hinterland.rooms.arguments import Arguments
from services.map.contract.calls import Address
from services.map.contract.form_calls import Bytes

__all__ = ["FILE_PIECE_BYTES_MAX", "UPLOAD_BYTES_MAX", "ReadFile", "UploadFile"]

UPLOAD_BYTES_MAX: Final = 10 * 1024 * 1024  # of one photo, recording or document
FILE_PIECE_BYTES_MAX: Final = 1024 * 1024  # in one answer


class UploadFile(Arguments):
    """A file that a report will refer to within a day; photos lose what cameras write into them."""

    content: Bytes
    name: FileName | None = None
    address: Address | None = None


class ReadFile(Arguments):
    """A piece of a file, from byte `start` on."""

    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    start: Annotated[int, Field(ge=0, lt=1 << 40)] = 0
