"""Where a report is from, out of its text: `services.map.gazetteer`, on a sample of its sources."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.map.gazetteer import Gazetteer, How, OwnPlace, OwnPlaces, Placed, Unplaced
from services.map.gazetteer.file import MENTIONS_MAX, READS_MAX, TEXT_CHARS_MAX
from services.map.gazetteer.placing import CANDIDATES_MAX, PLACED_ACCURACY_M_MAX
from tests.unit.map.sample_places import CITIES

OWN = OwnPlaces(
    [
        OwnPlace("下关小学", 25.59, 100.23, 150, "yunnan.place.1"),
        OwnPlace("下关", 25.58, 100.22, 3_000, "yunnan.place.2"),
        OwnPlace("Camp 7", 24.1, 97.9, 300, "yunnan.place.3"),
        OwnPlace("مخيم الأمل", 30.1, 31.3, 400, "cairo.place.1"),
    ]
)
NAMES = [str(name) for city in CITIES for name in (city["name"], *city["alternatenames"])]
TEXTS = st.lists(st.sampled_from(NAMES) | st.text(max_size=20), max_size=30).map("".join)


def place_of(gazetteer: Gazetteer, text: str, near: str | None) -> str | None:
    placing = gazetteer.places_in(text, near_region=near)
    return placing.place.name if isinstance(placing, Placed) else None


@pytest.mark.parametrize(
    ("text", "near", "name"),
    [
        ("救命 大理市下关镇 洪水", "CN-YN", "Dali"),
        ("昆明盘龙区发生火灾", "CN-YN", "盘龙区"),
        ("昆明盘龙发生火灾", "CN-YN", "盘龙区"),
        ("云南省昆明市盘龙区联盟街道", "CN-YN", "盘龙区"),
        ("昆明發生火災", "CN-YN", "Kunming"),
        ("瑞丽市勐卯镇停水", "CN-YN", "Mengmao"),
        ("瑞丽停水三天了", "CN-YN", "瑞丽市"),
        ("大理发大水了", "CN-YN", "Dali"),
        ("北京朝阳区停电", "CN-YN", "朝阳区"),
        ("积石山县地震", "CN-GS", "积石山保安族东乡族撒拉族自治县"),
        ("حريق في القاهرة", "EG-GZ", "Cairo"),
        ("حريق بالقاهرة", "EG-GZ", "Cairo"),
        ("وصلنا للقاهرة", "EG-GZ", "Cairo"),
        ("حريق وبالقاهرة فيضان", "EG-GZ", "Cairo"),
        ("فيضان والقاهرة بخير", "EG-GZ", "Cairo"),
        ("امطار بالإسكندرية", "EG-C", "Alexandria"),
        ("فيضان في الاسكندريه", "EG-C", "Alexandria"),
        ("banjir di Bandung", "ID-JB", "Bandung"),
        ("longsor di cikole", "ID-JB", "Cikole"),
        ("cháy ở Đà Nẵng", "VN-HN", "Da Nang"),
        ("lu lut o hue", "VN-DN", "Huế"),
        ("пожар в Алматы", "KZ-35", "Almaty"),
        ("пожар в Караганде", "KZ-75", "Karagandy"),
        ("Қарағандыда өрт", "KZ-75", "Karagandy"),
        ("flood near Kunming!", "CN-YN", "Kunming"),
        ("Fire in Paris, France", "CN-YN", "Paris"),
        ("حريق في القاهرة", None, "Cairo"),
    ],
)
def test_a_text_is_placed_by_the_name_in_it(
    sample: Gazetteer, text: str, near: str, name: str
) -> None:
    """Without spaces and with them, in traditional characters, without accents, with endings."""
    assert place_of(sample, text, near) == name


@pytest.mark.parametrize(
    ("text", "near"),
    [
        ("朝阳区停电", "CN-YN"),  # there are two
        ("从昆明到北京的路断了", "CN-YN"),  # two names
        ("云南省下大雨", "CN-YN"),  # a province is no place to go to
        ("Fire in Paris", "CN-YN"),  # abroad, and nothing says so
        ("瑞丽停水", "CN-GS"),  # two characters, elsewhere
        ("全家安宁", "CN-YN"),  # a word, and a county of the own province
        ("kebakaran di pasar", "ID-JB"),  # a word, and a village of the own region
    ],
)
def test_what_is_not_clear_waits_for_a_person_with_its_candidates(
    sample: Gazetteer, text: str, near: str
) -> None:
    """A wrong place is worse than none."""
    placing = sample.places_in(text, near_region=near)

    assert isinstance(placing, Unplaced)
    assert placing.candidates != ()


@pytest.mark.parametrize("text", ["", "。", "谢谢大家", "help please", "ساعدونا", "12345", "昆"])
def test_a_text_without_a_place_has_no_candidates(sample: Gazetteer, text: str) -> None:
    """Nothing is guessed."""
    assert sample.places_in(text, near_region="CN-YN") == Unplaced(())


def test_a_name_within_another_says_so(sample: Gazetteer) -> None:
    """A moderator sees how a place was found."""
    within = sample.places_in("昆明盘龙区发生火灾", near_region="CN-YN")
    alone = sample.places_in("昆明发生火灾", near_region="CN-YN")

    assert isinstance(within, Placed)
    assert isinstance(alone, Placed)
    assert (within.how, within.words) == (How.NAMED_WITHIN, "盘龙区")
    assert (alone.how, alone.words) == (How.NAMED, "昆明")


def test_the_accuracy_holds_for_the_city_and_its_county(sample: Gazetteer) -> None:
    """大理市 is a city, and the county around it: the report may be from either."""
    placing = sample.places_in("大理市下大雨", near_region="CN-YN")
    county = next(place for place in sample.find("大理市") if place.kind == "county")

    assert isinstance(placing, Placed)
    assert placing.accuracy_m == county.accuracy_m > placing.place.accuracy_m


@pytest.mark.parametrize(
    ("text", "record"),
    [
        ("大理下关小学进水", "yunnan.place.1"),
        ("下关进水", "yunnan.place.2"),
        ("water in camp 7, Kunming", "yunnan.place.3"),
        ("حريق في مخيم الامل", "cairo.place.1"),
    ],
)
def test_own_places_win(sample: Gazetteer, text: str, record: str) -> None:
    """The node knows its own ground better, and the longest of its names best."""
    placing = sample.places_in(text, near_region="CN-YN", own=OWN)

    assert isinstance(placing, Placed)
    assert (placing.place.id, placing.how) == (record, How.OWN_PLACE)


def test_two_own_places_far_apart_wait_for_a_person(sample: Gazetteer) -> None:
    """Both are shown."""
    placing = sample.places_in("下关, Camp 7", near_region="CN-YN", own=OWN)

    assert isinstance(placing, Unplaced)
    assert [place.id for place in placing.candidates] == ["yunnan.place.3", "yunnan.place.2"]


def test_own_places_need_not_be_named(sample: Gazetteer) -> None:
    """Then the gazetteer answers."""
    placing = sample.places_in("昆明停电", near_region="CN-YN", own=OWN)

    assert isinstance(placing, Placed)
    assert placing.place.name == "Kunming"


@settings(deadline=None)
@given(TEXTS, st.sampled_from([None, "CN-YN", "ID-JB", "EG-C", "XX"]), st.booleans())
def test_any_text_is_placed_or_not(
    sample: Gazetteer, text: str, near: str | None, own: bool
) -> None:
    """Candidates are few and in order, and what is placed is the first, and small enough."""
    placing = sample.places_in(text, near_region=near, own=OWN if own else OwnPlaces([]))
    scores = [place.score for place in placing.candidates]

    assert scores == sorted(scores, reverse=True) or isinstance(placing, Placed)
    assert len(scores) <= CANDIDATES_MAX
    if isinstance(placing, Placed):
        assert placing.place == placing.candidates[0]
        assert placing.place.accuracy_m <= PLACED_ACCURACY_M_MAX
        assert placing.words != ""


@pytest.mark.parametrize(
    "text",
    [
        "昆明" * 100_000,
        "a" * 100_000,
        "a " * 100_000,
        "".join(NAMES) * 1_000,
        " ".join(NAMES) * 1_000,
        "ب" * 100_000,
        "الالالال " * 10_000,
        "да" * 100_000,
        "\u0301" * 100_000,
        "\0" * 100_000,
        "\ud800" * 1_000,
    ],
    ids=lambda text: repr(text[:6]),
)
def test_no_text_makes_it_slow(sample: Gazetteer, text: str) -> None:
    """The reads of the file are counted, whatever a text repeats."""
    reads: list[str] = []
    sample._connection.set_trace_callback(reads.append)
    try:
        sample.places_in(text, near_region="CN-YN")
    finally:
        sample._connection.set_trace_callback(None)

    assert len(reads) <= READS_MAX + MENTIONS_MAX


@settings(deadline=None)
@given(st.text(min_size=TEXT_CHARS_MAX, max_size=2 * TEXT_CHARS_MAX))
def test_what_is_behind_the_limit_is_not_looked_at(sample: Gazetteer, text: str) -> None:
    """So that a long e-mail costs no more than a long message."""
    head = text[:TEXT_CHARS_MAX]

    assert sample.places_in(text) == sample.places_in(head)
