"""How a text becomes the parts of an SMS: counted before it is sent, and cut by us.

An SMS carries 140 octets: 160 septets of GSM 03.38, or 70 UTF-16 code units, which is what phones
make of UCS-2. A longer text goes as parts that the phone joins again; each begins with a header
(3GPP TS 23.040, 9.2.3.24.1 and .8) that leaves 153 septets or 67 units, or 152 or 66 if it refers
to its message in 16 bits. What phone or gateway would take for one character is never cut: neither
an escape with what it escapes, nor a surrogate pair.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from services.messaging.contract.codes import Encoding
from services.messaging.contract.errors import EscapeInText, LoneSurrogate, TextTooLong
from services.messaging.contract.limits import PARTS_MAX
from services.messaging.rules import gsm

__all__ = ["Part", "ReferenceBits", "Segments", "segments"]

ReferenceBits = Literal[8, 16]

_PAYLOAD_BITS: Final = 140 * 8
_UNIT_BITS: Final = {Encoding.GSM_7: 7, Encoding.UCS_2: 16}
# The information elements of a concatenated message, by the width of its reference.
_ELEMENTS: Final[dict[ReferenceBits, int]] = {8: 0x00, 16: 0x08}
_BMP_END: Final = 0xFFFF


@dataclass(frozen=True)
class Part:
    """One SMS on the wire: its text, and what that takes in septets (GSM-7) or code units."""

    text: str
    units: int


@dataclass(frozen=True)
class Segments:
    """A text as the parts that carry it, in order; an empty text is one empty part."""

    encoding: Encoding
    parts: tuple[Part, ...]
    reference_bits: ReferenceBits

    @property
    def units(self) -> int:
        """Septets or code units of the text, headers not counted."""
        return sum(part.units for part in self.parts)

    @property
    def units_left(self) -> int:
        """Septets or code units that may follow before the text takes another part."""
        return self._part_units_max - self.parts[-1].units

    def headers(self, reference: int) -> tuple[bytes, ...]:
        """The user-data header of each part, its length first; of a single part, nothing.

        `reference` tells the message from others of its sender to the same phone; what does not
        fit into `reference_bits` is cut off, so that a running number will do.
        """
        if len(self.parts) == 1:
            return (b"",)
        total = len(self.parts)
        return tuple(
            _header(self.reference_bits, reference, total, number) for number in range(1, total + 1)
        )

    @property
    def _part_units_max(self) -> int:
        header = len(self.headers(0)[0])
        return _units_max(self.encoding, header)


def segments(text: str, reference_bits: ReferenceBits = 8) -> Segments:
    """How `text` goes as SMS: in GSM 03.38 if that has all its characters, else in UCS-2.

    Raises EscapeInText, LoneSurrogate and TextTooLong, of the field `text`.

    >>> sent = segments("洪水来了" * 20)
    >>> sent.encoding.value, [part.units for part in sent.parts], sent.units_left
    ('ucs_2', [67, 13], 54)
    """
    if gsm.ESCAPE in text:
        raise EscapeInText(field="text")
    if any("\ud800" <= sign <= "\udfff" for sign in text):
        raise LoneSurrogate(field="text")
    encoding = Encoding.GSM_7 if gsm.encodes(text) else Encoding.UCS_2
    parts = tuple(_cut(text, encoding, _units_max(encoding, 0)))
    if len(parts) > 1:
        header = len(_header(reference_bits, 0, 0, 0))
        parts = tuple(_cut(text, encoding, _units_max(encoding, header)))
    if len(parts) > PARTS_MAX:
        raise TextTooLong(field="text", parts=len(parts), parts_max=PARTS_MAX)
    return Segments(encoding, parts, reference_bits)


def _cut(text: str, encoding: Encoding, units_max: int) -> Iterator[Part]:
    start = units = 0
    for position, sign in enumerate(text):
        size = _size(sign, encoding)
        if units + size > units_max:
            yield Part(text[start:position], units)
            start, units = position, 0
        units += size
    yield Part(text[start:], units)


def _size(sign: str, encoding: Encoding) -> int:
    """Septets or code units of one character."""
    if encoding is Encoding.GSM_7:
        return len(gsm.SEPTETS[sign])
    return 2 if ord(sign) > _BMP_END else 1


def _units_max(encoding: Encoding, header_bytes: int) -> int:
    """Whole units behind a header: septets begin at the next multiple of seven bits."""
    return (_PAYLOAD_BITS - 8 * header_bytes) // _UNIT_BITS[encoding]


def _header(bits: ReferenceBits, reference: int, total: int, number: int) -> bytes:
    octets = bits // 8
    element = (reference % (1 << bits)).to_bytes(octets, "big") + bytes([total, number])
    return bytes([len(element) + 2, _ELEMENTS[bits], len(element)]) + element
