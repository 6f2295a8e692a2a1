"""Reports that come as a message: their category, their place, and who has to look."""

from __future__ import annotations

from typing import Any

import pytest

from services.map.contract import limits
from services.map.contract.calls import SubmitText
from services.map.contract.errors import TooManyReports
from services.map.handlers.texts import Atlas, submit_text
from tests.integration.map.conftest import KUNMING, Node


@pytest.fixture(scope="module")
def atlas() -> Atlas:
    """With the gazetteer that `make` has built."""
    return Atlas("CN-YN")


def send(node: Node, atlas: Atlas, text: str, key: str = "", **more: Any) -> dict[str, Any]:
    params = SubmitText(
        command_id=key or node.command(), text=text, sender="+8613800138000", **more
    )
    return submit_text(node.records, atlas, node.visitor, params)


def test_a_keyword_picks_the_category_and_a_name_the_place(yunnan: Node, atlas: Atlas) -> None:
    """A ten-dollar phone is enough to report."""
    category = yunnan.category("洪水", keywords=["水灾", "flood"])
    sent = send(yunnan, atlas, "水灾 大理市下关镇，水到膝盖")

    intake = yunnan.intake(sent["id"])
    assert ("placed", category, "gazetteer") == (
        sent["state"],
        sent["category"],
        intake["located_by"],
    )
    assert "CN-YN" == intake["region"]
    assert {"phone": "+8613800138000"}.items() <= intake["reporter"].items()
    assert "大理市下关镇，水到膝盖" == intake["text"]


def test_the_nodes_own_places_come_first(yunnan: Node, atlas: Atlas) -> None:
    """What people call a place that no gazetteer has; also one that was written a moment ago."""
    assert "received" == send(yunnan, atlas, "老磨坊进水了")["state"]
    yunnan.write("place", {"names": {"zh": "老磨坊"}, "location": KUNMING, "accuracy_m": 300})
    sent = send(yunnan, atlas, "老磨坊又进水了")

    intake = yunnan.intake(sent["id"])
    assert (KUNMING, "place", 300.0) == (
        intake["location"],
        intake["located_by"],
        intake["accuracy_m"],
    )


def test_a_name_without_a_place_waits_for_a_person(yunnan: Node, atlas: Atlas) -> None:
    """It is not guessed; without a keyword, no category either."""
    sent = send(yunnan, atlas, "救命")

    assert ("received", None, None) == (sent["state"], sent["category"], sent["place_name"])


def test_a_message_that_comes_twice_is_one_report(yunnan: Node, atlas: Atlas) -> None:
    """Gateways repeat."""
    first = send(yunnan, atlas, "大理市 火灾", key="sms-00001")

    assert first == send(yunnan, atlas, "大理市 火灾", key="sms-00001")


def test_one_number_may_send_so_many_an_hour(
    yunnan: Node, atlas: Atlas, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The cap is that of an address."""
    monkeypatch.setattr(limits, "SUBMITTED_PER_ADDRESS_HOUR_MAX", 1)
    send(yunnan, atlas, "一")

    with pytest.raises(TooManyReports):
        send(yunnan, atlas, "二")


def test_an_arabic_message_is_placed(new_map: Any) -> None:
    """The node of Cairo reads what people of Cairo write."""
    cairo = new_map("cairo")
    category = cairo.write("category", {"names": {"ar": "حريق"}})["id"]
    sent = send(cairo, Atlas("EG-C"), "حريق في القاهرة")

    assert ("placed", category) == (sent["state"], sent["category"])
