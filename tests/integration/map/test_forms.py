"""Forms, and what phones send: put, listed, fetched, filled in, in parts, again, edited."""

from __future__ import annotations

import hashlib
from base64 import b64decode
from datetime import UTC, datetime
from typing import Any

import pytest

from hinterland.actors import Actor
from hinterland.errors import BadInput, NotAllowed
from hinterland.files.errors import PictureRefused
from services.map.contract.errors import (
    FormRefused,
    FormUnknown,
    FormVersionExists,
    SubmissionConflict,
    TooManyReports,
)
from services.map.contract.form_calls import (
    Attachment,
    GetForm,
    GetFormMedia,
    ListForms,
    PutForm,
    SubmitForm,
)
from services.map.contract.limits import SUBMITTED_PER_ADDRESS_HOUR_MAX
from services.map.handlers import forms
from tests.integration.map.conftest import Node
from tests.unit.files.samples import photo
from tests.unit.map.workbooks import WELLS, Phone, workbook

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
INSTANCE_ID = "uuid:7d2b9a3e-5b0e-4a8e-9f44-1b7a0c2f9d10"
EDIT_ID = "uuid:0b6ff3a4-0d0f-4ac5-a3a7-6d21a7c10e55"
ANSWERS: dict[str, Any] = {
    "end": "2026-11-23T15:58:00.000+08:00",
    "phone_number": "+8613800138000",
    "village": "大理",
    "well": {"depth": 42, "state": "broken", "broken": "تسرب", "photo": "1700.jpg"},
    "households": [{"head": "和秀英", "people": 4, "uses": "drink fields"}],
    "seen": "2026-11-23",
    "place": "25.6065 100.2676 1976.0 4.5",
}
NEXT = [WELLS["settings"][0], ["水井", "wells", "4", "中文 (zh)"]]


def put(node: Node, content: bytes | None = None, **params: Any) -> dict[str, Any]:
    wanted = PutForm(command_id=node.command(), content=content or workbook(), **params)
    return forms.put_form(node.records, node.staff, wanted)


def listed(node: Node, actor: Actor | None = None, **params: Any) -> list[dict[str, Any]]:
    found = forms.list_forms(node.records, actor or node.visitor, ListForms(**params))
    return list(found["items"])


def submit(
    node: Node, xml: bytes, files: dict[str, bytes] | None = None, actor: Actor | None = None
) -> dict[str, Any]:
    attachments = [Attachment(name=name, content=data) for name, data in (files or {}).items()]
    params = SubmitForm(xml=xml, attachments=attachments, address="192.0.2.7")
    return forms.submit_form(node.records, actor or node.visitor, params, NOW)


def phone_of(node: Node, form: dict[str, Any]) -> Phone:
    """A phone that has got this form."""
    found = forms.get_form(node.records, node.visitor, GetForm(id=form["id"]))
    return Phone(b64decode(found["xform"]))


def intakes_of(node: Node) -> list[dict[str, Any]]:
    return [found["body"] for found in node.records.collection.find({"kind": "intake"})]


def test_a_form_is_put_listed_and_fetched(yunnan: Node) -> None:
    """With its category, and the MD5 of the bytes that phones get."""
    category = yunnan.category("水井")
    form = put(yunnan, category=category)
    [item] = listed(yunnan)
    found = forms.get_form(yunnan.records, yunnan.visitor, GetForm(id=form["id"]))

    assert (item["id"], item["form_id"], item["version"]) == (form["id"], "wells", "3")
    assert (item["names"], item["category"]) == ({"zh": "水井"}, category)
    assert item["md5"] == hashlib.md5(b64decode(found["xform"])).hexdigest()


def test_a_form_of_members_is_for_staff(yunnan: Node) -> None:
    """Visitors do not learn that it is there."""
    form = put(yunnan, scope="members")

    assert [] == listed(yunnan)
    assert ["wells"] == [item["form_id"] for item in listed(yunnan, yunnan.staff)]
    with pytest.raises(FormUnknown):
        forms.get_form(yunnan.records, yunnan.visitor, GetForm(id=form["id"]))


def test_only_moderators_put_forms(yunnan: Node) -> None:
    """Whoever it is that asks."""
    params = PutForm(command_id=yunnan.command(), content=workbook())

    with pytest.raises(NotAllowed):
        forms.put_form(yunnan.records, yunnan.visitor, params)


def test_a_version_says_one_thing(yunnan: Node) -> None:
    """The same again changes nothing; another form under it is refused; a new one takes its
    place."""
    first, again = put(yunnan), put(yunnan)
    survey = [*WELLS["survey"][:4], ["text", "more", "更多", "المزيد"]]

    assert first["id"] == again["id"]
    with pytest.raises(FormVersionExists):
        put(yunnan, workbook(settings=WELLS["settings"], survey=survey, choices=[]))
    put(yunnan, workbook(settings=NEXT))
    assert ["4"] == [item["version"] for item in listed(yunnan)]
    assert ["4", "3"] == [item["version"] for item in listed(yunnan, all_versions=True)]


def test_a_dry_run_writes_nothing_and_says_what_is_wrong(yunnan: Node) -> None:
    """By sheet, row and column."""
    survey = [["type", "name", "label", "colour"], ["text", "a", "甲", "red"]]
    said = put(yunnan, workbook(survey=survey, choices=[]), dry_run=True)

    assert [("survey", 2, "colour")] == [
        (each["sheet"], each["row"], each["column"]) for each in said["problems"] if each["column"]
    ]
    assert [] == listed(yunnan)
    with pytest.raises(FormRefused):
        put(yunnan, workbook({"Sheet1": [["a"]]}))


def test_media_go_along_with_a_form(yunnan: Node) -> None:
    """In pieces, by name, with the MD5 of what phones get."""
    media = [
        Attachment(name="井.jpg", content=photo()),
        Attachment(name="towns.csv", content="name,label\ndali,大理\n".encode()),
    ]
    form = put(yunnan, media=media)
    found = forms.get_form(yunnan.records, yunnan.visitor, GetForm(id=form["id"]))

    for each in found["media"]:
        params = GetFormMedia(id=form["id"], name=each["name"])
        piece = forms.get_form_media(yunnan.records, yunnan.visitor, params)
        content = b64decode(piece["content"])
        assert (each["md5"], piece["size"]) == (hashlib.md5(content).hexdigest(), len(content))
    assert ["井.jpg", "towns.csv"] == [each["name"] for each in found["media"]]


def test_a_form_crosses_and_is_filled_in_elsewhere(yunnan: Node, gansu: Node) -> None:
    """The other node's phones get the same bytes."""
    form = put(yunnan, category=yunnan.category())
    yunnan.carry_to(gansu)
    sent = submit(gansu, phone_of(gansu, form).fill_in(ANSWERS, INSTANCE_ID))

    assert form["id"] == gansu.intake(sent["id"])["form"]


def test_what_a_phone_sends_becomes_a_report(yunnan: Node) -> None:
    """Answers, place, time, photo without EXIF; what tells of its owner stays apart."""
    category = yunnan.category()
    form = put(yunnan, category=category)
    xml = phone_of(yunnan, form).fill_in(ANSWERS, INSTANCE_ID)
    sent = submit(yunnan, xml, {"1700.jpg": photo(), "audit.csv": b"event,node\n"})
    body = yunnan.body(sent["id"])
    assert body is not None

    assert [] == sent["missing"]
    assert ("placed", "openrosa", category) == (body["state"], body["channel"], body["category"])
    assert {"lat": 25.6065, "lng": 100.2676} == body["location"]
    assert ("gps", 4.5) == (body["located_by"], body["accuracy_m"])
    assert "2026-11-23T07:58:00.000Z" == body["happened_at"]
    assert ["1700.jpg"] == [file["name"] for file in body["files"]]
    assert "phone_number" not in body["answers"]
    assert {"phone_number": "+8613800138000"} == body["sent"]["personal"]
    assert [{"head": "和秀英", "people": 4, "uses": ["drink", "fields"]}] == body["answers"][
        "households"
    ]


def test_parts_of_a_submission_are_one_report(yunnan: Node) -> None:
    """Files may come later, in any order and more than once."""
    xml = phone_of(yunnan, put(yunnan)).fill_in(ANSWERS, INSTANCE_ID)
    first = submit(yunnan, xml)
    second = submit(yunnan, xml, {"1700.jpg": photo()})
    third = submit(yunnan, xml)

    assert (["1700.jpg"], []) == (first["missing"], second["missing"])
    assert {first["id"]} == {first["id"], second["id"], third["id"]}
    assert [["1700.jpg"]] == [
        [file["name"] for file in each["files"]] for each in intakes_of(yunnan)
    ]


def test_a_submission_that_is_sent_again_changes_nothing(yunnan: Node) -> None:
    """Also after the node has forgotten the command."""
    xml = phone_of(yunnan, put(yunnan)).fill_in(ANSWERS, INSTANCE_ID)
    first = submit(yunnan, xml)
    version = yunnan.intake(first["id"])["version"]
    yunnan.store.collection("commands").delete_many({})
    again = submit(yunnan, xml)

    assert (first["id"], version) == (again["id"], yunnan.intake(first["id"])["version"])


def test_another_submission_under_the_same_id_is_refused(yunnan: Node) -> None:
    """It would be lost otherwise, or the first would be."""
    phone = phone_of(yunnan, put(yunnan))
    submit(yunnan, phone.fill_in(ANSWERS, INSTANCE_ID))

    with pytest.raises(SubmissionConflict):
        submit(yunnan, phone.fill_in({**ANSWERS, "village": "丽江"}, INSTANCE_ID))


def test_an_edit_replaces_what_nobody_has_looked_at(yunnan: Node) -> None:
    """One report, with the answers of the edit; the first, sent late, changes nothing."""
    phone = phone_of(yunnan, put(yunnan))
    first_xml = phone.fill_in(ANSWERS, INSTANCE_ID)
    first = submit(yunnan, first_xml, {"1700.jpg": photo()})
    edit = phone.fill_in({**ANSWERS, "village": "丽江"}, EDIT_ID, deprecated_id=INSTANCE_ID)
    second = submit(yunnan, edit)
    yunnan.store.collection("commands").delete_many({})
    late = submit(yunnan, first_xml)
    [body] = intakes_of(yunnan)

    assert {first["id"]} == {second["id"], late["id"]}
    assert ("丽江", EDIT_ID) == (body["answers"]["village"], body["key"])
    assert ["1700.jpg"] == [file["name"] for file in body["files"]]


def test_an_edit_of_what_is_under_review_is_a_report_of_its_own(yunnan: Node) -> None:
    """It names the one that it edits, and a moderator decides."""
    phone = phone_of(yunnan, put(yunnan, category=yunnan.category()))
    first = submit(yunnan, phone.fill_in(ANSWERS, INSTANCE_ID))
    yunnan.review(first["id"], state="under_review")
    edit = phone.fill_in({**ANSWERS, "village": "丽江"}, EDIT_ID, deprecated_id=INSTANCE_ID)
    second = submit(yunnan, edit)
    body = yunnan.body(second["id"])
    assert body is not None

    assert first["id"] == body["sent"]["edits"]
    assert first["id"] != second["id"]


def test_an_edit_by_somebody_else_is_a_report_of_its_own(yunnan: Node) -> None:
    """Whoever has learnt the id of a submission cannot change it."""
    phone = phone_of(yunnan, put(yunnan))
    first = submit(yunnan, phone.fill_in(ANSWERS, INSTANCE_ID), actor=yunnan.staff)
    second = submit(yunnan, phone.fill_in(ANSWERS, EDIT_ID, deprecated_id=INSTANCE_ID))

    assert first["id"] != second["id"]


def test_answers_that_do_not_fit_the_form_are_refused_by_field(yunnan: Node) -> None:
    """All of them at once, and nothing is written."""
    phone = phone_of(yunnan, put(yunnan))
    wrong = {**ANSWERS, "village": None, "well": {"depth": 4_000, "state": "lost"}}

    with pytest.raises(BadInput) as refusal:
        submit(yunnan, phone.fill_in(wrong, INSTANCE_ID), {"1700.jpg": photo()})

    assert ["answers.well.state", "answers.village", "answers.well.depth"] == [
        each["field"] for each in refusal.value.details["errors"]
    ]
    assert [] == intakes_of(yunnan)
    assert 0 == yunnan.store.library.status()["bodies"]


def test_answers_to_an_earlier_version_are_checked_against_that(yunnan: Node) -> None:
    """A phone may be in the field for weeks."""
    old = put(yunnan)
    phone = phone_of(yunnan, old)
    put(yunnan, workbook(settings=NEXT))
    sent = submit(yunnan, phone.fill_in(ANSWERS, INSTANCE_ID))

    assert old["id"] == yunnan.intake(sent["id"])["form"]


def test_answers_to_no_form_are_refused(yunnan: Node) -> None:
    """With what to do on the phone."""
    xml = phone_of(yunnan, put(yunnan)).fill_in(ANSWERS, INSTANCE_ID)
    unknown = xml.replace(b'id="wells"', b'id="rivers"')

    with pytest.raises(FormUnknown, match="Get the blank forms anew"):
        submit(yunnan, unknown)


def test_visitors_are_held_to_the_same_caps_as_on_other_ways(yunnan: Node) -> None:
    """By address; what was taken before may still be completed."""
    phone = phone_of(yunnan, put(yunnan))
    first = phone.fill_in(ANSWERS, INSTANCE_ID)
    submit(yunnan, first)
    for number in range(1, SUBMITTED_PER_ADDRESS_HOUR_MAX):
        submit(yunnan, phone.fill_in(ANSWERS, f"uuid:{number:08}"))

    with pytest.raises(TooManyReports):
        submit(yunnan, phone.fill_in(ANSWERS, EDIT_ID))
    assert [] == submit(yunnan, first, {"1700.jpg": photo()})["missing"]
    submit(yunnan, phone.fill_in(ANSWERS, EDIT_ID), actor=yunnan.staff)


def test_answers_from_a_browser_are_held_to_their_form(yunnan: Node) -> None:
    """By field, under the report; what tells of the sender is left out."""
    form = put(yunnan)["id"]
    answers = {"village": "大理", "well": {"state": "works"}, "phone_number": "+8613800138000"}
    sent = yunnan.submit(form=form, answers=answers)

    assert {"village": "大理", "well": {"state": "works"}} == yunnan.intake(sent["id"])["answers"]
    with pytest.raises(BadInput) as refusal:
        yunnan.submit(form=form, answers={"village": "大理", "well": {"state": "lost"}})
    assert "report.answers.well.state" == refusal.value.field
    with pytest.raises(BadInput) as refusal:
        yunnan.submit(form="yunnan.form.none", answers=answers)
    assert "report.form" == refusal.value.field


def test_a_category_asks_its_latest_form(yunnan: Node, gansu: Node) -> None:
    """Of this node; another home's category names what its home wants."""
    category = yunnan.category()
    put(yunnan, category=category)
    latest = put(yunnan, workbook(settings=NEXT), category=category)
    yunnan.carry_to(gansu)
    put(gansu, workbook(settings=[NEXT[0], ["井", "others", "1", "中文 (zh)"]]), category=category)

    for node in (yunnan, gansu):
        body = node.body(category)
        assert body is not None
        assert latest["id"] == body["form"]


def test_what_comes_for_a_category_that_is_gone_waits_without_one(yunnan: Node) -> None:
    """Whoever was in the field meanwhile loses nothing."""
    category = yunnan.category()
    phone = phone_of(yunnan, put(yunnan, category=category))
    yunnan.withdraw(category)
    sent = submit(yunnan, phone.fill_in(ANSWERS, INSTANCE_ID))
    body = yunnan.body(sent["id"])

    assert body is not None
    assert "category" not in body


def test_a_file_that_cannot_be_kept_is_named(yunnan: Node) -> None:
    """A camera's raw picture cannot be freed of where it was taken."""
    xml = phone_of(yunnan, put(yunnan)).fill_in(ANSWERS, INSTANCE_ID)

    with pytest.raises(PictureRefused) as refusal:
        submit(yunnan, xml, {"1700.jpg": b"8BPS\0\x01" + bytes(99)})
    assert "attachments.1700.jpg" == refusal.value.field
    assert [] == intakes_of(yunnan)
