"""Prepares a file in a process of its own: see `hinterland.apart` for why and how."""

from __future__ import annotations

import sys
import threading
from base64 import b64decode, b64encode
from typing import IO, Final

import orjson

from hinterland.apart import NotDone, bound_this_process, done_apart
from hinterland.errors import Busy, HinterlandError
from hinterland.files.errors import (
    FileDamaged,
    FileEmpty,
    FileNotPrepared,
    FileTooLarge,
    PictureRefused,
)
from hinterland.files.prepared import FILE_BYTES_MAX, Prepared

__all__ = [
    "PREPARED_AT_ONCE_MAX",
    "PREPARE_MEMORY_BYTES_MAX",
    "PREPARE_S_MAX",
    "prepare_in_process",
]

PREPARED_AT_ONCE_MAX: Final = 2  # by one service
PREPARE_WAIT_S_MAX: Final = 30.0  # until one of these is done; then the node is busy
PREPARE_S_MAX: Final = 60  # on the clock, and of computing
PREPARE_MEMORY_BYTES_MAX: Final = 1536 * 1024 * 1024
MODULE: Final = "hinterland.files.process"
LINE_BYTES_MAX: Final = 64 * 1024  # of what the process says about the file

_REFUSALS: Final[dict[str, type[HinterlandError]]] = {
    refusal.code: refusal for refusal in (FileDamaged, FileEmpty, FileTooLarge, PictureRefused)
}
_places = threading.BoundedSemaphore(PREPARED_AT_ONCE_MAX)


def prepare_in_process(data: bytes) -> Prepared:
    """What `hinterland.files.preparing.prepare` does, without computing here.

    Raises what that raises; FileNotPrepared beyond `PREPARE_S_MAX` or `PREPARE_MEMORY_BYTES_MAX`;
    Busy where `PREPARED_AT_ONCE_MAX` others take too long.
    """
    if len(data) > FILE_BYTES_MAX:
        raise FileTooLarge(
            f"The file has {len(data)} bytes; a node keeps at most {FILE_BYTES_MAX}."
        )
    if not _places.acquire(timeout=PREPARE_WAIT_S_MAX):
        raise Busy()
    try:
        with done_apart(MODULE, data, PREPARE_S_MAX) as made:
            return _read_outcome(made)
    except NotDone as error:
        raise FileNotPrepared() from error
    finally:
        _places.release()


def _read_outcome(made: IO[bytes]) -> Prepared:
    outcome = orjson.loads(made.readline(LINE_BYTES_MAX))
    if "refused" in outcome:
        raise _REFUSALS[outcome["refused"]](outcome["message"])
    return Prepared(
        data=made.read(FILE_BYTES_MAX),
        sha256=outcome["sha256"],
        type=outcome["type"],
        thumbnail=b64decode(outcome["thumbnail"]),
    )


def _main() -> None:
    """The process: a file on standard input; on standard output a line of JSON, and the file."""
    bound_this_process(PREPARE_MEMORY_BYTES_MAX, PREPARE_S_MAX)
    from hinterland.files.preparing import prepare

    try:
        prepared = prepare(sys.stdin.buffer.read(FILE_BYTES_MAX + 1))
    except tuple(_REFUSALS.values()) as refusal:
        _answer({"refused": refusal.code, "message": refusal.message})
        return
    outcome = {
        "sha256": prepared.sha256,
        "type": prepared.type,
        "thumbnail": b64encode(prepared.thumbnail).decode(),
    }
    _answer(outcome, prepared.data)


def _answer(outcome: dict[str, str], data: bytes = b"") -> None:
    sys.stdout.buffer.write(orjson.dumps(outcome) + b"\n" + data)
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    _main()
