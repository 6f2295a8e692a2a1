"""The default alphabet of GSM 03.38 (3GPP TS 23.038, 6.2.1) and its extension table.

No table of a national language is used: few phones know them, and none says whether it does.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

__all__ = ["ESCAPE", "SEPTETS", "encodes"]

ESCAPE: Final = "\x1b"

# By septet, sixteen to a line.
_BASIC: Final = (
    "@£$¥èéùìòÇ\nØø\rÅå"
    f"Δ_ΦΓΛΩΠΨΣΘΞ{ESCAPE}ÆæßÉ"
    " !\"#¤%&'()*+,-./"
    "0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNO"
    "PQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmno"
    "pqrstuvwxyzäöñüà"
)
_EXTENSION: Final = {
    "\f": 0x0A,
    "^": 0x14,
    "{": 0x28,
    "}": 0x29,
    "\\": 0x2F,
    "[": 0x3C,
    "~": 0x3D,
    "]": 0x3E,
    "|": 0x40,
    "€": 0x65,
}

# The septets of each character, one to an octet: two of them, ESC first, in the extension table.
SEPTETS: Final[Mapping[str, bytes]] = {
    **{sign: bytes([septet]) for septet, sign in enumerate(_BASIC) if sign != ESCAPE},
    **{sign: bytes([ord(ESCAPE), septet]) for sign, septet in _EXTENSION.items()},
}


def encodes(text: str) -> bool:
    """Whether the alphabet has every character of `text`. It has no ESC of its own.

    >>> encodes("{Ça va} 5 €"), encodes("ça va"), encodes("`")
    (True, False, False)
    """
    return SEPTETS.keys() >= set(text)
