"""Filters, orders, pages and counts of reports, on a real database."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pymongo.database import Database

from hinterland.actors import ANONYMOUS, Actor
from hinterland.clock import rfc3339, system_clock
from hinterland.errors import BadInput
from hinterland.rooms.answers import KeptPerHead
from services.map import queries
from services.map.contract.calls import (
    ConfirmReport,
    ExportReports,
    GetRecords,
    ListRecords,
    ListReports,
    MergeReports,
    RefuseMerge,
    ReportFilter,
    SummariseReports,
)
from services.map.handlers import opinions, reading
from tests.integration.map.conftest import KUNMING, Node

LANZHOU = {"lat": 36.0564, "lng": 103.7922}
SUVA = {"lat": -18.1416, "lng": 178.4419}
APIA = {"lat": -13.8333, "lng": -171.7667}


class Country(Node):
    """A map with reports of several places, only to be read."""

    ids: dict[str, str]
    flood: str
    landslide: str

    def fill(self) -> None:
        self.flood = self.category("洪水")
        self.landslide = self.category("泥石流", parent=self.flood)
        women = self.category("妇女", audience="members")
        reports: dict[str, dict[str, Any]] = {
            "桥": {
                "category": self.flood,
                "title": "河水漫过了桥",
                "text": "桥 green bridge",
                "region": "CN-YN",
                "happened_at": "2026-06-01T22:00:00+08:00",
            },
            "山": {
                "category": self.landslide,
                "title": "山路塌了",
                "text": "山路不通",
                "region": "CN-YN",
                "location": {"lat": 25.6998, "lng": 100.1879},
                "happened_at": "2026-07-02T08:00:00Z",
            },
            "黄河": {
                "category": self.flood,
                "title": "فيضان النهر",
                "text": "green river",
                "region": "CN-GS",
                "location": LANZHOU,
                "happened_at": "2026-07-05T08:00:00Z",
            },
            "家": {
                "category": women,
                "title": "妇女之家",
                "text": "成员才能看",
                "happened_at": "2026-05-01T08:00:00Z",
            },
            "斐济": {"category": self.flood, "title": "斐济", "text": "x", "location": SUVA,
                   "region": "FJ", "happened_at": "2026-01-01T00:00:00Z"},
            "萨摩亚": {"category": self.flood, "title": "萨摩亚", "text": "x", "location": APIA,
                    "region": "WS", "happened_at": "2026-01-02T00:00:00Z"},
        }  # fmt: skip
        self.ids = {}
        for name, report in reports.items():
            intake = self.submit(**report)
            shown = self.review(intake["id"], state="verified")["report"]
            self.ids[name] = str(shown)
            if name == "山":
                self.review(intake["id"], state="resolved")

    def page(self, actor: Actor | None = None, **params: Any) -> dict[str, Any]:
        """A page; keyword arguments are those of ListReports, others belong to its filter."""
        names = set(ListReports.model_fields)
        wanted = {name: value for name, value in params.items() if name not in names}
        rest = {name: value for name, value in params.items() if name in names}
        listed = ListReports.model_validate({"filter": wanted, **rest})
        return reading.list_reports(self.records, KeptPerHead(), actor or self.staff, listed)

    def names(self, actor: Actor | None = None, **params: Any) -> list[str]:
        return self.named(self.page(actor, **params)["items"])

    def named(self, items: list[dict[str, Any]]) -> list[str]:
        of = {record_id: name for name, record_id in self.ids.items()}
        return [of[item["id"]] for item in items]

    def summary(self, *by: str, actor: Actor | None = None, **wanted: Any) -> dict[str, Any]:
        params = SummariseReports.model_validate({"by": by, "filter": wanted})
        return reading.summarise_reports(self.records, KeptPerHead(), actor or self.staff, params)


@pytest.fixture(scope="module")
def country(
    databases: Callable[[str], Database[dict[str, Any]]], tmp_path_factory: pytest.TempPathFactory
) -> Country:
    database = databases("map-country")
    found = Country("yunnan", database, tmp_path_factory.mktemp("country"))
    found.fill()
    return found


ALL = ["黄河", "山", "桥", "家", "萨摩亚", "斐济"]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({}, ALL),
        ({"region": "CN-YN"}, ["山", "桥"]),
        ({"region": "CN"}, ["黄河", "山", "桥"]),
        ({"states": ["resolved"]}, ["山"]),
        ({"states": []}, []),
        ({"home": "yunnan", "region": "CN-GS"}, ["黄河"]),
        ({"home": "gansu"}, []),
        ({"categories": []}, []),
        ({"happened_after": "2026-07-01T00:00:00Z"}, ["黄河", "山"]),
        ({"happened_after": "2026-06-01T14:00:00Z", "happened_before": "2026-07-05T08:00:00Z"},
         ["山", "桥"]),
        ({"search": "山路"}, ["山"]),
        ({"search": "green"}, ["黄河", "桥"]),
        ({"search": "النهر"}, ["黄河"]),
        ({"search": "green", "region": "CN-YN"}, ["桥"]),
        ({"search": "  "}, ALL),
        ({"bbox": {"west": 100, "south": 25, "east": 103, "north": 26}}, ["山", "桥", "家"]),
        ({"bbox": {"west": 178, "south": -20, "east": -171, "north": -10}}, ["萨摩亚", "斐济"]),
        ({"bbox": {"west": -180, "south": -90, "east": 180, "north": 90}}, ALL),
        ({"near": {**KUNMING, "radius_km": 10}, "order_by": "happened"}, ["桥", "家"]),
        ({"search": "河水", "near": {**KUNMING, "radius_km": 10}}, ["桥"]),
    ],
)  # fmt: skip
def test_filters_find_what_they_say(
    country: Country, wanted: dict[str, Any], expected: list[str]
) -> None:
    """Every filter alone and with others, in Chinese, Arabic and Latin letters."""
    assert expected == country.names(**wanted)


def test_a_category_stands_for_those_below_it(country: Country) -> None:
    """Whoever asks for floods gets the landslides that a flood made."""
    assert ["黄河", "山", "桥", "萨摩亚", "斐济"] == country.names(categories=[country.flood])
    assert ["山"] == country.names(categories=[country.landslide])


def test_a_category_of_another_home_stands_for_ours_below_it(yunnan: Node, gansu: Node) -> None:
    """The tree has branches at several nodes."""
    root = gansu.category("灾害")
    gansu.carry_to(yunnan)
    ours = yunnan.category("地震", parent=root)
    report = yunnan.verified(ours)

    page = reading.list_reports(
        yunnan.records,
        KeptPerHead(),
        ANONYMOUS,
        ListReports.model_validate({"filter": {"categories": [root]}}),
    )
    assert [report] == [item["id"] for item in page["items"]]


def test_the_public_does_not_see_what_is_for_members(country: Country) -> None:
    """Neither in lists, nor in counts, searches, summaries, exports or by its id."""
    hidden = country.ids["家"]
    assert [name for name in ALL if name != "家"] == country.names(ANONYMOUS)
    assert [] == country.names(ANONYMOUS, search="妇女之家")
    assert 5 == country.page(ANONYMOUS, count=True)["total"]
    assert 5 == country.summary("month", actor=ANONYMOUS)["total"]
    exported = reading.export_reports(country.records, ANONYMOUS, ExportReports())["items"]
    assert hidden not in [item["id"] for item in exported]
    got = reading.get_records(country.records, ANONYMOUS, GetRecords(ids=[hidden]))
    assert [None] == got["items"]
    elsewhere = Actor("gansu.account.1", frozenset({"operator"}), "gansu")
    assert "家" not in country.names(elsewhere)


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"order_by": "updated"},
        {"near": {**KUNMING, "radius_km": 5000}},
        {"search": "green"},
        {"categories": True},
        {"region": "CN"},
    ],
)
@pytest.mark.parametrize("size", [1, 2])
def test_pages_together_are_the_list(country: Country, params: dict[str, Any], size: int) -> None:
    """Forwards and backwards, in every order: nothing twice, nothing left out."""
    wanted = {**params, "categories": [country.flood]} if "categories" in params else params
    whole = country.names(**wanted)
    forwards: list[str] = []
    page = country.page(**wanted, first=size)
    while True:
        forwards += country.named(page["items"])
        if not page["has_next"]:
            break
        page = country.page(**wanted, first=size, after=page["cursors"][-1])
    backwards: list[str] = []
    page = country.page(**wanted, last=size)
    while True:
        backwards = country.named(page["items"]) + backwards
        if not page["has_previous"]:
            break
        page = country.page(**wanted, last=size, before=page["cursors"][0])

    assert whole == forwards
    assert whole == backwards


def test_a_list_by_distance_says_how_far(country: Country) -> None:
    """Nearest first, in kilometres."""
    items = country.page(near={**LANZHOU, "radius_km": 2000})["items"]

    names = country.named(items)
    assert ("黄河", {"山", "桥", "家"}) == (names[0], set(names[1:]))
    assert 0.0 == items[0]["distance_km"]
    assert sorted(item["distance_km"] for item in items) == [item["distance_km"] for item in items]


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({"order_by": "distance"}, "order_by"),
        ({"first": 1, "after": "nonsense"}, "cursor"),
        ({"first": 1, "before": "nonsense"}, "cursor"),
        ({"first": 1, "after": "WyJoYXBwZW5lZCIsOTk5OTk5OTk5OTk5OTk5OTk5LCJhIl0"}, "cursor"),
    ],
)
def test_what_does_not_fit_is_refused_by_its_name(
    country: Country, params: dict[str, Any], field: str
) -> None:
    """An order without its place, and cursors that are made up."""
    with pytest.raises(BadInput) as caught:
        country.page(**params)

    assert field == caught.value.field


def test_updated_after_is_about_arrival(country: Country) -> None:
    """A poller asks for what came since; what happened long ago may come today."""
    assert [] == country.names(updated_after=rfc3339(system_clock()))
    assert 6 == len(country.names(updated_after="2026-01-01T00:00:00Z", order_by="updated"))


def test_a_summary_counts_by_what_is_asked(country: Country) -> None:
    """By category, province, state, home, day, week and month; in UTC."""
    by_region = country.summary("region")
    groups = {group["keys"]["region"]: group["count"] for group in by_region["groups"]}

    assert {"CN-YN": 2, "CN-GS": 1, "FJ": 1, "WS": 1, None: 1} == groups
    assert 6 == by_region["total"]
    month = country.summary("month", "state", region="CN")["groups"]
    assert [
        {"keys": {"month": "2026-06", "state": "verified"}, "count": 1},
        {"keys": {"month": "2026-07", "state": "resolved"}, "count": 1},
        {"keys": {"month": "2026-07", "state": "verified"}, "count": 1},
    ] == month
    [week] = country.summary("week", search="山路")["groups"]
    assert "2026-W27" == week["keys"]["week"]
    days = country.summary("day", happened_before="2026-01-02T00:00:00Z")["groups"]
    assert [{"keys": {"day": "2026-01-01"}, "count": 1}] == days


@pytest.mark.parametrize(
    "wanted",
    [{}, {"region": "CN"}, {"states": ["verified"]}, {"happened_after": "2026-06-01T00:00:00Z"}],
)
def test_a_summary_reads_no_record(country: Country, wanted: dict[str, Any]) -> None:
    """The index of facets answers by itself, whatever it is that is counted by."""
    conditions = queries.matching(
        country.records.collection, ReportFilter.model_validate(wanted), ("public", "members")
    )
    group = {"_id": {"region": "$ix.region", "day": "$ix.day"}, "count": {"$sum": 1}}
    plan = country.records.collection.database.command(
        "explain",
        {
            "aggregate": country.records.collection.name,
            "pipeline": [{"$match": {"$and": conditions.base}}, {"$group": group}],
            "cursor": {},
            "hint": conditions.facets,
        },
        verbosity="executionStats",
    )

    stats = plan.get("executionStats") or plan["stages"][0]["$cursor"]["executionStats"]
    assert 0 == stats["totalDocsExamined"]


def test_the_export_has_everything_once(country: Country) -> None:
    """Page by page in the order of ids; a filter leaves out what does not match."""
    seen: list[str] = []
    after = None
    while True:
        page = reading.export_reports(
            country.records, country.staff, ExportReports(after=after, first=4)
        )
        seen += [item["id"] for item in page["items"]]
        after = page["next"]
        if after is None:
            break

    assert sorted(country.ids.values()) == seen
    wanted = ExportReports.model_validate({"filter": {"region": "CN-YN", "search": "green"}})
    items = reading.export_reports(country.records, country.staff, wanted)["items"]
    assert ["桥"] == country.named(items)


def test_a_group_is_what_merges_in_force_make_one_event(yunnan: Node, gansu: Node) -> None:
    """Through other reports too; a merge that a home has refused does not count."""
    category = yunnan.category()
    first, second, third, alone = (yunnan.verified(category, text=text) for text in "甲乙丙丁")
    yunnan.carry_to(gansu)
    for pair in ([first, second], [second, third], [third, alone]):
        params = MergeReports(command_id=gansu.command(), reports=pair)
        merge = opinions.merge_reports(gansu.records, gansu.staff, params)["id"]
    gansu.carry_to(yunnan)

    def group() -> set[str]:
        listed = ListReports.model_validate({"filter": {"group": first}})
        page = reading.list_reports(yunnan.records, KeptPerHead(), ANONYMOUS, listed)
        return {item["id"] for item in page["items"]}

    assert {first, second, third, alone} == group()
    refusal = RefuseMerge(command_id=yunnan.command(), merge=merge)
    opinions.refuse_merge(yunnan.records, yunnan.staff, refusal)
    assert {first, second, third} == group()


def test_what_is_said_of_a_report_is_listed_by_it(yunnan: Node) -> None:
    """Confirmations and merges of one report; single records by their ids, in their order."""
    category = yunnan.category()
    report, other = yunnan.verified(category), yunnan.verified(category, text="另一个")
    for each in (report, other):
        params = ConfirmReport(command_id=yunnan.command(), report=each, stance="confirms")
        opinions.confirm_report(yunnan.records, yunnan.staff, params)
    listed = ListRecords(kind="confirmation", report=report)
    page = reading.list_records(yunnan.records, yunnan.staff, listed)

    [confirmation] = page["items"]
    assert (report, "confirms", None) == (
        confirmation["report"],
        confirmation["stance"],
        page["next"],
    )
    ids = [confirmation["id"], "yunnan.report.nothing", report, category]
    got = reading.get_records(yunnan.records, ANONYMOUS, GetRecords(ids=ids))["items"]
    assert ["confirmation", None, "report", "category"] == [each and each["kind"] for each in got]
