"""What people type finds what they mean: `hinterland.search`, evaluated on lists of terms."""

from __future__ import annotations

import re
from typing import Any

import pytest
from bson.regex import Regex
from hypothesis import assume, given
from hypothesis import strategies as st

from hinterland import search

GREEN = {"names": ["云南省大众流域管理研究及推广中心", "Yúnnán Green Watershed"]}
WATER = {
    "names": ["甘肃绿水志愿者协会"],
    "places": ["兰州市"],
    "texts": ["Protects the green river"],
}
RELIEF = {"names": ["جمعية الإغاثة الخيرية", "臺灣慈濟基金會"]}
HOTLINE = {
    "names": ["Care Line"],
    "identifiers": ["51530000MJT000001A"],
    "phones": ["+8687165123456"],
}
ALL = {"green": GREEN, "water": WATER, "relief": RELIEF, "hotline": HOTLINE}

HAN = st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5), min_size=2, max_size=30)
LATIN = st.text("abcdefghijklmnopqrstuvwxyz", min_size=5, max_size=18)


def holds(condition: dict[str, Any], terms: list[str]) -> bool:
    """What MongoDB says of a record with these terms, for the operators that conditions use."""

    def one(operator: str, operand: Any) -> bool:
        match operator:
            case "$and":
                return all(holds(part, terms) for part in operand)
            case "$or":
                return any(holds(part, terms) for part in operand)
            case "$nor":
                return not any(holds(part, terms) for part in operand)
        if "$elemMatch" in operand:
            ends = operand["$elemMatch"]
            return any(ends["$gte"] <= term < ends["$lt"] for term in terms)
        return any(
            re.match(want.pattern, term) if isinstance(want, Regex) else want == term
            for want in operand["$in"]
            for term in terms
        )

    return all(one(operator, operand) for operator, operand in condition.items())


def contains(conjunction: search.Conjunction, terms: list[str]) -> bool:
    """Whether a record with these terms is found; each way to start must find it as well."""
    found = holds(conjunction.test("terms"), terms)
    assert not found or all(holds(lead, terms) for lead in conjunction.leads("terms"))
    return found


def tier_of(typed: str, texts: dict[str, Any], vocabulary: list[str] | None = None) -> int | None:
    """In which tier `typed` finds a record with these texts; None if it does not."""
    terms = search.index_terms(**texts)
    query = search.parse(typed)
    known = set(terms if vocabulary is None else vocabulary)
    query = query.with_misspelt(
        frozenset(word for word, spelt in query.spellings().items() if known.isdisjoint(spelt))
    )
    tiers = [place for place, tier in enumerate(query.tiers()) if contains(tier, terms)]
    assert len(tiers) <= 1
    assert bool(tiers) == contains(query.found(), terms)
    return tiers[0] if tiers else None


def found(typed: str) -> list[str]:
    """The records of ALL that `typed` finds, by tier."""
    vocabulary = [term for texts in ALL.values() for term in search.index_terms(**texts)]
    tiers = {name: tier_of(typed, texts, vocabulary) for name, texts in ALL.items()}
    return sorted((n for n, tier in tiers.items() if tier is not None), key=lambda n: tiers[n] or 0)


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        pytest.param("流域", ["green"], id="a part of a Chinese name"),
        pytest.param("流域管理研究及推广", ["green"], id="a long part of it"),
        pytest.param("志願者協會", ["water"], id="traditional for simplified"),
        pytest.param("台湾慈济", ["relief"], id="simplified for traditional"),
        pytest.param("Ｇｒｅｅｎ　ｗａｔｅｒｓｈｅｄ", ["green"], id="full width"),
        pytest.param("lvshui", ["water"], id="pinyin from the middle"),
        pytest.param("lüshui", ["water"], id="pinyin with ü"),
        pytest.param("lushui", ["water"], id="pinyin with u for ü"),
        pytest.param("lyushui", ["water"], id="pinyin as passports have it"),
        pytest.param("gan su lv shui", ["water"], id="pinyin syllable by syllable"),
        pytest.param("liuyuguanliyanjiujituiguang", ["green"], id="long pinyin"),
        pytest.param("gslszyzxh", ["water"], id="initials"),
        pytest.param("lszyz", ["water"], id="initials from the middle"),
        pytest.param("lanzhou", ["water"], id="a city in pinyin"),
        pytest.param("الاغاثه", ["relief"], id="Arabic letter variants"),
        pytest.param("إغاثة", ["relief"], id="Arabic without its article"),
        pytest.param("الخَيْرِيّة جمعيه", ["relief"], id="Arabic with vowel points"),
        pytest.param("yunnan GREEN", ["green"], id="diacritics and case"),
        pytest.param("watersh", ["green"], id="prefix of the last word"),
        pytest.param("watershet", ["green"], id="replaced letter"),
        pytest.param("watreshed", ["green"], id="swapped letters"),
        pytest.param("watershd", ["green"], id="missing letter"),
        pytest.param("wattershed green", ["green"], id="doubled letter, two words"),
        pytest.param("greenwatershed", [], id="two words of the middle written as one"),
        pytest.param("yunnangreen", ["green"], id="a name's beginning without its space"),
        pytest.param("绿水 兰州", ["water"], id="words of name and city"),
        pytest.param("green", ["green", "water"], id="a name before other text"),
        pytest.param("5153-0000 mjt000001a", ["hotline"], id="identifier in groups"),
        pytest.param("51530000MJT", ["hotline"], id="the beginning of an identifier"),
        pytest.param("+86 (0)871 6512-3456", ["hotline"], id="international notation"),
        pytest.param("0871-65123456", ["hotline"], id="national notation"),
        pytest.param("65123456", ["hotline"], id="local notation"),
        pytest.param(
            "００８６ ８７１ ６５１２ ３４５６", ["hotline"], id="dialled from abroad, full width"
        ),
        pytest.param("green 昆明", [], id="every word must be found"),
    ],
)
def test_what_people_type_finds_what_they_mean(typed: str, expected: list[str]) -> None:
    """Each notation of the directory's search finds exactly the records that it means."""

    assert expected == found(typed)


@pytest.mark.parametrize(
    ("typed", "tier"),
    [
        ("Care Line", 0),
        ("+86 871 65123456", 0),
        ("care l", 1),
        ("line", 2),
        ("line care", 2),
        ("carre line", 4),
    ],
)
def test_better_matches_are_in_earlier_tiers(typed: str, tier: int) -> None:
    """A whole name comes before its beginning, its words before those of other text."""

    assert tier == tier_of(typed, HOTLINE)


def test_punctuation_is_no_query() -> None:
    """Only punctuation makes an empty query, which callers treat as none."""

    assert search.parse(" 《！》 ").empty


@pytest.mark.parametrize(
    ("run", "pinyin"),
    [("重庆", "chong qing"), ("长沙", "chang sha"), ("成长", "cheng zhang"), ("绿色", "lv se")],
)
def test_neighbours_decide_a_character_s_reading(run: str, pinyin: str) -> None:
    """Characters with several readings are read as in the phrase they stand in."""

    assert pinyin == " ".join(search.pinyin_of(run))


def test_names_are_ordered_as_in_a_chinese_telephone_book() -> None:
    """Chinese names sort by their pinyin, and Latin ones among them."""
    names = ["中和", "Bread", "安宁", "昆明", "álamo", "北京"]

    assert sorted(names, key=search.sort_key) == ["álamo", "安宁", "北京", "Bread", "昆明", "中和"]


@given(st.text(max_size=60))
def test_folding_twice_changes_nothing(text: str) -> None:
    """Folded text is its own folding, so that either side may fold again."""
    folded = search.fold(text)

    assert folded == search.fold(folded)


@given(HAN, st.data())
def test_every_part_of_a_chinese_name_finds_it(name: str, data: st.DataObject) -> None:
    """Any two or more neighbouring characters, in either script, find the name."""
    start = data.draw(st.integers(0, len(name) - 2))
    end = data.draw(st.integers(start + 2, len(name)))

    assert tier_of(name[start:end], {"names": [name]}) is not None


@given(LATIN, st.data())
def test_any_one_edit_of_a_word_finds_it(word: str, data: st.DataObject) -> None:
    """A Latin word with one letter wrong, missing, added or swapped is still found."""
    typed = data.draw(st.sampled_from(search.one_edit(word)))
    assume(len(typed) >= 5)

    assert tier_of(typed, {"names": [f"The {word} house"]}) is not None


@given(st.lists(st.text(max_size=300), max_size=8), st.lists(st.text(max_size=3000), max_size=4))
def test_a_record_has_a_bounded_number_of_terms(names: list[str], texts: list[str]) -> None:
    """However long its texts, a record costs the index no more than the named limits."""
    terms = search.index_terms(names, texts=texts)

    assert len(terms) <= search.NAME_TERMS_MAX + search.TEXT_TERMS_MAX
    assert len(set(terms)) == len(terms)


@given(st.text(max_size=400))
def test_any_text_makes_a_bounded_query(text: str) -> None:
    """Whatever is typed, the query stays within its limits and can be evaluated."""
    query = search.parse(text)

    assert len(query.words) <= 8
    assert query.empty or not contains(query.found(), [])
