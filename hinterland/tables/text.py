"""Bytes to rows: the encoding and the delimiter of a text file that does not say them."""

from __future__ import annotations

import csv
import io
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from collections import Counter
from collections.abc import Iterator
from typing import Final

from charset_normalizer import from_bytes

from hinterland.tables.common_characters import COMMON_CHARACTERS
from hinterland.tables.problems import UnreadableFile

__all__ = ["CELL_CHARS_MAX", "DELIMITERS", "csv_rows", "decode", "delimiter_of"]

DELIMITERS: Final = (",", "\t", ";", "|", "，")
CELL_CHARS_MAX: Final = 100_000  # beyond, a quotation mark is unclosed
SNIFFED_CHARS_MAX: Final = 64 * 1024  # in which the delimiter is looked for
SNIFFED_ROWS_MAX: Final = 60  # in which the delimiter is looked for
SNIFFED_BYTES_MAX: Final = 256 * 1024  # in which the encoding is looked for
CHINESE_ENCODINGS: Final = ("gb18030", "big5hkscs")
COMMON_SHARE_MIN: Final = 0.25  # of the other letters; wrong decodings stay below a tenth
REPLACEMENT: Final = "\ufffd"

_BOMS: Final = ((BOM_UTF8, "utf-8-sig"), (BOM_UTF16_LE, "utf-16"), (BOM_UTF16_BE, "utf-16"))


def _common_share(text: str) -> float:
    """Which share of the letters beyond ASCII are among the commonest of Chinese writing."""
    letters = [character for character in text if not character.isascii()]
    return sum(character in COMMON_CHARACTERS for character in letters) / max(1, len(letters))


def decode(content: bytes) -> tuple[str, str]:
    """The text, and the name of its encoding. UTF-8 where it is that; else GBK (as its superset GB
    18030) or Big5, whichever gives common characters; else what statistics say.

    What cannot be decoded becomes U+FFFD, which the reader of cells reports.
    """
    for bom, encoding in _BOMS:
        if content.startswith(bom):
            return content.decode(encoding, errors="replace"), encoding
    try:
        return content.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        pass
    sample = content[:SNIFFED_BYTES_MAX]
    shares = {
        encoding: _common_share(sample.decode(encoding, errors="replace"))
        for encoding in ("utf-8", *CHINESE_ENCODINGS)
    }
    encoding = max(shares, key=lambda name: shares[name])
    if shares[encoding] < COMMON_SHARE_MIN:
        guess = from_bytes(sample).best()
        encoding = guess.encoding if guess else encoding
    return content.decode(encoding, errors="replace"), encoding


def delimiter_of(text: str) -> str:
    """The delimiter by which the first rows have the most columns, and alike in number."""

    def quality(delimiter: str) -> float:
        sample = io.StringIO(text[:SNIFFED_CHARS_MAX], newline="")
        try:
            widths = [
                len(row)
                for row, _ in zip(
                    csv.reader(sample, delimiter=delimiter), range(SNIFFED_ROWS_MAX), strict=False
                )
                if any(cell.strip() for cell in row)
            ]
        except csv.Error:
            return 0.0
        if not widths:
            return 0.0
        width, count = Counter(widths).most_common(1)[0]
        return (width - 1) * count / len(widths)

    return max(DELIMITERS, key=quality)  # the first of equals: a comma


def csv_rows(text: str, delimiter: str) -> Iterator[list[str]]:
    """The rows of delimited text. Raises UnreadableFile where quoting breaks down."""
    csv.field_size_limit(CELL_CHARS_MAX)
    reader = csv.reader(io.StringIO(text.replace("\0", ""), newline=""), delimiter=delimiter)
    try:
        yield from reader
    except csv.Error as error:
        raise UnreadableFile(
            f"line {reader.line_num} cannot be read: {error}. Is a quotation mark unclosed?"
        ) from error
