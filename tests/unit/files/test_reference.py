"""What a record may say of a file, when a hostile home wrote it."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import pytest
from pydantic import BaseModel

from hinterland.batch import ENTRY_BYTES_MAX, Payload
from hinterland.errors import BadInput
from hinterland.files.prepared import FILE_BYTES_MAX, THUMBNAIL_BYTES_MAX
from hinterland.files.reference import FILES_PER_RECORD_MAX, FileReference, read_references
from hinterland.kinds import Kind
from hinterland.records import Room
from tests.unit.files.samples import picture

GOOD: dict[str, Any] = {"sha256": "0" * 64, "size": 5, "type": "image/jpeg", "name": "المسح ‌۱.jpg"}


def thumbnail(form: str, size: tuple[int, int] = (64, 48), **options: Any) -> str:
    return b64encode(picture(form, size, **options)).decode()


def test_a_reference_keeps_what_a_newer_node_adds() -> None:
    """Unknown fields do not make a record unreadable."""
    assert FileReference.model_validate(GOOD | {"blurhash": "x"}).size == 5


@pytest.mark.parametrize(
    "bad",
    [
        {"sha256": "0" * 63},
        {"sha256": "G" * 64},
        {"sha256": "0" * 64 + "\n"},
        {"size": 0},
        {"size": -1},
        {"size": FILE_BYTES_MAX + 1},
        {"size": True},
        {"size": "5"},
        {"type": "image/jpeg\r\nSet-Cookie: a=b"},
        {"type": "text/html; charset=x"},
        {"name": ""},
        {"name": "../../etc/passwd"},
        {"name": "a\\b"},
        {"name": "a\0b"},
        {"name": "exe.\u202egpj"},
        {"name": "x" * 201},
        {"thumbnail": thumbnail("JPEG")},
        {"thumbnail": thumbnail("WEBP", lossless=True)},
        {"thumbnail": thumbnail("WEBP", (257, 20))},
        {"thumbnail": thumbnail("WEBP", exif=b"Exif\0\0where I live")},
        {"thumbnail": b64encode(b"<svg onload='alert(1)'/>").decode()},
        {"thumbnail": "not base64!"},
        {"thumbnail": b64encode(bytes(THUMBNAIL_BYTES_MAX + 1)).decode()},
    ],
)
def test_a_bad_reference_is_refused_by_field(bad: dict[str, Any]) -> None:
    """The error says which file and which of its fields."""
    with pytest.raises(BadInput) as caught:
        read_references([GOOD, GOOD | bad])

    assert f"files.1.{next(iter(bad))}" == caught.value.field


def test_a_record_has_a_bounded_number_of_files() -> None:
    """As many as fit into an entry with their thumbnails, and no more."""
    assert len(read_references([GOOD] * FILES_PER_RECORD_MAX)) == FILES_PER_RECORD_MAX
    with pytest.raises(BadInput):
        read_references([GOOD] * (FILES_PER_RECORD_MAX + 1))
    largest = len(str(GOOD | {"name": "云" * 200})) * 3 + THUMBNAIL_BYTES_MAX * 4 // 3
    assert FILES_PER_RECORD_MAX * largest < ENTRY_BYTES_MAX


class Report(BaseModel):
    text: str


REPORTS = Room("map", {"report": Kind("report", Report, frozenset({"public"}))})


def test_a_room_finds_the_files_of_its_own_kinds() -> None:
    """By default under `files`; bodies of kinds that it does not know are not interpreted."""
    body = {"text": "x", "files": [GOOD]}

    assert ["0" * 64] == [reference.sha256 for reference in REPORTS.references("report", body)]
    assert () == REPORTS.references("report", {"text": "x"})
    assert () == REPORTS.references("of-a-newer-node", body)


@pytest.mark.parametrize("files", [[GOOD | {"size": 0}], "text", 5, [None], {"a": 1}])
def test_a_record_with_bad_files_is_quarantined(files: Any) -> None:
    """A follower judges references as it judges the body."""
    reason = REPORTS.check(Payload("a.report.1", "report", "public", {"text": "x", "files": files}))

    assert reason is not None
    assert reason.startswith("files")
