"""Filters, orders, pages and counts of NGOs, on a real database."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pymongo.database import Database

from hinterland.actors import ANONYMOUS
from hinterland.errors import BadInput
from hinterland.rooms import searching
from hinterland.rooms.answers import KeptPerHead
from services.directory.contract.calls import ExportNgos
from services.directory.handlers import reading
from tests.integration.directory.conftest import Node

KUNMING = {"lat": 25.03889, "lng": 102.71833}
DALI = {"lat": 25.6998, "lng": 100.1879}
LANZHOU = {"lat": 36.0564, "lng": 103.7922}


ALL = ["安宁妇女之家", "Bridge to China", "大理助学会", "昆明绿色流域", "兰州绿驼铃"]


@pytest.fixture(scope="module")
def country(
    databases: Callable[[str], Database[dict[str, Any]]], tmp_path_factory: pytest.TempPathFactory
) -> Node:
    """A small directory of two provinces, only to be read."""
    yunnan = Node("yunnan", databases("country"), tmp_path_factory.mktemp("country"))
    entries: list[dict[str, Any]] = [
        {
            "names": {"zh": "昆明绿色流域", "en": "Green Watershed"},
            "city": "昆明市",
            "location": KUNMING,
            "causes": ["environment", "water_sanitation"],
            "founded": "2002",
        },
        {
            "names": {"zh": "大理助学会"},
            "city": "大理",
            "location": DALI,
            "causes": ["education"],
            "founded": "2011-05",
        },
        {
            "names": {"zh": "安宁妇女之家"},
            "city": "安宁市",
            "location": KUNMING,
            "causes": ["women"],
            "scope": "members",
        },
        {
            "names": {"zh": "兰州绿驼铃", "en": "Green Camel Bell"},
            "region": "CN-GS",
            "city": "兰州市",
            "location": LANZHOU,
            "causes": ["environment"],
            "phones": ["0931-2650202"],
        },
        {"names": {"en": "Bridge to China"}, "region": "CN", "causes": ["sector_support"]},
    ]
    for entry in entries:
        yunnan.register(**entry)
    return yunnan


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({}, ALL),
        ({"region": "CN-YN"}, ["安宁妇女之家", "大理助学会", "昆明绿色流域"]),
        ({"region": "CN"}, ALL),
        ({"region": "VN"}, []),
        ({"city": "昆明"}, ["昆明绿色流域"]),
        ({"city": "Lanzhou"}, ["兰州绿驼铃"]),
        ({"causes": ["women", "education"]}, ["安宁妇女之家", "大理助学会"]),
        ({"causes": []}, []),
        ({"home": "yunnan", "region": "CN-GS"}, ["兰州绿驼铃"]),
        ({"home": "gansu"}, []),
        ({"verified": True}, []),
        ({"verified": False, "region": "CN-GS"}, ["兰州绿驼铃"]),
        ({"near": {**KUNMING, "radius_km": 50}, "causes": ["environment"]}, ["昆明绿色流域"]),
        ({"near": {**KUNMING, "radius_km": 300}, "causes": ["education"]}, ["大理助学会"]),
        ({"search": "绿", "order_by": "name"}, ["昆明绿色流域", "兰州绿驼铃"]),
        ({"search": "green", "region": "CN-GS"}, ["兰州绿驼铃"]),
        ({"search": "gren camel"}, ["兰州绿驼铃"]),
        ({"search": "+86 931 265 0202"}, ["兰州绿驼铃"]),
        ({"search": "？！"}, ALL),
        ({"ids": []}, []),
        ({"updated_after": "2020-01-01T00:00:00Z", "city": "大理"}, ["大理助学会"]),
        ({"updated_after": "2999-01-01T00:00:00Z"}, []),
    ],
)  # fmt: skip
def test_every_filter_finds_what_it_says(
    country: Node, wanted: dict[str, Any], expected: list[str]
) -> None:
    """Filters combine; by name is the order, in pinyin; the count says the same."""
    page = country.page(**wanted, count=True)

    assert expected == [next(iter(item["names"].values())) for item in page["items"]]
    assert len(expected) == page["total"]


def test_anonymous_callers_see_only_what_is_public(country: Node) -> None:
    """Members' NGOs are neither listed nor counted for the public."""
    page = country.page(ANONYMOUS, count=True)
    params = country.summary("REGION")

    assert page["total"] == 4
    assert params["total"] == 5
    assert country.names(ANONYMOUS, search="安宁") == []


def test_relevance_puts_names_before_other_text(yunnan: Node) -> None:
    """A whole name first, then its beginning, then words in names, then other text."""
    yunnan.register(names={"zh": "甲", "en": "Care for the River"})
    yunnan.register(names={"zh": "乙"}, descriptions={"en": "We care for every river."})
    yunnan.register(names={"zh": "丙", "en": "River Care"})
    yunnan.register(names={"zh": "丁", "en": "River Carers United"})

    assert yunnan.names(search="river care") == ["丙", "丁", "甲", "乙"]


def test_a_word_that_somebody_spells_so_is_not_misspelt(yunnan: Node) -> None:
    """One edit is allowed only where the word occurs nowhere."""
    yunnan.register(names={"en": "Wealth House"})
    assert yunnan.names(search="health") == ["Wealth House"]
    yunnan.register(names={"en": "Health House"})

    assert yunnan.names(search="health") == ["Health House"]


def test_distance_is_an_order_and_is_told(country: Node) -> None:
    """Nearest first, with kilometres."""
    page = country.page(near={**DALI, "radius_km": 2000}, causes=["education", "environment"])

    assert [item["city"] for item in page["items"]] == ["大理", "昆明市", "兰州市"]
    assert [round(item["distance_km"], -1) for item in page["items"]] == [0, 260, 1200]


@pytest.mark.parametrize(
    "params",
    [
        {"order_by": "name"},
        {"order_by": "updated"},
        {"search": "绿色"},
        {"search": "gren"},
        {"near": {**KUNMING, "radius_km": 500}},
        {"region": "CN-YN", "causes": ["environment", "health"]},
    ],
)
def test_pages_are_the_list_in_pieces_in_both_directions(
    yunnan: Node, params: dict[str, Any]
) -> None:
    """Forwards and backwards every NGO comes once, in the order of the whole list."""
    for number in range(23):
        place = KUNMING if number % 3 else {**DALI, "lat": 25.7 + number / 100}
        yunnan.register(
            names={"zh": f"绿色{number % 5}", "en": f"Green {number}"},
            aliases=["绿色"] if number % 7 == 0 else [],
            location=place,
        )
    whole = [item["id"] for item in yunnan.page(**params, first=100)["items"]]

    def walk(size: str, cursor: str, edge: int, more: str) -> list[str]:
        found: list[str] = []
        page: dict[str, Any] = {}
        while not page or page[more]:
            at = {cursor: page["cursors"][edge]} if page else {}
            page = yunnan.page(**{**params, size: 5, **at})
            ids = [item["id"] for item in page["items"]]
            found = found + ids if edge else ids + found
        return found

    assert len(whole) == 23
    assert walk("first", "after", -1, "has_next") == whole
    assert walk("last", "before", 0, "has_previous") == whole


def test_what_changes_while_somebody_pages_is_not_skipped(yunnan: Node) -> None:
    """A poller by arrival misses nothing that comes between two pages."""
    for number in range(4):
        yunnan.register(names={"zh": f"机构{number}"})
    first = yunnan.page(order_by="updated", first=2)
    late = yunnan.register(names={"zh": "后来"})
    second = yunnan.page(order_by="updated", first=10, after=first["cursors"][-1])
    since = max(item["arrived"] for item in first["items"])

    assert [item["names"]["zh"] for item in second["items"]] == ["机构1", "机构0"]
    assert late in {item["id"] for item in yunnan.page(updated_after=since)["items"]}


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"order_by": "relevance"}, "needs a search"),
        ({"order_by": "distance"}, "needs a place"),
        ({"after": "nonsense"}, "no cursor"),
        ({"before": "x", "first": 3}, "last"),
    ],
)
def test_pages_that_cannot_be_are_refused(
    country: Node, params: dict[str, Any], message: str
) -> None:
    """An order without its argument, or a cursor of another list, says so."""
    with pytest.raises(BadInput, match=message):
        country.page(**params)


def test_a_cursor_belongs_to_its_order(country: Node) -> None:
    """A cursor of a list by name is no place in a list by arrival."""
    cursor = country.page(order_by="name", first=1)["cursors"][0]

    with pytest.raises(BadInput, match="not of a list by updated"):
        country.page(order_by="updated", after=cursor)


def test_summaries_count_by_what_is_asked(country: Node) -> None:
    """Groups come largest first; an NGO with two causes counts in two groups and once in total."""
    by_region = country.summary("REGION")
    by_cause = country.summary("CAUSE", region="CN-YN")
    by_year = country.summary("FOUNDED_YEAR", "HOME", search="大理")

    assert by_region["groups"] == [
        {"keys": {"REGION": "CN-YN"}, "count": 3},
        {"keys": {"REGION": "CN"}, "count": 1},
        {"keys": {"REGION": "CN-GS"}, "count": 1},
    ]
    assert by_cause["total"] == 3
    assert {group["keys"]["CAUSE"]: group["count"] for group in by_cause["groups"]} == {
        "education": 1,
        "environment": 1,
        "water_sanitation": 1,
        "women": 1,
    }
    assert by_year["groups"] == [{"keys": {"FOUNDED_YEAR": 2011, "HOME": "yunnan"}, "count": 1}]


def test_a_summary_is_new_after_a_change(yunnan: Node) -> None:
    """What is kept per head is forgotten with the next one."""
    before = yunnan.summary("HOME")["total"]
    yunnan.register()

    assert yunnan.summary("HOME")["total"] == before + 1


def test_the_export_pages_through_everything_readable(country: Node) -> None:
    """In the order of ids, and for the public only what is public."""

    def walk(actor: Any) -> list[str]:
        found: list[str] = []
        after = None
        while True:
            params = ExportNgos(after=after, first=2)
            page = reading.export_ngos(country.records, actor, params)
            found += [item["id"] for item in page["items"]]
            if page["next"] is None:
                return found
            after = page["next"]

    assert walk(country.staff) == sorted(walk(country.staff))
    assert (len(walk(country.staff)), len(walk(ANONYMOUS))) == (5, 4)


def test_counts_read_no_record(country: Node) -> None:
    """Without a search the index of facets counts alone."""
    explained = country.records.collection.database.command(
        {
            "explain": {
                "aggregate": "records",
                "pipeline": [
                    {"$match": {"scope": {"$in": ["public"]}, "ix.region": {"$gt": ""}}},
                    {"$group": {"_id": {"CAUSE": "$ix.cause_set"}, "count": {"$sum": 1}}},
                ],
                "cursor": {},
                "hint": "facets",
            },
            "verbosity": "executionStats",
        }
    )

    assert "IXSCAN" in str(explained)
    assert "FETCH" not in str(explained)


@pytest.mark.parametrize(
    ("few", "ordered", "fitting"),
    [
        pytest.param(0, 1, 1, id="at the rarest word"),
        pytest.param(0, 1_000_000, 1, id="along the order"),
        pytest.param(0, 60, 1, id="along the order, in vain"),
        pytest.param(0, 1, 1_000_000, id="at the other filters"),
    ],
)
def test_where_a_search_starts_does_not_matter(
    country: Node, monkeypatch: pytest.MonkeyPatch, few: int, ordered: int, fitting: int
) -> None:
    """However common words and filters are thought to be, the same NGOs come in the same order."""
    wanted: list[dict[str, Any]] = [
        {"search": search, "order_by": order, **rest}
        for search in ("绿", "昆明", "green", "gren", "g b", "会", "anning", "0931 2650202")
        for order in ("relevance", "name", "updated")
        for rest in ({}, {"region": "CN-YN"}, {"causes": ["environment"]}, {"home": "yunnan"})
    ]
    expected = [country.page(**params, count=True) for params in wanted]
    monkeypatch.setattr(searching, "FEW", few)
    monkeypatch.setattr(searching, "ORDERED_MAX", ordered)
    monkeypatch.setattr(searching, "FITTING_MAX", fitting)
    monkeypatch.setattr(country, "totals", KeptPerHead())

    assert [country.page(**params, count=True) for params in wanted] == expected
    assert sum(page["total"] for page in expected) > len(wanted)
