"""Categories, places, layers, confirmations and merges, over two nodes."""

from __future__ import annotations

from typing import Any

import pytest

from hinterland.errors import BadInput, NotAllowed, NotHome, StaleVersion
from services.map.contract.calls import ConfirmReport, MergeReports, RefuseMerge
from services.map.contract.errors import CategoryInUse, CategoryLoop
from services.map.handlers import opinions
from tests.integration.map.conftest import KUNMING, Node


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("category", {"names": {"zh": "洪水", "ar": "فيضان"}, "keywords": ["洪水", "banjir"]}),
        ("place", {"names": {"zh": "下关镇"}, "location": KUNMING, "accuracy_m": 800}),
        ("layer", {"names": {"en": "Floods"}, "filter": {"states": ["verified"]}, "alert": True}),
    ],
)
def test_tables_cross_between_nodes(
    yunnan: Node, gansu: Node, kind: str, body: dict[str, Any]
) -> None:
    """What a moderator writes here is read there."""
    record_id = yunnan.write(kind, body)["id"]
    yunnan.carry_to(gansu)

    assert body == gansu.body(record_id)


@pytest.mark.parametrize(
    ("kind", "body", "field"),
    [
        ("category", {"names": {}}, "body.names"),
        ("category", {"names": {"zh": "<b>x</b>"}}, "body.names.zh"),
        ("category", {"names": {"zh": "x"}, "colour": "red"}, "body.colour"),
        ("category", {"names": {"zh": "x"}, "shape": "round"}, "body.shape"),
        ("category", {"names": {"zh": "x"}, "parent": "yunnan.category.none"}, "body.parent"),
        ("place", {"names": {"zh": "x"}, "location": {"lat": 91, "lng": 0}}, "body.location.lat"),
        ("layer", {"names": {"zh": "x"}, "filter": {"stats": []}}, "body.stats"),
    ],
)
def test_bad_tables_are_refused_by_field(
    yunnan: Node, kind: str, body: dict[str, Any], field: str
) -> None:
    """The error names the field as the caller wrote it."""
    with pytest.raises(BadInput) as refused:
        yunnan.write(kind, body)

    assert field == refused.value.details["field"]


def test_a_category_is_never_below_itself(yunnan: Node) -> None:
    """Whoever walks up the tree arrives."""
    top = yunnan.category("灾害")
    below = yunnan.category("洪水", parent=top)
    version = yunnan.records.get([top])[top].version

    with pytest.raises(CategoryLoop):
        yunnan.write(
            "category", {"names": {"zh": "灾害"}, "parent": below}, id=top, version=version
        )


def test_a_category_in_use_stays(yunnan: Node) -> None:
    """Reports keep what they are about."""
    category = yunnan.category()
    yunnan.submit(category=category)

    with pytest.raises(CategoryInUse):
        yunnan.withdraw(category)


def test_only_its_home_writes_a_category(yunnan: Node, gansu: Node) -> None:
    """Others may use it, and say which node to ask."""
    category = yunnan.category()
    yunnan.carry_to(gansu)

    with pytest.raises(NotHome):
        gansu.write("category", {"names": {"zh": "x"}}, id=category, version="1.1")
    with pytest.raises(StaleVersion):
        yunnan.write("category", {"names": {"zh": "x"}}, id=category, version="1.9")


def confirm(node: Node, report: str, stance: str, **more: Any) -> str:
    params = ConfirmReport.model_validate(
        {"command_id": node.command(), "report": report, "stance": stance, **more}
    )
    return str(opinions.confirm_report(node.records, node.staff, params)["id"])


def test_another_node_confirms_and_changes_its_mind(yunnan: Node, gansu: Node) -> None:
    """One account has one opinion of a report; it lives at the node of who has it."""
    report = yunnan.verified(yunnan.category())
    yunnan.carry_to(gansu)
    first = confirm(gansu, report, "confirms")
    second = confirm(gansu, report, "disputes", note="我昨天路过，桥还在")
    gansu.carry_to(yunnan)

    assert first == second
    assert {"report": report, "stance": "disputes", "note": "我昨天路过，桥还在"} == yunnan.body(
        first
    )
    with pytest.raises(BadInput, match="say what you add"):
        confirm(gansu, report, "adds")


def test_a_merge_may_be_refused_by_a_home_of_its_reports(yunnan: Node, gansu: Node) -> None:
    """A moderator of any node merges; whoever has none of the reports has no say."""
    category = yunnan.category()
    one, two = yunnan.verified(category), yunnan.verified(category)
    yunnan.carry_to(gansu)
    params = MergeReports(command_id=gansu.command(), reports=[one, two])
    merge = opinions.merge_reports(gansu.records, gansu.staff, params)["id"]
    gansu.carry_to(yunnan)

    with pytest.raises(NotHome):
        opinions.refuse_merge(
            gansu.records, gansu.staff, RefuseMerge(command_id=gansu.command(), merge=merge)
        )
    refusal = opinions.refuse_merge(
        yunnan.records, yunnan.staff, RefuseMerge(command_id=yunnan.command(), merge=merge)
    )["id"]
    yunnan.carry_to(gansu)
    assert {"merge": merge} == gansu.body(refusal)


def test_an_editor_does_not_merge(yunnan: Node) -> None:
    """That is for moderators."""
    category = yunnan.category()
    one, two = yunnan.verified(category), yunnan.verified(category)
    params = MergeReports(command_id=yunnan.command(), reports=[one, two])

    with pytest.raises(NotAllowed):
        opinions.merge_reports(yunnan.records, yunnan.actor("editor"), params)
