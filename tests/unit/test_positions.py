"""The file that says where a service's feeds ended, when its database may not."""

from __future__ import annotations

from pathlib import Path

import pytest

from hinterland.batch import Position
from hinterland.records.positions import BadPositions, Positions


def test_what_was_saved_is_there_at_the_next_start(tmp_path: Path) -> None:
    """No file yet means that nothing was ever appended."""
    path = tmp_path / "positions" / "notes.json"

    assert {} == Positions(path).load()
    Positions(path).save({"yunnan/notes": Position(1, 7)})

    assert {"yunnan/notes": Position(1, 7)} == Positions(path).load()


def test_two_processes_do_not_take_each_others_feeds_back(tmp_path: Path) -> None:
    """Who saves one feed leaves the others as they are on disk, not as he read them once."""
    path = tmp_path / "notes.json"
    one, two = Positions(path), Positions(path)
    one.save({"yunnan/notes/private": Position(1, 1)})
    two.load()
    one.save({"yunnan/notes/private": Position(1, 2)})
    two.save({"yunnan/notes": Position(1, 1)})

    assert {"yunnan/notes/private": Position(1, 2), "yunnan/notes": Position(1, 1)} == one.load()


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"yunnan/notes": 7}', b'{"a": ["x", 1]}'])
def test_a_file_that_cannot_be_read_is_not_taken_for_an_empty_one(
    tmp_path: Path, content: bytes
) -> None:
    """To start from nothing by mistake would be to fork the feed."""
    path = tmp_path / "notes.json"
    path.write_bytes(content)

    with pytest.raises(BadPositions):
        Positions(path).load()
