"""A file as it will be kept, and how large anything about it may be. Light: values alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = [
    "FILE_BYTES_MAX",
    "THUMBNAIL_BYTES_MAX",
    "THUMBNAIL_EDGE_PX_MAX",
    "Prepared",
]

FILE_BYTES_MAX: Final = 32 * 1024 * 1024  # a larger file is refused
THUMBNAIL_BYTES_MAX: Final = 6 * 1024  # 8 KiB as base64, which is how a record holds it
THUMBNAIL_EDGE_PX_MAX: Final = 256


@dataclass(frozen=True, slots=True)
class Prepared:
    """The bytes to keep, their SHA-256 in hex, what they were found to be, and a small WebP of them
    (empty, but for pictures). Made by `prepare` or `prepare_in_process`.
    """

    data: bytes
    sha256: str
    type: str
    thumbnail: bytes = b""
