"""Which types of file are known here, how they are recognised, and how they are safe to serve.

A type comes from the bytes alone: what an uploader or a record declares is never believed. What
could run in a browser (HTML, SVG, scripts) has no type of its own here: it is bytes to download.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

__all__ = [
    "MEDIA_TYPES",
    "SNIFFED_HEAD_BYTES",
    "SNIFFED_TAIL_BYTES",
    "UNKNOWN",
    "MediaType",
    "serving_headers",
    "sniff",
]

UNKNOWN: Final = "application/octet-stream"
SNIFFED_HEAD_BYTES: Final = 4096  # what a type is found from
SNIFFED_TAIL_BYTES: Final = 64 * 1024  # the directory of a ZIP file is at its end


@dataclass(frozen=True, slots=True)
class MediaType:
    """`inline`: a browser may show it in place; else it is offered to be saved."""

    extension: str
    inline: bool = False


MEDIA_TYPES: Final[dict[str, MediaType]] = {
    "image/jpeg": MediaType(".jpg", inline=True),
    "image/png": MediaType(".png", inline=True),
    "image/webp": MediaType(".webp", inline=True),
    "image/gif": MediaType(".gif", inline=True),
    "image/avif": MediaType(".avif"),
    "image/bmp": MediaType(".bmp"),
    "image/tiff": MediaType(".tiff"),
    "image/heic": MediaType(".heic"),
    "audio/mpeg": MediaType(".mp3", inline=True),
    "audio/mp4": MediaType(".m4a", inline=True),
    "audio/ogg": MediaType(".ogg", inline=True),
    "audio/wav": MediaType(".wav", inline=True),
    "audio/amr": MediaType(".amr", inline=True),
    "video/mp4": MediaType(".mp4", inline=True),
    "video/webm": MediaType(".webm", inline=True),
    "video/ogg": MediaType(".ogv", inline=True),
    "video/3gpp": MediaType(".3gp", inline=True),
    "video/quicktime": MediaType(".mov"),
    "video/x-matroska": MediaType(".mkv"),
    "text/plain": MediaType(".txt", inline=True),
    "application/pdf": MediaType(".pdf"),
    "application/rtf": MediaType(".rtf"),
    "application/zip": MediaType(".zip"),
    "application/gzip": MediaType(".gz"),
    "application/x-7z-compressed": MediaType(".7z"),
    "application/vnd.rar": MediaType(".rar"),
    "application/epub+zip": MediaType(".epub"),
    "application/x-cfb": MediaType(""),  # Word, Excel and PowerPoint before 2007, alike in bytes
    "application/vnd.oasis.opendocument.text": MediaType(".odt"),
    "application/vnd.oasis.opendocument.spreadsheet": MediaType(".ods"),
    "application/vnd.oasis.opendocument.presentation": MediaType(".odp"),
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": MediaType(".docx"),
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": MediaType(".xlsx"),
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": MediaType(".pptx"),
    UNKNOWN: MediaType(""),
}

_SIGNATURES: Final[tuple[tuple[bytes, str], ...]] = (
    (rb"\xff\xd8\xff", "image/jpeg"),
    (rb"\x89PNG\r\n\x1a\n", "image/png"),
    (rb"GIF8[79]a", "image/gif"),
    (rb"RIFF....WEBP", "image/webp"),
    (rb"RIFF....WAVE", "audio/wav"),
    (rb"BM.{4}\0{4}.{4}[\x0c\x28\x34\x38\x40\x6c\x7c]\0\0\0", "image/bmp"),
    (rb"II\*\0|MM\0\*", "image/tiff"),
    (rb"ID3[\x02-\x04]|\xff[\xf2\xf3\xfa\xfb]", "audio/mpeg"),
    (rb"OggS.{0,60}\x80theora", "video/ogg"),
    (rb"OggS", "audio/ogg"),
    (rb"#!AMR", "audio/amr"),
    (rb"\x1a\x45\xdf\xa3.{0,60}webm", "video/webm"),
    (rb"\x1a\x45\xdf\xa3.{0,60}matroska", "video/x-matroska"),
    (rb"%PDF-", "application/pdf"),
    (rb"\{\\rtf", "application/rtf"),
    (rb"PK\x03\x04", "application/zip"),
    (rb"\x1f\x8b\x08", "application/gzip"),
    (rb"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (rb"Rar!\x1a\x07", "application/vnd.rar"),
    (rb"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-cfb"),
    # ISO base media files (ISO/IEC 14496-12) by the brands at their start; QuickTime has none.
    (rb"....ftyp(qt  )", "video/quicktime"),
    (rb"....(moov|mdat|wide|pnot|free|skip)", "video/quicktime"),
    (rb"....ftyp(3g[p2])", "video/3gpp"),
    (rb"....ftyp(M4[AB] |F4[AB] )", "audio/mp4"),
    (rb"....ftyp(avi[fs]|(mif1|msf1|miaf).{4,60}avi[fs])", "image/avif"),
    (rb"....ftyp(he[iv][a-z]|mif1|msf1|miaf)", "image/heic"),
    (rb"....ftyp(isom|iso[2-9a-c]|mp4[12]|avc1|M4V|mmp4|dash|MSNV|f4v|F4V)", "video/mp4"),
)
_PATTERNS: Final = tuple((re.compile(p, re.DOTALL), name) for p, name in _SIGNATURES)
# Names in the directory of an Office Open XML package (ECMA-376).
_OOXML: Final = (
    (b"word/document.xml", "wordprocessingml.document"),
    (b"xl/workbook.xml", "spreadsheetml.sheet"),
    (b"ppt/presentation.xml", "presentationml.presentation"),
)
_MIMETYPE_ENTRY: Final = re.compile(
    rb"PK\x03\x04.{22}\x08\0..mimetype(application/(?:epub\+zip|vnd\.oasis\.opendocument\."
    rb"(?:text|spreadsheet|presentation)))PK",
    re.DOTALL,
)
_NO_TEXT: Final = re.compile(rb"[\0-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f]")
_MARKUP: Final = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:<|#!)")


def sniff(head: bytes, tail: bytes = b"") -> str:
    """The type of a file that begins and ends like this, one of `MEDIA_TYPES`.

    Give the first `SNIFFED_HEAD_BYTES` and the last `SNIFFED_TAIL_BYTES`, or all of it as `head`.
    """
    start = head[:SNIFFED_HEAD_BYTES]
    for pattern, name in _PATTERNS:
        if pattern.match(start):
            end = (tail or head)[-SNIFFED_TAIL_BYTES:]
            return _in_zip(start, end) if name == "application/zip" else name
    return "text/plain" if _is_plain_text(start) else UNKNOWN


def serving_headers(media_type: str, name: str | None = None) -> dict[str, str]:
    """HTTP headers under which a body of this type can do no harm in a browser.

    `media_type` is what `sniff` said here; `name` is offered for saving it (RFC 6266).
    """
    known = MEDIA_TYPES.get(media_type)
    disposition = "inline" if known is not None and known.inline else "attachment"
    if name:
        disposition += f"; filename*=UTF-8''{quote(name, safe='')}"
    return {
        "Content-Type": _content_type(media_type if known is not None else UNKNOWN),
        "Content-Disposition": disposition,
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; sandbox",
    }


def _content_type(media_type: str) -> str:
    return "text/plain; charset=utf-8" if media_type == "text/plain" else media_type


def _in_zip(start: bytes, end: bytes) -> str:
    named = _MIMETYPE_ENTRY.match(start)
    if named:
        return named[1].decode()
    for entry, suffix in _OOXML:
        if entry in end:
            return f"application/vnd.openxmlformats-officedocument.{suffix}"
    return "application/zip"


def _is_plain_text(start: bytes) -> bool:
    """UTF-8 without control characters, and nothing that a browser might take for a page."""
    if not start or _NO_TEXT.search(start) or _MARKUP.match(start):
        return False
    try:
        start.decode()
    except UnicodeDecodeError as error:
        # A character that the end of the head has cut in two.
        return len(start) == SNIFFED_HEAD_BYTES and error.start > len(start) - 4
    return True
