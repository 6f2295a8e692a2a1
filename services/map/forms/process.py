"""Reads a form in a process of its own: pyxform takes a second, in which the service would stand
still. See `hinterland.apart`."""

from __future__ import annotations

import sys
import threading
from typing import Final

import orjson

from hinterland.apart import NotDone, bound_this_process, done_apart
from hinterland.errors import Busy, HinterlandError
from hinterland.tables.problems import FileProblem, UnreadableFile
from hinterland.wire import error_from_wire
from services.map.contract.errors import FormRefused
from services.map.contract.form_calls import FORM_FILE_BYTES_MAX
from services.map.contract.forms import FIELDS_BYTES_MAX, XFORM_BYTES_MAX
from services.map.forms.xml import BadXml

__all__ = ["read_form_in_process"]

READ_AT_ONCE_MAX: Final = 1  # by one service
READ_WAIT_S_MAX: Final = 30.0  # until the one before is done; then the node is busy
READ_S_MAX: Final = 60  # on the clock, and of computing
READ_MEMORY_BYTES_MAX: Final = 1024 * 1024 * 1024
ANSWER_BYTES_MAX: Final = 4 * (FIELDS_BYTES_MAX + XFORM_BYTES_MAX)
MODULE: Final = "services.map.forms.process"

_REFUSALS: Final = (FormRefused, UnreadableFile, BadXml)
_places = threading.BoundedSemaphore(READ_AT_ONCE_MAX)


def read_form_in_process(content: bytes) -> tuple[dict[str, object], list[FileProblem]]:
    """What `xlsform.read_form` does, without computing here: a form's body, and what of the file is
    not done here.

    Raises what that raises; FormRefused too where it takes more than `READ_S_MAX` or
    `READ_MEMORY_BYTES_MAX`; Busy where another one takes too long.
    """
    if not _places.acquire(timeout=READ_WAIT_S_MAX):
        raise Busy()
    try:
        with done_apart(MODULE, content, READ_S_MAX) as made:
            answer = orjson.loads(made.read(ANSWER_BYTES_MAX))
    except (NotDone, orjson.JSONDecodeError) as error:
        raise FormRefused(
            "The file took more time or memory than a form is given, or is damaged. Save it anew "
            "with a spreadsheet program, without pictures and empty rows."
        ) from error
    finally:
        _places.release()
    if "refused" in answer:
        raise error_from_wire(answer["refused"])
    return answer["body"], [FileProblem(**each) for each in answer["problems"]]


def _main() -> None:
    """The process: a file on standard input, JSON on standard output."""
    bound_this_process(READ_MEMORY_BYTES_MAX, READ_S_MAX)
    from services.map.forms.xlsform import read_form

    try:
        found = read_form(sys.stdin.buffer.read(FORM_FILE_BYTES_MAX + 1))
    except _REFUSALS as refusal:
        answer: dict[str, object] = {"refused": {"exc_args": _arguments(refusal)}}
    else:
        answer = {"body": found.body, "problems": found.problems}
    sys.stdout.buffer.write(orjson.dumps(answer))
    sys.stdout.buffer.flush()


def _arguments(refusal: HinterlandError) -> list[object]:
    return [refusal.message, refusal.details]


if __name__ == "__main__":
    _main()
