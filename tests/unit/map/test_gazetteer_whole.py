"""The gazetteer that `make` builds, out of its whole sources; built here if that has not been."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.map.gazetteer import PATH, Gazetteer, Placed, Unplaced
from services.map.gazetteer.__main__ import main
from services.map.gazetteer.cities import rows
from services.map.gazetteer.regions import region_by_admin1
from tests.unit.map.sample_places import CITIES

cities = cache(rows)


@pytest.fixture(scope="module")
def whole() -> Iterator[Gazetteer]:
    main()
    gazetteer = Gazetteer.open()
    yield gazetteer
    gazetteer.close()


def test_what_is_up_to_date_is_not_built_again(
    whole: Gazetteer, capsys: pytest.CaptureFixture[str]
) -> None:
    """So that `make` costs nothing the second time."""
    before = PATH.stat().st_mtime_ns

    assert (main(), PATH.stat().st_mtime_ns) == (0, before)
    assert capsys.readouterr().out == ""


@settings(deadline=None)
@given(index=st.integers(0, 234_000))
def test_every_city_is_found_by_its_own_name_in_its_region(whole: Gazetteer, index: int) -> None:
    """Of all 234,000 of them, of which each run takes some others."""
    city = cities()[index]
    regions = region_by_admin1()
    country = city["countrycode"]
    region = regions.get((country, city["admin1code"]), regions.get((country, ""), country))
    found = whole.find(city["name"], near_region=region, limit=100)

    assert region[:2] in {place.country for place in found}


@pytest.mark.parametrize(
    ("text", "near", "region", "reach_m_max"),
    [
        ("救命 大理市下关镇 洪水", "CN-YN", "CN-YN", 40_000),
        ("昆明盘龙区发生火灾", "CN-YN", "CN-YN", 15_000),
        ("甘肃积石山地震，急需帐篷", "CN-GS", "CN-GS", 40_000),
        ("西藏日喀则定日县地震", "CN-SC", "CN-XZ", 80_000),
        ("حريق في القاهرة", "EG-GZ", "EG-C", 25_000),
        ("banjir di Bandung", "ID-JK", "ID-JB", 25_000),
        ("lũ lụt ở Huế", "VN-DN", "VN-26", 25_000),
        ("Nhà tôi ở TP HCM bị ngập", "VN-SG", "VN-SG", 25_000),
        ("пожар в Караганде", "KZ-75", "KZ-35", 25_000),
        ("Қарағандыда өрт", "KZ-75", "KZ-35", 25_000),
    ],
)
def test_texts_are_placed(
    whole: Gazetteer, text: str, near: str, region: str, reach_m_max: int
) -> None:
    """Among all names of the world as well as in a sample."""
    placing = whole.places_in(text, near_region=near)

    assert isinstance(placing, Placed)
    assert placing.place.region == region
    assert placing.accuracy_m <= reach_m_max


@pytest.mark.parametrize(
    ("text", "near"),
    [
        ("请大家注意安全，物资已经到了", "CN-YN"),
        ("河边的路中断了，老人和孩子需要帮助", "CN-YN"),
        ("我们村停水三天了，请帮助我们", "CN-GS"),
        ("fire help please we need water and food now", "CN-YN"),
        ("tolong banjir di rumah kami air sudah masuk", "ID-JK"),
        ("nước lên nhanh quá cứu với", "VN-HN"),
        ("حريق كبير في المدينة ساعدونا", "EG-C"),
        ("пожар в школе нужна помощь", "KZ-75"),
        ("朝阳区停电", "CN-YN"),
    ],
)
def test_words_are_not_taken_for_places(whole: Gazetteer, text: str, near: str) -> None:
    """Though somewhere a village is called like nearly every word."""
    assert isinstance(whole.places_in(text, near_region=near), Unplaced)


@pytest.mark.parametrize("country", ["CN", "EG", "VN", "ID", "KZ"])
def test_all_regions_where_hinterland_is_at_home_are_known(country: str) -> None:
    """GeoNames' numbers are mapped to ISO's, but for places that GeoNames itself cannot assign."""
    regions = region_by_admin1()
    unknown = {
        city["admin1code"]
        for city in cities()
        if city["countrycode"] == country and (country, city["admin1code"]) not in regions
    }

    assert unknown <= {"", "00"}


@pytest.mark.parametrize(
    ("name", "region"),
    [
        ("武汉", "CN-HB"),
        ("西安", "CN-SN"),
        ("海口", "CN-HI"),
        ("石家庄", "CN-HE"),
        ("太原", "CN-SX"),
        ("香港", "CN-HK"),
        ("Luxor", "EG-LX"),
        ("Arish", "EG-SIN"),
        ("Semarang", "ID-JT"),
        ("Manokwari", "ID-PB"),
        ("Buôn Ma Thuột", "VN-33"),
        ("Cần Thơ", "VN-CT"),
        ("Семей", "KZ-10"),
        ("Жезказган", "KZ-62"),
        ("Талдыкорган", "KZ-33"),
    ],
)
def test_cities_are_in_their_regions(whole: Gazetteer, name: str, region: str) -> None:
    """One of each kind of mistake that is easily made: ISO's letters are not those of maps."""
    assert region in {
        place.region for place in whole.find(name, near_region=region) if place.kind == "city"
    }


def test_no_question_reads_the_whole_file(whole: Gazetteer) -> None:
    """Every question goes by an index."""
    with sqlite3.connect(PATH) as connection:
        plans: list[str] = []

        def explain(statement: str) -> None:
            plans.extend(
                row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}").fetchall()
            )

        whole._connection.set_trace_callback(explain)
        whole.find("kunmi")
        whole.places_in(" ".join(str(city["name"]) for city in CITIES))
        whole._connection.set_trace_callback(None)

    assert plans != []
    assert [plan for plan in plans if plan.startswith("SCAN") and "few" not in plan] == []
