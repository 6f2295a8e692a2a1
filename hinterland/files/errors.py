"""What can be wrong with a file that somebody uploads, or refers to."""

from __future__ import annotations

from hinterland.errors import BadInput, Unavailable

__all__ = [
    "FileDamaged",
    "FileEmpty",
    "FileNotHere",
    "FileNotPrepared",
    "FileTooLarge",
    "PictureRefused",
]


class FileEmpty(BadInput):
    """The file is empty. Perhaps the upload was cut off: send it again."""

    code = "FILE_EMPTY"


class FileTooLarge(BadInput):
    """The file is larger than a node keeps. Make it smaller, or send it in parts."""

    code = "FILE_TOO_LARGE"


class FileDamaged(BadInput):
    """The file is not whole, so what it says of places cannot be taken out of it. Send it again."""

    code = "FILE_DAMAGED"


class PictureRefused(BadInput):
    """A picture in a format that cannot be freed of where it was taken. Send it as JPEG or PNG."""

    code = "PICTURE_REFUSED"


class FileNotPrepared(Unavailable):
    """The file took more time or memory than this node gives to one. Make it smaller."""

    code = "FILE_NOT_PREPARED"


class FileNotHere(BadInput):
    """No file with this hash is on this node. Upload it, and send the command again."""

    code = "FILE_NOT_HERE"
