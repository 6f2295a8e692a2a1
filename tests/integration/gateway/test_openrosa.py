"""A phone with ODK Collect, and a hub: a form from the spreadsheet to the moderators' queue."""

from __future__ import annotations

import hashlib
import json
from base64 import b64encode
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import httpx
import pytest
from click.testing import CliRunner

from cli.main import main
from hinterland.ground import Management
from hinterland.testing import RabbitServer, fresh_name
from tests.integration.gateway.running import RunningNode, run_node
from tests.unit.files.samples import photo
from tests.unit.map.workbooks import WELLS, Phone, workbook

ANSWERS: dict[str, Any] = {
    "end": "2026-11-23T15:58:00.000+08:00",
    "phone_number": "+8613800138000",
    "village": "大理",
    "well": {"depth": 42, "state": "broken", "broken": "تسرب", "photo": "1700.jpg"},
    "households": [{"head": "和秀英", "people": 4, "uses": "drink fields"}],
    "seen": "2020-11-23",
    "place": "25.6065 100.2676 1976.0 4.5",
}


@pytest.fixture(scope="module")
def running(
    mongo_uri: str,
    rabbit_server: RabbitServer,
    management: Management,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[RunningNode]:
    folder = tmp_path_factory.mktemp("node")
    with run_node(mongo_uri, rabbit_server, management, folder, ("map", "accounts")) as node:
        yield node


def put_form(node: RunningNode, scope: str = "public") -> str:
    """A form of its own for each test; returns its form_id."""
    form_id = fresh_name()
    settings = [WELLS["settings"][0], ["水井", form_id, "3", "中文 (zh)"]]
    node.services["map"].call(
        "put_form",
        actor=node.operator,
        command_id=fresh_name(),
        content=encoded(workbook(settings=settings)),
        scope=scope,
        media=[{"name": "井.jpg", "content": encoded(photo())}],
    )
    return form_id


def encoded(content: bytes) -> str:
    return b64encode(content).decode()


def collect(node: RunningNode, form_id: str, path: str, **options: Any) -> tuple[Phone, str]:
    """What a phone does to get a form: the list, the form, its manifest and its media, each with
    the hash that was promised. Returns the phone, and the form's version."""
    base = f"http://{node.gateway.address}/openrosa{path}"
    listed = node.client.get(f"{base}/formList", params={"formID": form_id}, **options)
    form = one(listed)
    xform = node.client.get(form["downloadUrl"], **options)
    assert form["hash"] == f"md5:{hashlib.md5(xform.content).hexdigest()}"
    file = one(node.client.get(form["manifestUrl"], **options))
    picture = node.client.get(file["downloadUrl"], **options)
    assert file["hash"] == f"md5:{hashlib.md5(picture.content).hexdigest()}"
    assert file["filename"] == "井.jpg"
    return Phone(xform.content), form["version"]


def one(answer: httpx.Response) -> dict[str, str]:
    assert answer.status_code == 200, answer.text
    [found] = ElementTree.fromstring(answer.content)
    return {each.tag.rpartition("}")[2]: each.text or "" for each in found}


def post(
    node: RunningNode, path: str, xml: bytes, files: dict[str, bytes], **options: Any
) -> httpx.Response:
    url = f"http://{node.gateway.address}/openrosa{path}/submission"
    asked = node.client.head(url, **options)
    assert asked.status_code == 204, asked.text
    parts = {"xml_submission_file": ("submission.xml", xml, "text/xml")}
    parts |= {name: (name, content, "image/jpeg") for name, content in files.items()}
    return node.client.post(url, files=parts, **options)


def waiting(node: RunningNode) -> list[dict[str, Any]]:
    listed = node.services["map"].call("list_intakes", actor=node.operator, first=100)
    return list(listed["items"])


def test_what_a_phone_fills_in_waits_for_a_moderator(running: RunningNode) -> None:
    """By nobody's name, photo and repeats included, in two posts, the second one twice."""
    phone, version = collect(running, put_form(running), "")
    instance_id = f"uuid:{fresh_name()}"
    xml = phone.fill_in(ANSWERS, instance_id)
    answers = [
        post(running, "", xml, {}),
        post(running, "", xml, {"1700.jpg": photo()}),
        post(running, "", xml, {"1700.jpg": photo()}),
    ]
    [intake] = [each for each in waiting(running) if each["key"] == instance_id]

    assert [answer.status_code for answer in answers] == [201, 201, 201], answers[0].text
    assert version == "3"
    assert intake["answers"]["households"] == [
        {"head": "和秀英", "people": 4, "uses": ["drink", "fields"]}
    ]
    assert [file["name"] for file in intake["files"]] == ["1700.jpg"]
    assert "phone_number" not in intake["answers"]


@pytest.mark.parametrize("scheme", ["basic", "digest"])
def test_a_phone_with_a_key_gets_forms_of_members(running: RunningNode, scheme: str) -> None:
    """And its report is that of the key's account, at the address that always asks for one."""
    key = running.key("editor")
    name = key["key"].rpartition("_")[0]
    auth: httpx.Auth = (
        httpx.DigestAuth(name, key["key"])
        if scheme == "digest"
        else httpx.BasicAuth("和秀英", key["key"])
    )
    phone, _ = collect(running, put_form(running, "members"), "/members", auth=auth)
    instance_id = f"uuid:{fresh_name()}"
    answer = post(running, "/members", phone.fill_in(ANSWERS, instance_id), {}, auth=auth)
    [intake] = [each for each in waiting(running) if each["key"] == instance_id]

    assert answer.status_code == 201, answer.text
    assert intake["reporter"]["account"] == key["account"]


def test_without_a_key_forms_of_members_are_not_there(running: RunningNode) -> None:
    """Neither in the list, nor for an answer to them."""
    form_id = put_form(running, "members")
    base = f"http://{running.gateway.address}/openrosa"
    listed = running.client.get(f"{base}/formList", params={"formID": form_id})
    refused = running.client.get(f"{base}/members/formList")
    unknown = post(
        running,
        "",
        b'<data id="%s" version="3"><meta><instanceID>uuid:12345</instanceID></meta></data>'
        % form_id.encode(),
        {},
    )

    assert len(ElementTree.fromstring(listed.content)) == 0
    assert refused.status_code == 401
    assert unknown.status_code == 404


def test_what_does_not_fit_is_refused_by_field(running: RunningNode) -> None:
    """In the form's own words, for whoever holds the phone; nothing waits."""
    phone, _ = collect(running, put_form(running), "")
    instance_id = f"uuid:{fresh_name()}"
    wrong = {**ANSWERS, "village": None, "well": {"depth": 4_000, "state": "works"}}
    answer = post(running, "", phone.fill_in(wrong, instance_id), {})

    assert answer.status_code == 400
    assert "answers.well.depth: 深度在 0 和 300 之间" in answer.text
    assert "answers.village: an answer is required" in answer.text
    assert [each for each in waiting(running) if each["key"] == instance_id] == []


def test_every_answer_has_one_date_and_one_version(running: RunningNode) -> None:
    """As the specification has it."""
    answer = running.client.get(f"http://{running.gateway.address}/openrosa/formList")

    assert answer.headers.get_list("x-openrosa-version") == ["1.0"]
    [date] = answer.headers.get_list("date")
    assert parsedate_to_datetime(date).tzinfo is not None


def test_a_photo_loses_where_it_was_taken(running: RunningNode) -> None:
    """What is kept has no EXIF, and a thumbnail goes with it."""
    phone, _ = collect(running, put_form(running), "")
    instance_id = f"uuid:{fresh_name()}"
    taken = photo()
    post(running, "", phone.fill_in(ANSWERS, instance_id), {"1700.jpg": taken})
    [intake] = [each for each in waiting(running) if each["key"] == instance_id]
    [file] = intake["files"]

    assert file["sha256"] != hashlib.sha256(taken).hexdigest()
    assert file["thumbnail"]


def test_an_operator_puts_a_form_from_the_command_line(
    running: RunningNode, tmp_path: Path
) -> None:
    """A dry run says what is not done; then phones find it."""
    form_id = fresh_name()
    settings = [WELLS["settings"][0], ["水井", form_id, "1", "中文 (zh)"]]
    survey = [["type", "name", "label", "colour"], ["text", "a", "甲", "red"]]
    file = tmp_path / "井.xlsx"
    file.write_bytes(workbook(survey=survey, settings=settings, choices=[]))
    command = ["--dir", str(running.gateway.settings.dir), "map"]
    dry = CliRunner().invoke(main, [*command, "form", str(file), "--dry-run"])
    put = CliRunner().invoke(main, [*command, "form", str(file)])
    listed = CliRunner().invoke(main, [*command, "forms", "--json"])

    assert (dry.exit_code, put.exit_code) == (0, 0), dry.output + put.output
    assert "survey, row 2, column colour" in dry.output
    assert f"{form_id}, version 1: would be put" in dry.output
    assert [form_id] == [
        each["form_id"] for each in json.loads(listed.stdout) if each["form_id"] == form_id
    ]
    file.write_bytes(workbook({"Sheet1": [["a"]]}))
    refused = CliRunner().invoke(main, [*command, "form", str(file)])
    assert (refused.exit_code, "no sheet survey" in refused.output) == (1, True)
