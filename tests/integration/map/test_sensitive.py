"""Sensitive categories: what is shown is a cell, and what was shown before is gone."""

from __future__ import annotations

from typing import Any

from hinterland.batch import decode
from services.map.handlers.sharing import hide_sensitive
from services.map.rules.cells import cell_of
from tests.integration.map.conftest import KUNMING, Node


def payloads(node: Node) -> bytes:
    """Everything that the node's batches of shared feeds still hold."""
    batches = node.store.collection("batches").find({"feed": {"$not": {"$regex": "/private$"}}})
    return b"".join(line for found in batches for line in decode(bytes(found["frame"])).payloads)


def test_a_sensitive_report_shows_its_cell_and_what_was_reviewed(yunnan: Node, gansu: Node) -> None:
    """No place name, no hour, no text that nobody has read for this purpose."""
    category = yunnan.category(sensitive=True, cell_level=11)
    report = yunnan.verified(category, text="张三住在河边", place_name="盘龙区", region="CN-YN")
    yunnan.carry_to(gansu)

    body = gansu.body(report)
    assert body is not None
    cell = cell_of(KUNMING["lat"], KUNMING["lng"], 11)
    assert {"lat": cell.lat, "lng": cell.lng} == body["location"]
    assert {"text", "title", "place_name"}.isdisjoint(body)
    assert body["happened_at"].endswith("T00:00:00.000Z")
    assert "张三".encode() not in payloads(gansu)


def test_a_category_that_becomes_sensitive_erases_what_was_said(yunnan: Node, gansu: Node) -> None:
    """The exact place leaves the disks of all nodes, also where the category lives elsewhere."""
    parent = gansu.category("暴力")
    gansu.carry_to(yunnan)
    category = yunnan.category("家暴", parent=parent)
    report = yunnan.verified(category, text="三楼左边的门")
    yunnan.carry_to(gansu)
    assert "三楼左边的门".encode() in payloads(gansu)

    sensitive = {"names": {"zh": "暴力"}, "sensitive": True, "cell_level": 10}
    version = gansu.records.get([parent])[parent].version
    gansu.write("category", sensitive, id=parent, version=version)
    gansu.carry_to(yunnan)
    hide_sensitive(yunnan.records)
    hide_sensitive(yunnan.records)
    yunnan.carry_to(gansu)

    [shown] = gansu.records.collection.find({"kind": "report"})
    body: dict[str, Any] = shown["body"]
    assert (report, 10) == (body["replaces"], body["cell_level"])
    assert None is gansu.body(report)
    for node in (yunnan, gansu):
        assert "三楼左边的门".encode() not in payloads(node)
        assert str(KUNMING["lat"]).encode() not in payloads(node)


def test_a_coarser_cell_takes_the_finer_one_back(yunnan: Node) -> None:
    """Cells of two levels lie inside each other; the finer one must not be left about."""
    category = yunnan.category(sensitive=True, cell_level=12)
    report = yunnan.verified(category)
    coarser = {"names": {"zh": "洪水"}, "sensitive": True, "cell_level": 9}
    version = yunnan.records.get([category])[category].version
    yunnan.write("category", coarser, id=category, version=version)
    hide_sensitive(yunnan.records)

    [shown] = yunnan.records.collection.find({"kind": "report"})
    assert None is yunnan.body(report)
    assert 9 == shown["body"]["cell_level"]
