"""A file is prepared in a process of its own, and nothing else waits for it."""

from __future__ import annotations

import subprocess
import sys
from io import BytesIO

import pytest
from PIL import Image

from hinterland.files import process
from hinterland.files.errors import FileDamaged, FileNotPrepared, FileTooLarge, PictureRefused
from hinterland.files.prepared import FILE_BYTES_MAX
from hinterland.files.preparing import prepare
from hinterland.files.process import prepare_in_process
from tests.unit.files.samples import movie, photo, picture

UNDER_EVENTLET = """
import eventlet
eventlet.monkey_patch()
import sys
from hinterland.files.process import prepare_in_process

beats = 0
def beat():
    global beats
    while True:
        beats += 1
        eventlet.sleep(0.01)

eventlet.spawn(beat)
prepared = eventlet.spawn(prepare_in_process, sys.stdin.buffer.read()).wait()
assert "PIL" not in sys.modules, "the service has loaded Pillow"
print(beats, prepared.type)
"""


@pytest.mark.parametrize("data", [photo(), movie(), b"text", picture("PNG")])
def test_a_process_prepares_like_the_function(data: bytes) -> None:
    """Bytes, hash, type and thumbnail are the same."""
    assert prepare(data) == prepare_in_process(data)


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (movie()[:-50], FileDamaged),
        (b"8BPS\0\x01" + bytes(99), PictureRefused),
        (bytes(FILE_BYTES_MAX + 1), FileTooLarge),
    ],
)
def test_a_refusal_is_the_same_from_a_process(data: bytes, error: type[Exception]) -> None:
    """Class and message cross the pipe."""
    with pytest.raises(error) as here:
        prepare(data)
    with pytest.raises(error) as there:
        prepare_in_process(data)
    assert type(here.value) is type(there.value)


def test_a_service_under_eventlet_goes_on_while_a_photo_is_prepared() -> None:
    """Other greenlets run all the while, and Pillow is never loaded into the service."""
    out = BytesIO()
    Image.effect_noise((3000, 2000), 60).convert("RGB").save(out, "JPEG")
    result = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", UNDER_EVENTLET],
        input=out.getvalue(),
        capture_output=True,
        check=False,
    )

    assert (0, b"") == (result.returncode, result.stderr)
    beats, media_type = result.stdout.split()
    assert int(beats) > 5
    assert media_type == b"image/jpeg"


def test_a_file_that_takes_too_long_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    """The process is ended, and the caller is told what to do."""
    monkeypatch.setattr(process, "PREPARE_S_MAX", -1)

    with pytest.raises(FileNotPrepared):
        prepare_in_process(photo())


def test_a_file_that_takes_too_much_memory_ends_its_own_process() -> None:
    """The limit holds inside of the decoder, and nothing is answered."""
    child = (
        "from hinterland.files import process\n"
        "process.PREPARE_MEMORY_BYTES_MAX = 256 * 1024 * 1024\n"
        "process._main()\n"
    )
    out = BytesIO()
    Image.new("RGB", (7000, 7000)).save(out, "PNG")
    result = subprocess.run(
        [sys.executable, "-c", child], input=out.getvalue(), capture_output=True, check=False
    )

    assert (1, b"") == (result.returncode, result.stdout)
    assert b"MemoryError" in result.stderr
