"""XLSForm to form: `services.map.forms`."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hinterland.tables.problems import UnreadableFile
from services.map.contract.errors import FormRefused
from services.map.contract.forms import Form, Xform
from services.map.forms import process
from services.map.forms.languages import language_tag
from services.map.forms.process import read_form_in_process
from services.map.forms.xform import read_xform
from services.map.forms.xlsform import FormFile, read_form
from services.map.forms.xml import BadXml
from tests.unit.map.workbooks import AR, WELLS, ZH, workbook


@pytest.fixture(scope="module")
def wells() -> FormFile:
    return read_form(workbook())


def fields(found: FormFile) -> dict[str, dict[str, Any]]:
    return {each["path"]: each for each in found.body["fields"]}


def test_fields_come_in_order_groups_before_what_is_in_them(wells: FormFile) -> None:
    """As the sheet has them, by their paths."""
    assert list(fields(wells)) == [
        *("end", "phone_number", "village"),
        *("well", "well/depth", "well/state", "well/broken", "well/photo"),
        *("households", "households/head", "households/people", "households/uses"),
        *("seen", "place", "thanks"),
    ]


def test_a_form_is_what_its_kind_says(wells: FormFile) -> None:
    """The body is one of the kind `form`, and nothing of the workbook is left out."""
    form = Form.model_validate(wells.body)

    assert (form.form_id, form.version, form.names) == ("wells", "3", {"zh": "水井"})
    assert form.languages == ["zh", "ar"]
    assert [str(problem) for problem in wells.problems if problem.column] == []


def test_every_field_has_its_kind(wells: FormFile) -> None:
    """Phones know more types than there are kinds."""
    assert {path: each["kind"] for path, each in fields(wells).items()} == {
        "end": "datetime",
        "phone_number": "text",
        "village": "text",
        "well": "group",
        "well/depth": "integer",
        "well/state": "choice",
        "well/broken": "text",
        "well/photo": "photo",
        "households": "repeat",
        "households/head": "text",
        "households/people": "integer",
        "households/uses": "choices",
        "seen": "date",
        "place": "location",
        "thanks": "note",
    }


def test_texts_are_kept_by_language(wells: FormFile) -> None:
    """Labels, hints, messages and options; what is not translated is missing, not made up."""
    depth, village = fields(wells)["well/depth"], fields(wells)["village"]

    assert village["labels"] == {"zh": "村名", "ar": "اسم القرية"}
    assert village["hints"] == {"zh": "按当地叫法"}
    assert depth["constraint_messages"] == {"zh": "深度在 0 和 300 之间", "ar": "العمق بين 0 و300"}
    assert wells.body["options"]["use"] == [
        {"value": "drink", "labels": {"zh": "饮用", "ar": "شرب"}},
        {"value": "fields", "labels": {"zh": "灌溉", "ar": "ري"}},
    ]


def test_conditions_and_defaults_are_kept(wells: FormFile) -> None:
    """As XPath, which phones compute as well."""
    found = fields(wells)

    assert found["village"]["required"] is True
    assert found["well/depth"]["constraint"] == ". > 0 and . < 300"
    assert found["well/broken"]["relevant"] == "/data/well/state  = 'broken'"
    assert found["households/uses"]["relevant"] == "../people  > 0"
    assert found["households/people"]["default"] == "1"


def test_what_tells_of_the_sender_is_marked(wells: FormFile) -> None:
    """So that it never leaves the node."""
    assert [path for path, each in fields(wells).items() if each.get("personal")] == [
        "phone_number"
    ]


def test_phones_get_the_xform_byte_for_byte(wells: FormFile) -> None:
    """Out of the record, whose MD5 is what phones compare."""
    xform = Form.model_validate(wells.body).xform
    assert xform is not None

    assert read_xform(xform.unpack()).body == wells.body


@given(st.binary(min_size=1, max_size=5_000))
def test_whatever_is_packed_is_unpacked(content: bytes) -> None:
    """Text or not."""
    assert Xform.of(content).unpack() == content


def test_an_xform_that_is_not_what_its_record_says_is_refused() -> None:
    """A longer one, too: unpacking stops at the size that is declared."""
    bomb = Xform.of(bytes(1024 * 1024))
    wrong = bomb.model_copy(update={"size": 10})

    with pytest.raises(ValueError, match="not what its record says"):
        wrong.unpack()


def test_columns_and_sheets_that_are_not_used_are_listed() -> None:
    """By sheet, row and column; an empty column is none."""
    survey: list[list[Any]] = [
        ["type", "name", "label::zh", "colour", "guidance_hint::zh", "empty"],
        ["text", "village", "村名"],
        ["text", "road", "路", "red", "问村里的人"],
    ]
    found = read_form(workbook(survey=survey, notes=[["for us"]], _hidden=[["nothing"]]))

    assert [(each.file, each.row, each.column) for each in found.problems if each.file] == [
        ("notes", None, None),
        ("survey", 3, "colour"),
        ("survey", 3, "guidance_hint::zh"),
    ]


def test_types_that_are_kept_as_text_are_listed_with_their_row() -> None:
    """A line on the map is a text here; its answers are kept."""
    survey = [["type", "name", ZH], ["geotrace", "road", "路"], ["text", "village", "村名"]]
    found = read_form(workbook(survey=survey))

    assert fields(found)["road"]["kind"] == "text"
    assert ("survey", 2, "type") in {(each.file, each.row, each.column) for each in found.problems}


def test_a_language_without_a_code_is_listed() -> None:
    """Nobody can guess it; phones show it all the same."""
    survey = [["type", "name", ZH, "label::Dialect of the valley"], ["text", "a", "甲", "b"]]
    found = read_form(workbook(survey=survey))

    assert fields(found)["a"]["labels"] == {"zh": "甲"}
    assert "Dialect of the valley" in "".join(each.message for each in found.problems)


REFUSED = {
    "unknown function": (
        {
            "survey": [
                ["type", "name", ZH, "relevant"],
                ["text", "a", "甲", "pulldata('x', 'y') = 1"],
            ]
        },
        [("survey", 2, "relevant", "pulldata")],
    ),
    "unreadable condition": (
        {"survey": [["type", "name", ZH, "constraint"], ["text", "a", "甲", ". >"]]},
        [("survey", 2, "constraint", "")],
    ),
    "look-ahead": (
        {"survey": [["type", "name", ZH, "constraint"], ["text", "a", "甲", "regex(., '(?=a)')"]]},
        [("survey", 2, "constraint", "(?=a)")],
    ),
    "unknown type": (
        {"survey": [["type", "name", ZH], ["text", "a", "甲"], ["telepathy", "b", "乙"]]},
        [("survey", 3, "type", "telepathy")],
    ),
    "missing list": (
        {"survey": [["type", "name", ZH], ["select_one nowhere", "b", "乙"]]},
        [("survey", 2, None, "nowhere")],
    ),
    "no form_id": ({"settings": [["form_title"], ["水井"]]}, [("settings", 2, "form_id", "")]),
    "encrypted": (
        {"settings": [["form_id", "public_key"], ["wells", "MIIB"]]},
        [("settings", 2, "public_key", "encrypted")],
    ),
    "sent elsewhere": (
        {"settings": [["form_id", "submission_url"], ["wells", "https://example.org"]]},
        [("settings", 2, "submission_url", "that address")],
    ),
}


@pytest.mark.parametrize(("changed", "expected"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_used_is_refused_by_sheet_row_and_column(
    changed: dict[str, Any], expected: list[tuple[str, int, str | None, str]]
) -> None:
    """With a message that names what is wrong."""
    with pytest.raises(FormRefused) as refusal:
        read_form(workbook(**changed))

    errors = refusal.value.details["errors"]
    assert [(each["sheet"], each["row"], each["column"]) for each in errors] == [
        (sheet, row, column) for sheet, row, column, _ in expected
    ]
    assert [word for *_, word in expected if word not in errors[0]["message"]] == []


def test_a_workbook_without_a_survey_is_refused() -> None:
    """It is some other table."""
    with pytest.raises(FormRefused, match="no sheet survey"):
        read_form(workbook({"Sheet1": [["name"], ["水井"]]}))


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04nothing", b"name,age\n1,2\n", b"\0\1\2"])
def test_what_is_no_form_is_refused(content: bytes) -> None:
    """Whatever it is."""
    with pytest.raises(UnreadableFile):
        read_form(content)


def test_a_zip_bomb_is_refused_before_it_is_unpacked() -> None:
    """By the sizes that it declares."""
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(10_001):
            archive.writestr(f"xl/worksheets/sheet{number}.xml", b"")

    with pytest.raises(UnreadableFile, match="10000 parts"):
        read_form(out.getvalue())


@pytest.mark.parametrize(
    "content",
    [
        b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
        b'<!DOCTYPE a SYSTEM "http://127.0.0.1/"><a/>',
        b"<a>" * 40 + b"</a>" * 40,
        b"<a>" + b"<b/>" * 50_001 + b"</a>",
        b"<a><b></a>",
        b'<?xml version="1.0" encoding="telepathy"?><a/>',
    ],
    ids=["entity", "external", "deep", "many", "broken", "encoding"],
)
def test_hostile_xml_is_refused(content: bytes) -> None:
    """Before anything of it is looked at."""
    with pytest.raises(BadXml):
        read_form(content)


@pytest.mark.parametrize("content", [b"<a/>", b"<html><head/><body/></html>"])
def test_xml_that_is_no_xform_is_refused(content: bytes) -> None:
    """With what it lacks."""
    with pytest.raises(FormRefused, match="not an XForm"):
        read_form(content)


@pytest.mark.parametrize(
    ("name", "tag"),
    [
        ("中文 (zh)", "zh"),
        ("中文（zh-hant）", "zh-Hant"),
        ("Português (pt_br)", "pt-BR"),
        (AR.removeprefix("label::"), "ar"),
        ("en", "en"),
        ("default", "und"),
        ("English", None),
        ("English (first)", None),
    ],
)
def test_languages_are_known_by_their_codes(name: str, tag: str | None) -> None:
    """In brackets, of either width, or alone."""
    assert language_tag(name) == tag


def test_the_same_workbook_is_the_same_form() -> None:
    """So that it can be sent again under the same version."""
    assert read_form(workbook()).body == read_form(workbook(WELLS)).body


@pytest.mark.parametrize("module", ["services.map.handlers.forms", "gateway.openrosa"])
def test_services_and_gateway_do_not_load_what_reads_workbooks(module: str) -> None:
    """A process of its own does."""
    script = (
        f"import sys, {module}\n"
        "loaded = {name.partition('.')[0] for name in sys.modules}\n"
        "assert not {'pyxform', 'lxml', 'openpyxl'} & loaded"
    )

    subprocess.run([sys.executable, "-W", "ignore", "-c", script], check=True)


def test_a_process_reads_like_the_function(wells: FormFile) -> None:
    """A form, what is not done of it, and refusals."""
    survey = [["type", "name", ZH, "constraint"], ["text", "a", "甲", ". >"]]

    assert read_form_in_process(workbook()) == (wells.body, wells.problems)
    with pytest.raises(FormRefused) as refusal:
        read_form_in_process(workbook(survey=survey))
    assert refusal.value.details["errors"][0]["row"] == 2


def test_a_file_that_takes_too_long_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its process is ended, and the sender told what to do."""
    monkeypatch.setattr(process, "READ_S_MAX", -1)

    with pytest.raises(FormRefused, match="Save it anew"):
        read_form_in_process(workbook())


def test_the_label_of_a_group_around_a_repeat_is_the_repeats() -> None:
    """As other programs than pyxform write it."""
    xform = """<h:html xmlns:h="http://www.w3.org/1999/xhtml" xmlns="http://www.w3.org/2002/xforms">
      <h:head><h:title>井</h:title><model>
        <instance><wells id="wells"><homes><head/></homes></wells></instance>
      </model></h:head>
      <h:body><group><label>用户</label><repeat nodeset="/wells/homes">
        <input ref="/wells/homes/head"><label>户主 <output value="/wells/x"/></label></input>
      </repeat></group></h:body></h:html>"""
    body = read_form(xform.encode()).body

    assert [(each["path"], each["kind"], each["labels"]) for each in body["fields"]] == [
        ("homes", "repeat", {"und": "用户"}),
        ("homes/head", "text", {"und": "户主 ${x}"}),
    ]
    assert (body["root"], body["version"]) == ("wells", "")
