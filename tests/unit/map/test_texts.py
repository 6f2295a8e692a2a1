"""The category that a text message begins with: `services.map.rules.texts`."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.map.rules.texts import KEYWORD_CHARS_MAX, Reading, keyword_of, read_text

KEYWORDS = {
    keyword_of(word): category
    for word, category in {
        "Flood": "flood",
        "洪水": "flood",
        "Lũ lụt": "flood",
        "banjir": "flood",
        "fire": "fire",
        "火": "fire",
        "火灾": "fire",
        "حريق": "fire",
        "пожар": "fire",
    }.items()
}


@pytest.mark.parametrize(
    ("text", "category", "keyword", "rest"),
    [
        ("flood in Dali", "flood", "flood", "in Dali"),
        ("FLOOD: 5 houses", "flood", "FLOOD", "5 houses"),
        ("洪水 大理市", "flood", "洪水", "大理市"),
        ("洪水大理市下关镇", "flood", "洪水", "大理市下关镇"),
        ("洪水。大理市", "flood", "洪水", "大理市"),
        ("洪水：大理市", "flood", "洪水", "大理市"),
        ("【洪水】大理市", "flood", "洪水", "大理市"),
        ("#火災 昆明", "fire", "火災", "昆明"),
        ("flood大理", "flood", "flood", "大理"),
        ("ｆｌｏｏｄ 大理", "flood", "ｆｌｏｏｄ", "大理"),
        ("lũ lụt ở Huế", "flood", "lũ lụt", "ở Huế"),
        ("lu lut o Hue", "flood", "lu lut", "o Hue"),
        ("lu\u0303 lu\u0323t: Hue", "flood", "lu\u0303 lu\u0323t", "Hue"),
        ("Banjir, Bandung", "flood", "Banjir", "Bandung"),
        ("حريق في القاهرة", "fire", "حريق", "في القاهرة"),
        ("الحريق، القاهرة", "fire", "الحريق", "القاهرة"),
        ("Пожар - Алматы", "fire", "Пожар", "Алматы"),
        ("Flood's here", "flood", "Flood's", "here"),
        ("洪水", "flood", "洪水", ""),
        ("洪水(大理)", "flood", "洪水", "(大理)"),
    ],
)
def test_a_leading_keyword_picks_the_category(
    text: str, category: str, keyword: str, rest: str
) -> None:
    """In any spelling, with the signs that people put around it."""
    assert read_text(text, KEYWORDS) == Reading(category, keyword, rest)


@pytest.mark.parametrize(
    "text",
    [
        "flooding in Dali",
        "in Dali there is a flood",
        "banjirkan",
        "火车站很挤",
        "حريقة",
        "lut",
        "",
        "。。。",
        "12",
    ],
)
def test_what_only_looks_like_a_keyword_is_text(text: str) -> None:
    """A longer word, a word further behind, or nothing at all picks no category."""
    assert read_text(text, KEYWORDS) == Reading(None, None, text)


def test_the_longest_keyword_counts() -> None:
    """火灾 is not 火 with a text behind it."""
    assert read_text("火灾 昆明", {"火": "one", "火灾": "two"}).category == "two"


@given(st.text(max_size=3 * KEYWORD_CHARS_MAX))
def test_any_text_is_read(text: str) -> None:
    """What is not a keyword comes back as it was, but for the spaces around it."""
    reading = read_text(text, KEYWORDS)

    assert reading.category is not None or reading.rest == text.strip()
    assert text.strip().endswith(reading.rest)


@given(st.sampled_from(sorted(KEYWORDS)), st.sampled_from([" ", ": ", "。", "！", "\n"]), st.text())
def test_a_keyword_with_a_sign_behind_it_is_found(keyword: str, sign: str, rest: str) -> None:
    """Whatever follows, unless the two together are a longer keyword."""
    reading = read_text(keyword + sign + "x" + rest, {keyword: "one"})

    assert reading.category == "one"
