"""Photos and other files: taken before a report refers to them, and read piece by piece."""

from __future__ import annotations

from base64 import b64encode
from datetime import datetime, timedelta
from typing import Any, Final

from hinterland.actors import Actor
from hinterland.errors import NotFound
from hinterland.files.bodies import Body, BodyGone
from hinterland.files.errors import FileNotHere
from hinterland.files.library import Library
from hinterland.files.prepared import Prepared
from hinterland.files.process import prepare_in_process
from hinterland.files.reference import FileReference
from hinterland.records import Records
from services.map import queries
from services.map.contract import limits
from services.map.contract.access import may, require
from services.map.contract.errors import TooManyReports
from services.map.contract.file_calls import FILE_PIECE_BYTES_MAX, ReadFile, UploadFile
from services.map.handlers.intakes import fingerprint

__all__ = ["keep_file", "piece_of", "read_file", "upload_file"]

HOUR: Final = timedelta(hours=1)


def keep_file(
    records: Records, content: bytes, name: str | None
) -> tuple[Prepared, dict[str, Any]]:
    """Keeps a file, made ready to be shared, and returns it with what a record says of it. Raises
    what preparing it raises."""
    prepared = prepare_in_process(content)
    records.store.library.add(prepared)
    return prepared, FileReference.of(prepared, name).model_dump(exclude_none=True)


def upload_file(
    records: Records, actor: Actor, params: UploadFile, now: datetime
) -> dict[str, Any]:
    """`{head, file}`, a FileReference. What no record refers to within a day is forgotten. Raises
    NotAllowed, TooManyReports, and what preparing a file raises."""
    require(actor, "submit", "intake", "private", records.node)
    if not may(actor, "import", "intake", "private", records.node):
        # Before the file is prepared, which costs more than all the rest.
        _hold_to_cap(records, now, fingerprint(records.node, params.address or ""))
    _, file = keep_file(records, params.content, params.name)
    return {"head": records.head(), "file": file}


def _hold_to_cap(records: Records, now: datetime, address: str) -> None:
    most = limits.UPLOADED_PER_ADDRESS_HOUR_MAX
    uploads = records.store.collection("uploads")
    if queries.count_uploads(uploads, address, now - HOUR, most) >= most:
        raise TooManyReports(
            f"{most} files an hour are taken from this address. Send the rest later.",
            retry_after_s=int(HOUR.total_seconds()),
        )
    queries.note_upload(uploads, address, now)


def read_file(records: Records, actor: Actor, params: ReadFile) -> dict[str, Any]:
    """`{head, type, size, content}`, in base64, at most FILE_PIECE_BYTES_MAX from `start` on. For
    whoever may read a record that refers to it. Raises NotFound, FileNotHere."""
    head = records.head()
    library = records.store.library
    readable = {
        "public": may(actor, "read", "report", "public", records.node),
        "members": may(actor, "read", "report", "members", records.node),
        "private": may(actor, "read", "intake", "private", records.node),
    }
    if not any(readable.get(scope) for scope in library.scopes(params.sha256)):
        raise NotFound("No record that you may read refers to this file.", field="sha256")
    return {"head": head, **piece_of(library, params.sha256, params.start)}


def piece_of(library: Library, sha256: str, start: int) -> dict[str, Any]:
    """`{type, size, content}` of what a record refers to. Raises FileNotHere."""
    body: Body | None = library.open(sha256)
    if body is None:
        raise FileNotHere("The file is still on its way to this node. Try again later.")
    end = min(body.size, start + FILE_PIECE_BYTES_MAX)
    try:
        content = b"".join(library.stream(body, min(start, end), end))
    except BodyGone as error:
        raise FileNotHere("The file has just been taken back.") from error
    return {"type": body.type, "size": body.size, "content": b64encode(content).decode()}
