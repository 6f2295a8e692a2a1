"""Answers against a form: `services.map.rules.answers`, and the way of a phone's XML to them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.map.contract.forms import Form
from services.map.forms.submissions import (
    BadSubmission,
    filled_in_at,
    read_answers,
    read_submission,
)
from services.map.forms.xlsform import read_form
from services.map.forms.xml import BadXml
from services.map.rules.answers import check_answers, files_named, report_of, without_personal
from services.map.rules.expressions import AnswersTooComplex
from tests.unit.map.workbooks import Phone, workbook

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
INSTANCE_ID = "uuid:7d2b9a3e-5b0e-4a8e-9f44-1b7a0c2f9d10"
WELLS = read_form(workbook()).body
PHONE = Phone(Form.model_validate(WELLS).xform.unpack())  # type: ignore[union-attr]

SENT: dict[str, Any] = {
    "end": "2026-11-23T15:58:00.000+08:00",
    "phone_number": "+8613800138000",
    "village": "大理古城 <",
    "well": {"depth": "42", "state": "broken", "broken": "تسرب", "photo": "1700.jpg"},
    "households": [
        {"head": "和秀英", "people": "4", "uses": "drink fields"},
        {"head": "أحمد", "people": "0"},
    ],
    "seen": "2026-11-23",
    "place": "25.6065 100.2676 1976.0 4.5",
}
KEPT: dict[str, Any] = {
    "end": "2026-11-23T15:58:00+08:00",
    "phone_number": "+8613800138000",
    "village": "大理古城 <",
    "well": {"depth": 42, "state": "broken", "broken": "تسرب", "photo": "1700.jpg"},
    "households": [
        {"head": "和秀英", "people": 4, "uses": ["drink", "fields"]},
        {"head": "أحمد", "people": 0},
    ],
    "seen": "2026-11-23",
    "place": {"lat": 25.6065, "lng": 100.2676, "altitude_m": 1976.0, "accuracy_m": 4.5},
}


def changed(path: str, value: Any) -> dict[str, Any]:
    """KEPT with another answer at `path`; None for none."""
    first, _, rest = path.partition(".")
    answers = {**KEPT, first: {**KEPT[first], rest: value} if rest else value}
    return {name: answer for name, answer in answers.items() if answer is not None}


def problems(answers: dict[str, Any], form: dict[str, Any] = WELLS) -> list[tuple[str, str]]:
    return [(each.field, each.message) for each in check_answers(form, answers, NOW).problems]


def test_what_a_phone_sends_arrives_whole() -> None:
    """XLSForm, XForm, the phone's XML, answers: repeats, conditions, two languages, a photo."""
    submission = read_submission(PHONE.fill_in(SENT, INSTANCE_ID))
    checked = check_answers(WELLS, read_answers(WELLS, submission.root), NOW)

    assert (checked.answers, checked.problems) == (KEPT, [])
    assert (submission.form_id, submission.version) == ("wells", "3")
    assert (submission.instance_id, submission.deprecated_id) == (INSTANCE_ID, None)
    assert files_named(WELLS, checked.answers) == ["1700.jpg"]


def test_answers_as_json_are_the_same() -> None:
    """What is kept can be checked again, and nothing changes."""
    assert check_answers(WELLS, KEPT, NOW).answers == KEPT
    assert problems(KEPT) == []


def test_what_tells_of_the_sender_is_taken_out() -> None:
    """And nothing else."""
    kept = without_personal(WELLS, KEPT)

    assert kept == {name: answer for name, answer in KEPT.items() if name != "phone_number"}


WRONG: dict[str, tuple[str, Any, str, str]] = {
    "text": ("village", 7, "answers.village", "a text is needed"),
    "html": ("village", "<b>大理</b>", "answers.village", "HTML"),
    "integer": ("well.depth", "deep", "answers.well.depth", "a whole number is needed"),
    "decimal for integer": ("well.depth", 4.5, "answers.well.depth", "a whole number is needed"),
    "constraint": ("well.depth", 400, "answers.well.depth", "深度在 0 和 300 之间 / العمق"),
    "choice": ("well.state", "lost", "answers.well.state", "broken, works"),
    "required": ("village", None, "answers.village", "an answer is required"),
    "required when relevant": ("well.broken", None, "answers.well.broken", "required"),
    "not relevant": ("well.state", "works", "answers.well.broken", "this is not asked"),
    "date": ("seen", "yesterday", "answers.seen", "2026-01-31"),
    "future": ("seen", "2026-11-24", "answers.seen", "不能在将来"),
    "latitude": ("place", "100.2 25.6 0 0", "answers.place", "lat is 100.2"),
    "place": ("place", {"lat": 25.6}, "answers.place", '{"lat": …, "lng": …}'),
    "not finite": ("place", {"lat": "nan", "lng": 1}, "answers.place", "a number is needed"),
    "choices": ("households", [{"head": "a", "people": 1, "uses": ["wash"]}], "", "'wash'"),
    "twice": ("households", [{"head": "a", "people": 1, "uses": "drink drink"}], "", "twice"),
    "in a repeat": ("households", [{"people": 1}], "answers.households.0.head", "required"),
    "repeat": ("households", {"head": "a"}, "answers.households", "a list"),
    "too many repeats": ("households", [{}] * 201, "answers.households", "200"),
    "group": ("well", "deep", "answers.well", "an object"),
    "unknown": ("river", "Erhai", "answers.river", "no such field"),
    "datetime": ("end", "2026-11-23T15:58:00", "answers.end", "offset"),
}


@pytest.mark.parametrize(("path", "value", "field", "message"), WRONG.values(), ids=WRONG)
def test_what_does_not_fit_the_form_is_named_by_field(
    path: str, value: Any, field: str, message: str
) -> None:
    """With the form's own message where it has one, in all of its languages."""
    found = problems(changed(path, value))

    assert [said for said in found if message in said[1] and field in said[0]] != []


def test_answers_out_of_their_groups_order_are_found_by_conditions() -> None:
    """A condition may look at what stands behind it."""
    survey = [
        ["type", "name", "label", "relevant"],
        ["text", "why", "why", "${happy} = 'no'"],
        ["text", "happy", "happy"],
    ]
    form = read_form(workbook(survey=survey)).body

    assert problems({"why": "rain", "happy": "no"}, form) == []
    assert [field for field, _ in problems({"why": "rain", "happy": "yes"}, form)] == [
        "answers.why"
    ]


def test_what_is_in_a_group_that_is_not_asked_is_not_required() -> None:
    """Nor in a repeat that is not."""
    survey = [
        ["type", "name", "label", "relevant", "required"],
        ["integer", "children", "children"],
        ["begin group", "school", "school", "${children} > 0"],
        ["text", "name", "name", "", "yes"],
        ["end group"],
    ]
    form = read_form(workbook(survey=survey)).body

    assert problems({"children": 0}, form) == []
    assert [field for field, _ in problems({"children": 1}, form)] == ["answers.school.name"]
    assert [field for field, _ in problems({"children": 0, "school": {"name": "一小"}}, form)] == [
        "answers.school.name"
    ]


def test_a_choice_that_is_listed_elsewhere_is_taken_as_it_is() -> None:
    """Its list is in a file that only phones have."""
    survey = [["type", "name", "label"], ["select_one_from_file towns.csv", "town", "town"]]
    form = read_form(workbook(survey=survey)).body

    assert problems({"town": "dali"}, form) == []


def test_a_range_holds_its_bounds() -> None:
    """Zero is a bound, too."""
    survey = [["type", "name", "label", "parameters"], ["range", "r", "r", "start=0 end=10 step=1"]]
    form = read_form(workbook(survey=survey)).body

    assert problems({"r": 0}, form) == []
    assert problems({"r": -1}, form) == [("answers.r", "-1 is not between 0 and 10")]


def test_too_many_answers_are_refused() -> None:
    """Before they cost more than they may."""
    survey = [
        ["type", "name", "label"],
        ["begin repeat", "a", "a"],
        ["begin repeat", "b", "b"],
        ["text", "head", "head"],
        ["end repeat"],
        ["end repeat"],
    ]
    form = read_form(workbook(survey=survey)).body

    with pytest.raises(AnswersTooComplex):
        check_answers(form, {"a": [{"b": [{"head": "a"}] * 200}] * 200}, NOW)


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.sampled_from(
        ["", "大理", "works", "drink drink", "25 100", "1e400", "2026-11-23", "<b>", "\0"]
    ),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from([*KEPT, "depth", "head", "people"]), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(st.dictionaries(st.sampled_from([*KEPT, "nothing"]), json_values))
def test_whatever_is_sent_is_either_kept_or_named(answers: dict[str, Any]) -> None:
    """No input breaks the check, and what is kept satisfies it in its turn."""
    checked = check_answers(WELLS, answers, NOW)
    again = check_answers(WELLS, checked.answers, NOW)

    assert again.answers == checked.answers


@given(st.binary(max_size=300))
def test_no_bytes_break_the_reader(content: bytes) -> None:
    """They are a submission, or refused."""
    try:
        read_submission(content)
    except (BadXml, BadSubmission):
        return


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'<data id="wells"/>', "instanceID"),
        (b"<data><meta><instanceID>uuid:1234</instanceID></meta></data>", "form's id"),
        (b'<data id="wells" encrypted="yes"/>', "public_key"),
    ],
)
def test_a_submission_that_says_too_little_is_refused(content: bytes, message: str) -> None:
    """With what it lacks."""
    with pytest.raises(BadSubmission, match=message):
        read_submission(content)


def test_elements_that_the_form_does_not_know_are_named() -> None:
    """They are not passed over, as the phone may have a newer form."""
    xml = PHONE.fill_in(SENT, INSTANCE_ID).replace(b"<seen>", b"<river>Erhai</river><seen>")
    answers = read_answers(WELLS, read_submission(xml).root)

    assert [field for field, _ in problems(answers)] == ["answers.river"]


def test_an_edit_names_what_it_replaces() -> None:
    """By deprecatedID."""
    xml = PHONE.fill_in(SENT, "uuid:second-1", deprecated_id=INSTANCE_ID)

    assert read_submission(xml).deprecated_id == INSTANCE_ID


def test_when_a_form_was_filled_in_is_what_the_phone_says() -> None:
    """In the phone's own time: there it may be tomorrow already."""
    assert filled_in_at(WELLS, SENT) == datetime(
        2026, 11, 23, 15, 58, tzinfo=timezone(timedelta(hours=8))
    )
    assert filled_in_at(WELLS, {}) is None


def test_a_report_takes_from_its_answers_what_it_has_fields_for() -> None:
    """Its first place, and what the form calls as the report does; its title is what the phone
    calls the submission, or the form's name."""
    survey = [
        ["type", "name", "label"],
        ["text", "text", "what"],
        ["integer", "title", "not a title"],
        ["date", "happened_at", "when"],
        ["begin repeat", "sites", "sites"],
        ["geopoint", "at", "where"],
        ["end repeat"],
    ]
    form = read_form(workbook(survey=survey)).body
    answers = {
        "text": "河水漫过了桥",
        "title": 7,
        "happened_at": "2026-11-20",
        "sites": [{}, {"at": {"lat": 25.6, "lng": 100.2, "accuracy_m": 8.0}}],
    }

    assert report_of(form, answers, None) == {
        "title": "水井",
        "text": "河水漫过了桥",
        "happened_at": "2026-11-20",
        "location": {"lat": 25.6, "lng": 100.2},
        "accuracy_m": 8.0,
    }
    assert report_of(form, {}, "井 7") == {"title": "井 7"}
