"""Nothing of where, when and with what a picture was taken is kept, and no file is a bomb."""

from __future__ import annotations

import hashlib
import struct
import zlib
from base64 import b64decode
from io import BytesIO

import pytest
from PIL import Image, ImageCms

from hinterland.files.errors import FileDamaged, FileEmpty, FileTooLarge, PictureRefused
from hinterland.files.pictures import PHOTO_EDGE_PX_MAX
from hinterland.files.prepared import FILE_BYTES_MAX, THUMBNAIL_BYTES_MAX
from hinterland.files.preparing import prepare
from hinterland.files.reference import FileReference
from tests.unit.files.samples import box, movie, photo, picture, zipped

TRACES = (b"Exif", b"GPS", b"PhoneMaker", b"SERIAL-4711", b"xmpmeta", b"Kunming", b"my house")


def opened(data: bytes) -> Image.Image:
    image = Image.open(BytesIO(data))
    image.load()
    return image


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
def test_a_photo_keeps_no_trace_of_where_it_was_taken(form: str) -> None:
    """EXIF with GPS, serial numbers, XMP and comments are gone from the bytes, not only hidden."""
    data = photo(form=form)
    assert any(trace in data for trace in TRACES)

    prepared = prepare(data)

    assert [] == [trace for trace in TRACES if trace in prepared.data + prepared.thumbnail]
    image = opened(prepared.data)
    assert dict(image.getexif()) == {}
    assert not image.getexif().get_ifd(0x8825)
    assert {"exif", "xmp", "icc_profile", "comment"}.isdisjoint(image.info)


def test_a_photo_stands_upright_without_its_orientation() -> None:
    """A phone held upright writes pixels lying and says so in EXIF; the pixels are turned."""
    upright = opened(prepare(photo((640, 480), orientation=6)).data)

    assert (480, 640) == upright.size
    top, bottom = upright.getpixel((240, 20)), upright.getpixel((240, 620))
    assert isinstance(top, tuple)
    assert isinstance(bottom, tuple)
    assert top[1] < 60 < 200 < bottom[1]  # red above, white below


def test_a_large_photo_becomes_smaller() -> None:
    """What crosses bad links has at most so many pixels each way."""
    assert PHOTO_EDGE_PX_MAX == max(opened(prepare(photo((5000, 3000))).data).size)


def test_a_drawing_keeps_its_pixels() -> None:
    """A PNG is kept without loss, its transparency included."""
    data = picture("PNG", (3000, 20), mode="RGBA")
    prepared = prepare(data)

    assert "image/png" == prepared.type
    assert opened(data).tobytes() == opened(prepared.data).tobytes()


@pytest.mark.parametrize("form", ["GIF", "WEBP"])
def test_an_animation_goes_on_moving(form: str) -> None:
    """All frames are written anew, without what was beside them."""
    frames = [Image.new("RGB", (40, 30), colour) for colour in ("red", "green", "blue")]
    out = BytesIO()
    frames[0].save(
        out, form, save_all=True, append_images=frames[1:], duration=80, comment=b"my house"
    )
    prepared = prepare(out.getvalue())

    assert 3 == getattr(opened(prepared.data), "n_frames", 1)
    assert b"my house" not in prepared.data


def test_colours_are_those_that_the_profile_means() -> None:
    """The profile goes, so its colours are worked into the pixels first."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    red_means_green = (
        profile.replace(b"rXYZ", b"....").replace(b"gXYZ", b"rXYZ").replace(b"....", b"gXYZ")
    )
    prepared = prepare(picture("JPEG", icc_profile=red_means_green))

    left = opened(prepared.data).getpixel((5, 5))
    assert isinstance(left, tuple)
    assert left[0] < 60 < 200 < left[1]
    assert b"ICC_PROFILE" not in prepared.data


def test_a_broken_profile_changes_no_colours() -> None:
    """What cannot be read is left out, like by every viewer."""
    assert prepare(picture("PNG")).data == prepare(picture("PNG", icc_profile=b"no profile")).data


def test_what_hides_behind_a_picture_is_gone() -> None:
    """A picture with an archive after it becomes a picture."""
    assert b"PK\x03\x04" not in prepare(photo() + zipped("secret.txt")).data


@pytest.mark.parametrize("form", ["JPEG", "PNG", "GIF", "WEBP"])
@pytest.mark.parametrize("size", [(1, 1), (4000, 3), (900, 900)])
def test_a_thumbnail_fits_into_its_record(form: str, size: tuple[int, int]) -> None:
    """Noise is the worst there is, and it fits too; the reference takes what was made."""
    noise = Image.effect_noise(size, 200).convert("RGB")
    out = BytesIO()
    noise.save(out, form)
    prepared = prepare(out.getvalue())
    reference = FileReference.of(prepared, "噪声.jpg")

    assert 0 < len(prepared.thumbnail) <= THUMBNAIL_BYTES_MAX
    assert prepared.thumbnail == b64decode(reference.thumbnail or "")
    assert hashlib.sha256(prepared.data).hexdigest() == reference.sha256


@pytest.mark.parametrize("brand", [b"isom", b"3gp5", b"qt  "])
def test_a_film_keeps_no_place(brand: bytes) -> None:
    """Descriptive boxes and tracks of timed metadata become zeros; picture and length stay."""
    data = movie(brand)
    kept = prepare(data).data

    traces = (b"+25.0389", b"Kunming", b"location", b"PLACE", b"person", b"\xa9xyz")
    assert all(trace in data for trace in traces)
    assert [] == [trace for trace in traces if trace in kept]
    assert b"PICTURES" in kept
    assert len(data) == len(kept)


@pytest.mark.parametrize("end", range(30, 400, 37))
def test_a_film_cut_short_is_refused(end: int) -> None:
    """Where the boxes do not fit into each other nothing can be promised."""
    with pytest.raises(FileDamaged):
        prepare(movie()[:-end])


def test_a_film_that_points_outside_of_itself_is_refused() -> None:
    """Numbers in a hostile file lead nowhere."""
    far = movie().replace(struct.pack(">III", 0, 1, 20 + 8 + 8), struct.pack(">III", 0, 1, 1 << 30))
    assert far != movie()

    with pytest.raises(FileDamaged):
        prepare(far)


def png_bomb(width: int, height: int) -> bytes:
    def chunk(kind: bytes, content: bytes) -> bytes:
        crc = struct.pack(">I", zlib.crc32(kind + content))
        return struct.pack(">I", len(content)) + kind + content + crc

    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    pixels = zlib.compress(bytes((width // 8 + 1) * 64)) if width < 1 << 24 else b""
    start = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header)
    return start + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


@pytest.mark.parametrize("size", [(9000, 9000), (50_000, 50_000), (1 << 30, 1 << 30)])
def test_a_decompression_bomb_is_refused_before_it_opens(size: tuple[int, int]) -> None:
    """A few kilobytes that claim a billion pixels cost nothing."""
    with pytest.raises(FileTooLarge):
        prepare(png_bomb(*size))


def test_an_animation_of_too_many_pixels_is_refused() -> None:
    """The limit counts all frames together."""
    frames = [Image.new("L", (900, 900), i % 256) for i in range(100)]
    out = BytesIO()
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:])

    with pytest.raises(FileTooLarge):
        prepare(out.getvalue())


@pytest.mark.parametrize("form", ["JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF"])
def test_a_damaged_picture_is_refused(form: str) -> None:
    """An upload that was cut off is said to be so."""
    out = BytesIO()
    Image.effect_noise((200, 200), 200).save(out, form)

    with pytest.raises(FileDamaged):
        prepare(out.getvalue()[:-5000])


@pytest.mark.parametrize(
    "data",
    [
        box(b"ftyp", b"heic", bytes(4), b"mif1heic") + box(b"mdat", bytes(99)),
        b"\0\0\0\x0cJXL \r\n\x87\n" + bytes(99),
        b"8BPS\0\x01" + bytes(99),
        b"FUJIFILMCCD-RAW " + bytes(99),
        picture("JPEG2000"),
        picture("TIFF", save_all=True, append_images=[Image.new("RGB", (64, 48))]),
    ],
)
def test_a_picture_that_cannot_be_cleaned_is_refused(data: bytes) -> None:
    """Better no picture than one that says where somebody lives."""
    with pytest.raises(PictureRefused):
        prepare(data)


def test_a_document_stays_as_it_is() -> None:
    """Only what is known to hold places is changed."""
    data = zipped("[Content_Types].xml", "word/document.xml")

    assert data == prepare(data).data


def test_nothing_and_too_much_are_refused() -> None:
    """Both limits of a file's size."""
    with pytest.raises(FileEmpty):
        prepare(b"")
    with pytest.raises(FileTooLarge):
        prepare(bytes(FILE_BYTES_MAX + 1))
