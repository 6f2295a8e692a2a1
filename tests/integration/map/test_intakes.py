"""Reports on their way: sent, reviewed, verified by one or two, taken back."""

from __future__ import annotations

from typing import Any

import pytest

from hinterland.actors import Actor
from hinterland.errors import BadInput, HinterlandError, Inapplicable, NotAllowed, StaleVersion
from services.map.contract import limits
from services.map.contract.calls import ListIntakes, ReviewIntake
from services.map.contract.errors import SecondPersonNeeded, TooManyReports
from services.map.handlers import intakes
from tests.integration.map.conftest import KUNMING, Node


def test_what_a_visitor_sends_waits_at_its_node_alone(yunnan: Node, gansu: Node) -> None:
    """Nothing of a report that nobody has looked at leaves the node."""
    sent = yunnan.submit(category=yunnan.category())
    yunnan.carry_to(gansu)

    assert "placed" == sent["state"]
    assert "+8613800138000" == yunnan.intake(sent["id"])["reporter"]["phone"]
    assert ["category"] == [document["kind"] for document in gansu.records.collection.find()]


def test_a_report_that_is_sent_again_is_one_report(yunnan: Node) -> None:
    """A phone may retry for days, also after the node has forgotten the command."""
    first = yunnan.submit(key="phone-0001", text="一")
    again = yunnan.submit(key="phone-0001", text="二")
    yunnan.store.collection("commands").delete_many({})
    later = yunnan.submit(key="phone-0001", text="三")

    assert first == again
    assert (first["id"], first["version"]) == (later["id"], later["version"])
    assert "一" == yunnan.intake(first["id"])["text"]


def test_without_a_place_it_is_received_and_placed_by_a_person(yunnan: Node) -> None:
    """The table of states knows where it stands."""
    sent = yunnan.submit(location=None)
    placed = yunnan.review(sent["id"], changes={"location": KUNMING})

    assert ("received", "placed") == (sent["state"], placed["state"])
    assert "person" == yunnan.intake(sent["id"])["located_by"]


def test_what_is_verified_is_shared_and_crosses(yunnan: Node, gansu: Node) -> None:
    """The report at the other node is what the moderator let out, and names its intake."""
    category = yunnan.category()
    sent = yunnan.submit(
        category=category, text="桥断了，请打 13800138000", title="断桥", region="CN-YN"
    )
    report = yunnan.review(sent["id"], state="verified")["report"]
    yunnan.carry_to(gansu)

    body = gansu.body(report)
    assert body is not None
    assert ("verified", "断桥", sent["id"]) == (body["state"], body["title"], body["intake"])
    assert KUNMING == body["location"]
    assert "桥断了，请打 …" == body["text"]


def test_what_is_rejected_afterwards_is_erased_everywhere(yunnan: Node, gansu: Node) -> None:
    """A report lives as long as its moderator vouches for it."""
    category = yunnan.category()
    intake = yunnan.submit(category=category)["id"]
    report = yunnan.review(intake, state="verified")["report"]
    yunnan.review(intake, state="resolved")
    yunnan.review(intake, state="rejected", note="same bridge as yesterday")
    yunnan.carry_to(gansu)

    assert (None, None) == (yunnan.body(report), gansu.body(report))
    assert ["placed", "verified", "resolved", "rejected"] == [
        step["state"] for step in yunnan.intake(intake)["history"]
    ]


def test_a_step_that_the_table_does_not_have_is_refused(yunnan: Node) -> None:
    """The error says what can be done instead."""
    intake = yunnan.submit(category=yunnan.category())["id"]

    with pytest.raises(Inapplicable, match="it can become: rejected, spam, under_review, verified"):
        yunnan.review(intake, state="resolved")


def test_a_category_may_take_two_persons(yunnan: Node) -> None:
    """Two keys of one account are one person."""
    intake = yunnan.submit(category=yunnan.category(two_persons=True))["id"]
    first = yunnan.review(intake, state="verified")
    with pytest.raises(SecondPersonNeeded):
        yunnan.review(intake, yunnan.actor("moderator"), state="verified")
    second = yunnan.review(intake, yunnan.actor("moderator", account="2"), state="verified")

    assert ("under_review", None, "verified") == (first["state"], first["report"], second["state"])


def test_two_moderators_at_once_do_not_overwrite_each_other(yunnan: Node) -> None:
    """The second one is told that the report has changed."""
    intake = yunnan.submit()["id"]
    seen = yunnan.intake(intake)["version"]
    yunnan.review(intake, state="spam")
    late = ReviewIntake(command_id=yunnan.command(), id=intake, version=seen, note="?")

    with pytest.raises(StaleVersion):
        intakes.review_intake(yunnan.records, yunnan.staff, late)


@pytest.mark.parametrize(
    ("fields", "field", "words"),
    [
        ({"location": {"lat": 102.7, "lng": 25.0}}, "report.location.lat", "swapped"),
        ({"location": {"lat": 25.0, "lng": 190.0}}, "report.location.lng", "-180 and 180"),
        ({"location": "昆明"}, "report.location", "lat"),
        ({"happened_at": "2999-01-01T00:00:00Z"}, "report.happened_at", "future"),
        ({"happened_at": "昨天"}, "report.happened_at", "RFC 3339"),
        ({"text": "<script>alert(1)</script>"}, "report.text", "HTML"),
        ({"text": "x" * (limits.TEXT_CHARS_MAX + 1)}, "report.text", "limit"),
        ({"language": "中文"}, "report.language", "BCP 47"),
        ({"colour": "red"}, "report.colour", "no such field"),
        ({"category": "yunnan.category.none"}, "category", "no category"),
    ],
)
def test_bad_input_is_answered_by_field(
    yunnan: Node, fields: dict[str, Any], field: str, words: str
) -> None:
    """The error names the field and the remedy, and nothing is half-stored."""
    with pytest.raises(BadInput, match=words) as refused:
        yunnan.submit(**fields)

    assert field == refused.value.details["field"]
    assert 0 == yunnan.records.collection.count_documents({"kind": "intake"})


def test_one_address_may_send_so_many_reports_an_hour(
    yunnan: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The cap says when to come back; staff are not held to it."""
    monkeypatch.setattr(limits, "SUBMITTED_PER_ADDRESS_HOUR_MAX", 3)
    for _ in range(3):
        yunnan.submit()

    with pytest.raises(TooManyReports) as refused:
        yunnan.submit()
    assert 3600 == refused.value.details["retry_after_s"]
    assert "placed" == yunnan.submit(yunnan.staff)["state"]


@pytest.mark.parametrize(
    ("actor", "step"),
    [("nobody", {"note": "x"}), ("partner", {"note": "x"}), ("editor", {"state": "verified"})],
)
def test_who_may_not_moderate_is_told_who_may(
    yunnan: Node, actor: str, step: dict[str, Any]
) -> None:
    """Editors prepare, moderators let out."""
    intake = yunnan.submit(category=yunnan.category())["id"]
    who = Actor() if actor == "nobody" else yunnan.actor(actor)

    with pytest.raises(NotAllowed, match="moderator"):
        yunnan.review(intake, who, **step)


def test_the_queue_is_in_the_order_of_arrival(yunnan: Node) -> None:
    """Whoever waits longest is next, however often somebody has touched it."""
    first, second, third = (yunnan.submit(text=text)["id"] for text in ("一", "二", "三"))
    yunnan.review(first, note="called back")
    yunnan.review(third, state="spam")

    page = intakes.list_intakes(
        yunnan.records,
        yunnan.staff,
        ListIntakes.model_validate({"filter": {"states": ["placed"]}, "count": True, "first": 1}),
    )
    rest = intakes.list_intakes(
        yunnan.records,
        yunnan.staff,
        ListIntakes.model_validate(
            {"filter": {"states": ["placed"]}, "after": page["cursors"][0], "first": 5}
        ),
    )

    assert ([first], 2, True) == (
        [item["id"] for item in page["items"]],
        page["total"],
        page["has_next"],
    )
    assert [second] == [item["id"] for item in rest["items"]]


def test_a_withdrawn_report_is_forgotten_with_its_intake(yunnan: Node, gansu: Node) -> None:
    """Who asks to be forgotten is, at every node."""
    intake = yunnan.submit(category=yunnan.category())["id"]
    report = yunnan.review(intake, state="verified")["report"]
    yunnan.withdraw(intake)
    yunnan.carry_to(gansu)

    assert (None, None, None) == (yunnan.body(intake), yunnan.body(report), gansu.body(report))


def test_every_error_has_a_code(yunnan: Node) -> None:
    """Programs go by codes, not by sentences."""
    with pytest.raises(HinterlandError) as refused:
        yunnan.submit(text="")

    assert "BAD_INPUT" == refused.value.code
