"""Compressing answers: the last mile is the slow one."""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from typing import Final

import zstandard

from gateway import limits

__all__ = ["GZIP", "Encoded", "accepted_coding"]

ZSTD: Final = "zstd"  # RFC 8878
GZIP: Final = "gzip"
GZIP_LEVEL: Final = 5
ZSTD_LEVEL: Final = 3


def accepted_coding(accept_encoding: str, known: Sequence[str] = (ZSTD, GZIP)) -> str | None:
    """The first of the `known` codings that is accepted (RFC 9110, 12.5.3), or None for none."""
    accepted = {}
    for part in accept_encoding.lower().split(","):
        coding, _, parameter = part.strip().partition(";")
        accepted[coding.strip()] = parameter.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00")
    anything = accepted.get("*", False)
    return next((one for one in known if accepted.get(one, anything)), None)


class Encoded:
    """A body, and its compressed forms once somebody has asked for them."""

    __slots__ = ("_codings", "body")

    def __init__(self, body: bytes) -> None:
        self.body = body
        self._codings: dict[str, bytes] = {}

    @property
    def size(self) -> int:
        """Bytes in memory."""
        return len(self.body) + sum(map(len, self._codings.values()))

    def coded(self, coding: str | None) -> tuple[bytes, str | None]:
        """The bytes to send, and the coding that they are really in."""
        if coding is None or len(self.body) < limits.COMPRESS_BYTES_MIN:
            return self.body, None
        coded = self._codings.get(coding)
        if coded is None:
            coded = self._codings[coding] = _encode(self.body, coding)
        return coded, coding


def _encode(body: bytes, coding: str) -> bytes:
    if coding == ZSTD:
        return zstandard.ZstdCompressor(level=ZSTD_LEVEL).compress(body)
    return gzip.compress(body, GZIP_LEVEL, mtime=0)
