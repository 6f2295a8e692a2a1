"""Pictures without the places, times and devices that cameras write into them; and thumbnails.

A picture is decoded and written anew, so that nothing but its pixels remains: no EXIF, XMP, IPTC,
comments or profiles, and no other file hidden behind it. Its orientation and its colour profile are
applied first. Photos become at most `PHOTO_EDGE_PX_MAX` pixels wide or high.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Final

from PIL import Image, ImageCms, ImageOps, ImageSequence

from hinterland.files.errors import FileDamaged, FileTooLarge, PictureRefused
from hinterland.files.prepared import THUMBNAIL_BYTES_MAX, THUMBNAIL_EDGE_PX_MAX

__all__ = ["FRAMES_MAX", "PHOTO_EDGE_PX_MAX", "PIXELS_MAX", "Picture", "clean"]

PIXELS_MAX: Final = 64_000_000  # of all frames together
FRAMES_MAX: Final = 300  # of an animation
PHOTO_EDGE_PX_MAX: Final = 2560  # a larger photo is made smaller
PHOTO_QUALITY: Final = 85
THUMBNAIL_QUALITIES: Final = (80, 60, 40, 20)
THUMBNAIL_EDGES_PX: Final = (THUMBNAIL_EDGE_PX_MAX, 192, 128, 64)


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture to keep: `data` is a file of `type`, `thumbnail` a small WebP of it."""

    data: bytes
    type: str
    thumbnail: bytes


@dataclass(frozen=True, slots=True)
class _Format:
    """How a type is read, and as what it is kept. Photos lose nothing by being made smaller."""

    reader: str
    kept_as: str
    photo: bool = False
    animated: bool = False


# What is not here and is a picture is refused: what is in it cannot be known.
_FORMATS: Final[dict[str, _Format]] = {
    "image/jpeg": _Format("JPEG", "image/jpeg", photo=True),
    "image/png": _Format("PNG", "image/png"),
    "image/webp": _Format("WEBP", "image/webp", photo=True, animated=True),
    "image/gif": _Format("GIF", "image/gif", animated=True),
    "image/avif": _Format("AVIF", "image/jpeg", photo=True),  # few old phones show it
    "image/bmp": _Format("BMP", "image/png"),
    "image/tiff": _Format("TIFF", "image/png"),
}
_WRITERS: Final[dict[str, tuple[str, dict[str, Any]]]] = {
    "image/jpeg": ("JPEG", {"quality": PHOTO_QUALITY, "progressive": True, "optimize": True}),
    "image/png": ("PNG", {}),
    "image/webp": ("WEBP", {"quality": PHOTO_QUALITY}),
    "image/gif": ("GIF", {}),
}
# All that a writer may take from what the reader found beside the pixels.
_KEPT_INFO: Final = ("transparency", "duration", "loop", "disposal")


def clean(data: bytes, media_type: str) -> Picture:
    """Write a picture anew from its pixels. `media_type` is what it was found to be.

    Raises PictureRefused, FileTooLarge (too many pixels) or FileDamaged. Heavy: see
    `hinterland.files.process`.
    """
    form = _FORMATS.get(media_type)
    if form is None:
        raise PictureRefused()
    try:
        with Image.open(BytesIO(data), formats=[form.reader]) as image:
            frames = getattr(image, "n_frames", 1)
            if frames > 1 and form.reader == "TIFF":
                raise PictureRefused("A TIFF of several pages would lose them. Send it as PDF.")
            frames = frames if form.animated else 1
            _limit(image.width * image.height, frames)
            if form.photo:
                # A JPEG decoder can leave out detail that would be scaled away.
                image.draft(None, (PHOTO_EDGE_PX_MAX, PHOTO_EDGE_PX_MAX))
            still = _prepare(image, form, alone=frames == 1)
            rest = list(_rest(image, form)) if frames > 1 else []
            return Picture(_write(still, rest, form.kept_as), form.kept_as, _thumbnail(still))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise FileTooLarge(_too_large()) from error
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        # What Pillow says of files that end early or contradict themselves.
        raise FileDamaged() from error


def _limit(pixels: int, frames: int) -> None:
    if frames > FRAMES_MAX or pixels * frames > PIXELS_MAX:
        raise FileTooLarge(_too_large())


def _too_large() -> str:
    return (
        f"The picture has more than {PIXELS_MAX // 1_000_000} million pixels, or more than "
        f"{FRAMES_MAX} frames. Make it smaller."
    )


def _prepare(image: Image.Image, form: _Format, *, alone: bool) -> Image.Image:
    if not alone:
        return _bare(image.copy())
    upright = ImageOps.exif_transpose(_in_srgb(image))
    if form.photo:
        upright.thumbnail((PHOTO_EDGE_PX_MAX, PHOTO_EDGE_PX_MAX), reducing_gap=2.0)
    return _bare(upright)


def _rest(image: Image.Image, form: _Format) -> Iterator[Image.Image]:
    for place, frame in enumerate(ImageSequence.Iterator(image)):
        if place:
            yield _prepare(frame, form, alone=False)


def _bare(image: Image.Image) -> Image.Image:
    image.info = {name: image.info[name] for name in _KEPT_INFO if name in image.info}
    return image


def _in_srgb(image: Image.Image) -> Image.Image:
    """The colours that its profile means, since the profile itself is not kept."""
    profile = image.info.get("icc_profile")
    if not profile or image.mode not in ("RGB", "CMYK"):
        return image
    try:
        converted = ImageCms.profileToProfile(
            image,
            ImageCms.ImageCmsProfile(BytesIO(profile)),
            ImageCms.createProfile("sRGB"),
            outputMode="RGB",
        )
    except (ImageCms.PyCMSError, OSError):
        return image  # a profile that cannot be read changes no colours anywhere
    return converted or image


def _write(still: Image.Image, rest: list[Image.Image], kept_as: str) -> bytes:
    writer, options = _WRITERS[kept_as]
    if writer == "JPEG" and still.mode not in ("RGB", "L"):
        still = _opaque(still)
    if rest:
        options = {**options, "save_all": True, "append_images": rest}
    out = BytesIO()
    still.save(out, writer, **options)
    return out.getvalue()


def _opaque(image: Image.Image) -> Image.Image:
    """On white, where it was transparent."""
    if "A" not in image.mode and "transparency" not in image.info:
        return image.convert("RGB")
    layer = image.convert("RGBA")
    page = Image.new("RGBA", layer.size, "white")
    page.alpha_composite(layer)
    return page.convert("RGB")


def _thumbnail(image: Image.Image) -> bytes:
    """The largest and best WebP that fits; even noise does at the last of the sizes."""
    small = image
    for edge in THUMBNAIL_EDGES_PX:
        small = small.copy()
        small.thumbnail((edge, edge), reducing_gap=3.0)
        page = _bare(_opaque(small))
        for quality in THUMBNAIL_QUALITIES:
            out = BytesIO()
            page.save(out, "WEBP", quality=quality, method=6)
            if out.tell() <= THUMBNAIL_BYTES_MAX:
                return out.getvalue()
    return b""
