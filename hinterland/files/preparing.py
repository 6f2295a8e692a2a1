"""Bytes that somebody uploads, made ready to be kept and shared. Pure, and heavy.

A large photo takes a second of computing in C, in which eventlet's hub would stand still, and every
call to the service with it. Services call `hinterland.files.process.prepare_in_process` instead.
"""

from __future__ import annotations

import hashlib
from typing import Final

import puremagic

from hinterland.files import iso_media, pictures
from hinterland.files.errors import FileEmpty, FileTooLarge, PictureRefused
from hinterland.files.media_types import UNKNOWN, sniff
from hinterland.files.prepared import FILE_BYTES_MAX, Prepared

__all__ = ["prepare"]

ISO_MEDIA: Final = frozenset({"audio/mp4", "video/mp4", "video/3gpp", "video/quicktime"})
# A shorter signature is in too many files by chance.
SIGNATURE_BYTES_MIN: Final = 4


def prepare(data: bytes) -> Prepared:
    """Find out what a file is, and take out of it where and by whom it was made.

    Pictures are written anew, MP4, 3GP and MOV lose their descriptive boxes; documents, archives
    and other sounds stay as they are, with whatever their programs wrote into them. What is kept
    has another hash than what was uploaded.

    Raises FileEmpty, FileTooLarge, FileDamaged or PictureRefused.
    """
    if not data:
        raise FileEmpty()
    _limit(data)
    media_type = sniff(data)
    if media_type.startswith("image/"):
        picture = pictures.clean(data, media_type)
        _limit(picture.data)
        return _prepared(picture.data, picture.type, picture.thumbnail)
    if media_type in ISO_MEDIA:
        data = iso_media.without_metadata(data)
    elif media_type == UNKNOWN and _is_some_picture(data):
        raise PictureRefused()
    return _prepared(data, media_type)


def _limit(data: bytes) -> None:
    if len(data) > FILE_BYTES_MAX:
        raise FileTooLarge(
            f"The file has {len(data)} bytes; a node keeps at most {FILE_BYTES_MAX}. "
            "Make it smaller, or send it in parts."
        )


def _prepared(data: bytes, media_type: str, thumbnail: bytes = b"") -> Prepared:
    return Prepared(data, hashlib.sha256(data).hexdigest(), media_type, thumbnail)


def _is_some_picture(data: bytes) -> bool:
    """Whether it looks like one of the many formats that cameras and painting programs write."""
    try:
        guesses = puremagic.magic_string(data)
    except puremagic.PureError:
        return False
    return any(
        guess.mime_type.startswith("image/") and len(guess.byte_match) >= SIGNATURE_BYTES_MIN
        for guess in guesses
    )
