"""Prepares a file in a process of its own, so that the service that asks goes on answering.

The process also bounds what a hostile file can cost: memory and computing time; and a crash of its
decoder ends nothing but this one upload. Files go through unnamed files on disk, which works alike
under eventlet, in threads and without either.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import threading
import time
from base64 import b64decode, b64encode
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Final

import orjson

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
POLL_INTERVAL_S: Final = 0.02
LINE_BYTES_MAX: Final = 64 * 1024  # of what the process says about the file
PACKAGE_ROOT: Final = Path(__file__).parents[2]

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
        with TemporaryFile() as given, TemporaryFile() as made:
            given.write(data)
            given.seek(0)
            _run(given, made)
            made.seek(0)
            return _read_outcome(made)
    finally:
        _places.release()


def _run(given: IO[bytes], made: IO[bytes]) -> None:
    command = [sys.executable, "-m", "hinterland.files.process"]
    path = os.pathsep.join(filter(None, (str(PACKAGE_ROOT), os.environ.get("PYTHONPATH"))))
    process = subprocess.Popen(
        command,
        stdin=given,
        stdout=made,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": path},
    )
    deadline = time.monotonic() + PREPARE_S_MAX
    try:
        # Polled, because eventlet knows how to sleep but not how to wait for a process.
        while process.poll() is None:
            if time.monotonic() > deadline:
                raise FileNotPrepared()
            time.sleep(POLL_INTERVAL_S)
    finally:
        if process.returncode is None:
            process.kill()
            process.wait()
    if process.returncode:
        raise FileNotPrepared()


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
    resource.setrlimit(resource.RLIMIT_AS, (PREPARE_MEMORY_BYTES_MAX, PREPARE_MEMORY_BYTES_MAX))
    resource.setrlimit(resource.RLIMIT_CPU, (PREPARE_S_MAX, PREPARE_S_MAX))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
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
