"""A text becomes the parts of an SMS."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.messaging.contract.codes import Encoding
from services.messaging.contract.errors import EscapeInText, LoneSurrogate, TextTooLong
from services.messaging.contract.limits import PARTS_MAX
from services.messaging.rules import gsm
from services.messaging.rules.segments import ReferenceBits, segments
from tests.unit.messaging.texts import texts

EMOJI = "😀"
widths = st.sampled_from([8, 16])


@pytest.mark.parametrize(
    ("text", "bits", "encoding", "units"),
    [
        ("", 8, "gsm_7", [0]),
        ("a" * 160, 8, "gsm_7", [160]),
        ("a" * 161, 8, "gsm_7", [153, 8]),
        ("a" * 161, 16, "gsm_7", [152, 9]),
        ("a" * 306, 8, "gsm_7", [153, 153]),
        ("€" * 80, 8, "gsm_7", [160]),
        ("€" * 81, 8, "gsm_7", [152, 10]),  # 153 would end between ESC and e
        ("a" + "^{}\\[~]|€\f" * 8, 8, "gsm_7", [153, 8]),
        ("洪" * 70, 8, "ucs_2", [70]),
        ("洪" * 71, 8, "ucs_2", [67, 4]),
        ("洪" * 71, 16, "ucs_2", [66, 5]),
        ("فيضان " * 12, 8, "ucs_2", [67, 5]),
        (EMOJI * 35, 8, "ucs_2", [70]),
        (EMOJI * 36, 8, "ucs_2", [66, 6]),  # 67 would end between two surrogates
        ("`" + "a" * 69, 8, "ucs_2", [70]),
        ("e\u0301" * 36, 8, "ucs_2", [67, 5]),
        ("ç", 8, "ucs_2", [1]),
        ("Ç", 8, "gsm_7", [1]),
    ],
)
def test_a_text_takes_the_parts_that_the_standard_says(
    text: str, bits: ReferenceBits, encoding: str, units: list[int]
) -> None:
    """160 and 153 septets, 70 and 67 code units; one or more less where one character has two."""
    sent = segments(text, bits)

    assert (sent.encoding, [part.units for part in sent.parts]) == (encoding, units)
    assert sent.units == sum(units)


@settings(deadline=None)
@given(texts, widths)
def test_the_parts_are_the_text(text: str, bits: ReferenceBits) -> None:
    """Joined, nothing is lost, and nothing is cut that cannot be written by itself."""
    sent = segments(text, bits)

    assert "".join(part.text for part in sent.parts) == text
    for part in sent.parts:
        if sent.encoding is Encoding.GSM_7:
            assert sum(len(gsm.SEPTETS[sign]) for sign in part.text) == part.units
        else:
            assert len(part.text.encode("utf-16-be")) == 2 * part.units


@settings(deadline=None)
@given(texts, widths)
def test_no_part_is_more_than_an_sms_carries(text: str, bits: ReferenceBits) -> None:
    """Header, fill bits and text are 140 octets at most, and parts are filled before the next."""
    sent = segments(text, bits)

    unit_bits = 7 if sent.encoding is Encoding.GSM_7 else 16
    for header, part in zip(sent.headers(7), sent.parts, strict=True):
        taken = -(-8 * len(header) // unit_bits) * unit_bits if header else 0
        assert taken + part.units * unit_bits <= 140 * 8
    full = max(part.units for part in sent.parts) + 1
    assert all(part.units >= full - 2 for part in sent.parts[:-1])


@settings(deadline=None)
@given(texts)
def test_what_is_left_of_a_part_can_be_written_on(text: str) -> None:
    """As many plain characters fit as are said to; one more takes another part."""
    sent = segments(text)

    assert len(segments(text + "a" * sent.units_left).parts) == len(sent.parts)
    assert len(segments(text + "a" * (sent.units_left + 1)).parts) == len(sent.parts) + 1


def test_parts_are_joined_by_their_headers() -> None:
    """Information elements 0x00 and 0x08: reference, how many there are, which one it is."""
    text = "x" * 200

    assert segments(text).headers(0xAB) == (
        bytes.fromhex("050003ab0201"),
        bytes.fromhex("050003ab0202"),
    )
    assert segments(text, 16).headers(0xABCD) == (
        bytes.fromhex("060804abcd0201"),
        bytes.fromhex("060804abcd0202"),
    )


def test_a_reference_starts_again_when_it_is_used_up() -> None:
    """A running number will do."""
    sent = segments("x" * 200)

    assert sent.headers(256 + 7) == sent.headers(7)


def test_one_part_needs_no_header() -> None:
    """There is nothing to join."""
    assert segments("Flood in Dali").headers(7) == (b"",)


@pytest.mark.parametrize("text", ["\x1b", "Flood\x1be", "洪水\x1b"])
def test_a_raw_escape_is_refused(text: str) -> None:
    """It would make another character of the next one, on the phone."""
    with pytest.raises(EscapeInText) as refusal:
        segments(text)

    assert (refusal.value.code, refusal.value.field) == ("ESCAPE_IN_TEXT", "text")


@pytest.mark.parametrize("text", ["\ud83d", "\ude00 Flood", "\ude00\ud83d"])
def test_half_a_character_is_refused(text: str) -> None:
    """UTF-8 cannot say it, and neither can a gateway that is spoken to in UTF-8."""
    with pytest.raises(LoneSurrogate) as refusal:
        segments(text)

    assert (refusal.value.code, refusal.value.field) == ("LONE_SURROGATE", "text")


def test_a_text_has_as_many_parts_as_its_headers_can_count() -> None:
    """The last one that fits, and the first that does not."""
    longest = "x" * (153 * PARTS_MAX)

    assert segments(longest).headers(1)[-1] == bytes.fromhex("05000301ffff")
    with pytest.raises(TextTooLong) as refusal:
        segments(longest + "x")
    assert refusal.value.details == {
        "code": "TEXT_TOO_LONG",
        "field": "text",
        "parts": PARTS_MAX + 1,
        "parts_max": PARTS_MAX,
    }
