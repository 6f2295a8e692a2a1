"""Files as phones and offices make them, small."""

from __future__ import annotations

import struct
import zipfile
from io import BytesIO
from typing import Any

from PIL import Image
from PIL.ExifTags import GPS, IFD, Base

__all__ = ["box", "movie", "photo", "picture", "zipped"]

PLACE = (25.0, 2.0, 18.0)


def picture(
    form: str, size: tuple[int, int] = (64, 48), mode: str = "RGB", **options: Any
) -> bytes:
    """A picture whose left half is red."""
    image = Image.new(mode, size, "white")
    image.paste("red", (0, 0, size[0] // 2, size[1]))
    out = BytesIO()
    image.save(out, form, **options)
    return out.getvalue()


def photo(size: tuple[int, int] = (640, 480), form: str = "JPEG", orientation: int = 6) -> bytes:
    """What a phone held upright makes: GPS, device, XMP and a comment beside the pixels."""
    exif = Image.Exif()
    exif[Base.Orientation] = orientation
    exif[Base.Make] = "PhoneMaker"
    exif.get_ifd(IFD.Exif)[Base.BodySerialNumber] = "SERIAL-4711"
    exif.get_ifd(IFD.GPSInfo).update({GPS.GPSLatitudeRef: "N", GPS.GPSLatitude: PLACE})
    options: dict[str, Any] = {"exif": exif, "xmp": b"<x:xmpmeta>Kunming</x:xmpmeta>"}
    if form == "JPEG":
        options["comment"] = b"at my house"
    return picture(form, size, **options)


def zipped(*names: str, mimetype: str = "") -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        if mimetype:
            archive.writestr("mimetype", mimetype)
        for name in names:
            archive.writestr(name, b"content")
    return out.getvalue()


def box(kind: bytes, *parts: bytes) -> bytes:
    content = b"".join(parts)
    return struct.pack(">I4s", 8 + len(content), kind) + content


def _track(handler: bytes, offset: int, sizes: list[int]) -> bytes:
    """A track whose samples lie at `offset`, one chunk of them."""
    table = box(
        b"stbl",
        box(b"stsz", struct.pack(f">III{len(sizes)}I", 0, 0, len(sizes), *sizes)),
        box(b"stsc", struct.pack(">IIIII", 0, 1, 1, len(sizes), 1)),
        box(b"stco", struct.pack(">III", 0, 1, offset)),
    )
    media = box(b"mdia", box(b"hdlr", bytes(8), handler, bytes(12)), box(b"minf", table))
    return box(b"trak", media, box(b"udta", b"name of the person filming"))


def movie(brand: bytes = b"isom") -> bytes:
    """A film with its place in `udta`, in XMP, and in a track of timed metadata."""
    start = box(b"ftyp", brand, bytes(4), b"isom")
    samples = b"PICTURES" + b"PLACES-1" + b"PLACE2"
    data = box(b"mdat", samples)
    at = len(start) + 8
    return (
        start
        + data
        + box(
            b"moov",
            box(b"mvhd", bytes(100)),
            _track(b"vide", at, [8]),
            _track(b"meta", at + 8, [8, 6]),
            box(b"udta", box(b"\xa9xyz", b"\0\x12\x15\xc7+25.0389+102.7183/")),
            box(b"meta", b"com.apple.quicktime.location.ISO6709"),
        )
        + box(b"uuid", b"XMP <Kunming>")
    )
