"""MP4, 3GP and MOV without what phones write into them about where and by whom they were taken.

Such a file is a tree of boxes (ISO/IEC 14496-12): a length, a four-letter type, a content. Places
stand in `udta`, `meta` and `uuid` boxes of the movie and its tracks, and in tracks of timed
metadata, whose samples lie among those of the picture. Nothing is moved, because other boxes point
at bytes by number: a box becomes `free` space of the same length, and its content zeros.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final, NamedTuple

from hinterland.files.errors import FileDamaged

__all__ = ["without_metadata"]

DESCRIPTIVE: Final = frozenset({b"udta", b"meta", b"uuid"})
MOVIE: Final = b"moov"
TRACK: Final = b"trak"
# Handlers of tracks that hold neither picture, sound nor words: places, speeds, names of people.
METADATA_HANDLERS: Final = frozenset({b"meta", b"gpmd", b"camm"})
BOXES_MAX: Final = 10_000  # beside each other
SAMPLES_MAX: Final = 1_000_000  # of a track of metadata


class _Box(NamedTuple):
    """A box between the bytes `start` and `end`; its content begins at `content`."""

    type: bytes
    start: int
    content: int
    end: int


def without_metadata(data: bytes) -> bytes:
    """The same file, of the same length, without descriptive boxes and timed metadata.

    Raises FileDamaged where the boxes do not fit into each other.
    """
    movie = bytearray(data)
    for box in _boxes(movie, 0, len(movie)):
        if box.type in DESCRIPTIVE:
            _blank(movie, box)
        elif box.type == MOVIE:
            _clean_movie(movie, box)
    return bytes(movie)


def _clean_movie(movie: bytearray, parent: _Box) -> None:
    for box in list(_boxes(movie, parent.content, parent.end)):
        if box.type in DESCRIPTIVE:
            _blank(movie, box)
        elif box.type == TRACK and _handler(movie, box) in METADATA_HANDLERS:
            _blank_samples(movie, box)
            _blank(movie, box)
        elif box.type == TRACK:
            for inner in _boxes(movie, box.content, box.end):
                if inner.type in DESCRIPTIVE:
                    _blank(movie, inner)


def _boxes(movie: bytearray, start: int, end: int) -> Iterator[_Box]:
    at = start
    for _ in range(BOXES_MAX):
        if end - at < 8:
            # QuickTime may end a list of boxes with four zero bytes.
            if any(movie[at:end]):
                raise FileDamaged()
            return
        size, kind = struct.unpack_from(">I4s", movie, at)
        content = at + 8
        if size == 1:
            if end - content < 8:
                raise FileDamaged()
            (size,) = struct.unpack_from(">Q", movie, content)
            content += 8
        elif size == 0:
            size = end - at
        if at + size < content or at + size > end:
            raise FileDamaged()
        yield _Box(kind, at, content, at + size)
        at += size
    raise FileDamaged()


def _blank(movie: bytearray, box: _Box) -> None:
    movie[box.start + 4 : box.start + 8] = b"free"
    movie[box.content : box.end] = bytes(box.end - box.content)


def _find(movie: bytearray, parent: _Box, *path: bytes) -> _Box | None:
    found: _Box | None = parent
    for kind in path:
        if found is None:
            return None
        inside = _boxes(movie, found.content, found.end)
        found = next((box for box in inside if box.type == kind), None)
    return found


def _handler(movie: bytearray, track: _Box) -> bytes:
    box = _find(movie, track, b"mdia", b"hdlr")
    # Version and flags, one word that is zero, then the handler.
    return bytes(movie[box.content + 8 : box.content + 12]) if box else b""


def _blank_samples(movie: bytearray, track: _Box) -> None:
    """Zeros for every sample of a track, found through its sample table."""
    table = _find(movie, track, b"mdia", b"minf", b"stbl")
    if table is None:
        return
    try:
        sizes = _sample_sizes(movie, table)
        offsets = _chunk_offsets(movie, table)
        per_chunk = _samples_per_chunk(movie, table, len(offsets))
    except struct.error as error:
        raise FileDamaged() from error
    sample = 0
    for offset, count in zip(offsets, per_chunk, strict=True):
        length = sum(sizes[sample : sample + count])
        if offset + length > len(movie):
            raise FileDamaged()
        movie[offset : offset + length] = bytes(length)
        sample += count


def _sample_sizes(movie: bytearray, table: _Box) -> list[int]:
    box = _find(movie, table, b"stsz")
    if box is None:
        return []
    same, count = struct.unpack_from(">II", movie, box.content + 4)
    _limit(count)
    if same:
        return [same] * count
    return list(struct.unpack_from(f">{count}I", movie, box.content + 12))


def _chunk_offsets(movie: bytearray, table: _Box) -> list[int]:
    for kind, width in ((b"stco", "I"), (b"co64", "Q")):
        box = _find(movie, table, kind)
        if box is not None:
            (count,) = struct.unpack_from(">I", movie, box.content + 4)
            _limit(count)
            return list(struct.unpack_from(f">{count}{width}", movie, box.content + 8))
    return []


def _samples_per_chunk(movie: bytearray, table: _Box, chunks: int) -> list[int]:
    """Runs of chunks with as many samples each: (first chunk, samples, description), from 1."""
    box = _find(movie, table, b"stsc")
    if box is None:
        return [0] * chunks
    (count,) = struct.unpack_from(">I", movie, box.content + 4)
    _limit(count)
    counts = [0] * chunks
    for run in range(count):
        first, samples, _ = struct.unpack_from(">III", movie, box.content + 8 + 12 * run)
        for chunk in range(max(first, 1) - 1, chunks):
            counts[chunk] = samples
    return counts


def _limit(count: int) -> None:
    if count > SAMPLES_MAX:
        raise FileDamaged()
