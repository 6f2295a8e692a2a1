"""When two entries are one organisation: `rules.alike`."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.directory.rules.alike import ALIKE_KEYS_MAX, Profile, alike_keys, likeness
from services.directory.rules.places import city_key, km

KUNMING = {"lng": 102.71833, "lat": 25.03889}
DALI = {"lng": 100.1879, "lat": 25.6998}


def ngo(name: str, **fields: Any) -> Profile:
    return Profile.of({"names": {"zh": name}, "region": "CN-YN", **fields})


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("云南省绿色流域协会", "绿色流域协会", True),
        ("昆明市义工联合会", "昆明義工聯合會", True),
        ("昆明市志愿者协会", "昆明市志愿着协会", True),
        ("文化与艺术促进会", "文化艺术促进会", True),
        ("Yunnan Green Water Fund", "The Green Watr Fund", True),
        ("青年发展协会", "青少年发展协会", False),
        ("昆明一心助学中心", "昆明二心助学中心", False),
        ("昆明市第1小学校友会", "昆明市第2小学校友会", False),
        ("绿色昆明", "绿色高原", False),
        ("Green Water Fund", "Green Land Fund", False),
        ("Green Water Fund", "Green Water Youth Fund", False),
    ],
)
def test_names_are_alike_but_for_places_writing_and_one_slip(
    one: str, other: str, alike: bool
) -> None:
    """A slip is alike; a number, a direction or another word makes another organisation."""
    left, right = ngo(one, city="昆明市"), ngo(other, city="昆明")

    assert likeness(left, right) == likeness(right, left) == ("name" if alike else None)
    if alike:
        assert set(alike_keys(left)) & set(alike_keys(right))


@pytest.mark.parametrize(
    ("here", "there", "alike"),
    [
        ({"city": "昆明市"}, {"city": "Kunming"}, True),
        ({"city": "昆明市"}, {"city": "大理市"}, False),
        ({"city": "昆明市"}, {}, True),
        ({"location": KUNMING}, {"location": DALI, "city": "大理"}, True),
        ({"location": KUNMING, "city": "昆明"}, {"location": DALI, "city": "大理"}, False),
        ({"city": "呈贡", "location": KUNMING}, {"city": "昆明", "location": KUNMING}, True),
    ],
)
def test_like_names_count_only_nearby(
    here: dict[str, Any], there: dict[str, Any], alike: bool
) -> None:
    """One city or few kilometres; where a city is missing, one region."""
    one, other = ngo("绿色流域协会", **here), ngo("绿色流域协会", **there)

    assert (likeness(one, other) == "name") is alike


def test_an_identifier_decides_over_names() -> None:
    """The same identifier is the same organisation; another one is another, however alike."""
    first = [{"scheme": "CN-USCI", "value": "91110000710926094P"}]
    second = [{"scheme": "CN-USCI", "value": "51530000MJT000001A"}]

    assert (
        likeness(ngo("甲乙丙", identifiers=first), ngo("丁戊己", identifiers=first)) == "identifier"
    )
    assert likeness(ngo("绿色流域", identifiers=first), ngo("绿色流域", identifiers=second)) is None


@pytest.mark.parametrize(
    ("city", "key"),
    [
        ("昆明市", "kunming"),
        ("Kunming City", "kunming"),
        ("大理白族自治州", "dali"),
        ("Xi'an", "xian"),
    ],
)
def test_a_city_has_one_key_in_all_its_notations(city: str, key: str) -> None:
    """Chinese, pinyin and English notations of a city meet in one key."""
    assert key == city_key(city)


def test_distances_are_kilometres() -> None:
    """Kunming to Dali is about 265 km as the crow flies."""
    assert 260 < km(KUNMING, DALI) < 270


@given(st.text(min_size=1, max_size=80), st.lists(st.text(max_size=80), max_size=20))
def test_an_ngo_has_a_bounded_number_of_keys(name: str, aliases: list[str]) -> None:
    """However many names, the index holds at most ALIKE_KEYS_MAX keys of one NGO."""
    assert len(alike_keys(ngo(name, aliases=aliases))) <= ALIKE_KEYS_MAX
