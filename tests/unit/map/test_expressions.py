"""The conditions of forms: `services.map.rules.expressions`."""

from __future__ import annotations

from datetime import UTC, datetime
from xml.etree.ElementTree import fromstring

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.map.rules.expressions import (
    AnswersTooComplex,
    Budget,
    ExpressionRefused,
    Expressions,
    days_of,
    require_known,
)

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
ANSWERS = (
    "<data><name>和秀英</name><age>20</age><empty/><uses>drink fields</uses><code>007</code>"
    "<seen>20780.0</seen><m><a>1</a></m><m><a>5</a></m></data>"
)


def holds(expression: str, at: str = "age", answers: str = ANSWERS) -> bool | None:
    root = fromstring(answers)
    element = root.find(at)
    assert element is not None
    require_known(expression)
    return Expressions(root, NOW, Budget()).holds(expression, element)


# https://getodk.github.io/xforms-spec/#xpath-functions, and XPath 1.0 (3.4, 3.5).
TRUE = [
    ". >= 18 and . < 120",
    "/data/age = '20'",
    "/data/age = 20.0",
    "/data/code = 7",
    "/data/code != '7'",
    "/data/empty = ''",
    "not(/data/empty > 1 or /data/empty <= 1)",
    "not(/data/empty + 1 > 0)",
    "../name = '和秀英'",
    "string-length(../name) = 3",
    "selected(/data/uses, 'fields') and not(selected(/data/uses, 'field'))",
    "count-selected(../uses) = 2",
    "selected-at(../uses, 1) = 'fields'",
    "count(/data/m) = 2 and sum(/data/m/a) = 6",
    "max(/data/m/a) = 5 and min(3, /data/m/a) = 1",
    "/data/m[2]/a = 5 and /data/m[a > 3]/a = 5",
    "if(. > 18, 'adult', 'child') = 'adult'",
    "coalesce(/data/empty, 'nothing') = 'nothing'",
    "regex(/data/code, '[0-9]{3}') and not(regex(/data/code, '[0-9]'))",
    "/data/seen <= today() and today() < now()",
    "date('2026-11-23') = today()",
    "format-date(today(), '%Y-%m-%d') = '2026-11-23'",
    "format-date(today(), '%Y') = 2026",
    "int(7 div 2) = 3 and 7 mod 2 = 1 and -7 mod 2 = -1",
    "pow(2, 3) = 8 and abs(-2) = 2 and round(2.6) = 3",
    "substr(/data/code, 1) = '07' and ends-with(/data/code, '7')",
    "boolean-from-string('true') and not(boolean-from-string('no'))",
    "checklist(1, 2, . = 20, . = 21)",
    "count-non-empty(/data/*) > 1",
    "once('a') = 'a'",
    "1 div 0 > 1000000",
    "not(pow(10, 400) > 1)",
]


@pytest.mark.parametrize("expression", TRUE)
def test_phones_and_nodes_compute_alike(expression: str) -> None:
    """What holds on a phone holds here."""
    assert holds(expression) is True


@pytest.mark.parametrize(
    ("expression", "named"),
    [
        ("pulldata('a', 'b', 'c', 'd') = 1", "pulldata"),
        ("jr:choice-name(., 'x') = 'y'", "jr:choice-name"),
        ("instance('x')/root/item = 1", "instance"),
        ("document('http://127.0.0.1/')", "document"),
        ("1 +", "cannot be read"),
        ("", "cannot be read"),
        ("(" * 900 + "1" + ")" * 900, "cannot be read"),
        ("regex(., '(?=a)b')", r"\(\?=a\)b"),
        ("regex(., '" + "a" * 1_001 + "')", "1000 characters"),
        ("1 = " + "1" * 2_000, "2000 are the limit"),
    ],
)
def test_what_cannot_be_computed_is_refused_by_name(expression: str, named: str) -> None:
    """When the form is uploaded, not when somebody fills it in."""
    with pytest.raises(ExpressionRefused, match=named):
        require_known(expression)


def test_a_function_named_in_a_text_is_no_function() -> None:
    """Only calls count."""
    assert holds("concat('pulldata(', \"x(\") = 'pulldata(x('") is True


@pytest.mark.parametrize("expression", ["$x = 1", "format-date(today(), '%A') = 'Monday'"])
def test_a_condition_that_cannot_be_computed_refuses_nothing(expression: str) -> None:
    """It is nobody's fault who only answers."""
    assert holds(expression) is None


@pytest.mark.parametrize(
    "expression",
    [
        "//*[count(//*[count(//*) > 0]) > 0]",
        "/data/m/a = /data/m/a + 1",
        "count(//*//*//*) > 0",
        "/data/m[a = ../m/a + 1]",
    ],
)
def test_work_is_bounded(expression: str) -> None:
    """Whatever a form asks of however many answers."""
    root = fromstring("<data>" + "<m><a>1</a></m>" * 800 + "</data>")
    found = Expressions(root, NOW, Budget())

    with pytest.raises(AnswersTooComplex):
        [found.holds(expression, element) for element in root]


def test_a_pattern_takes_no_longer_than_its_text_is_long() -> None:
    """One that would keep another engine busy for ever."""
    assert holds("regex(., '(a+)+b')", "x", f"<data><x>{'a' * 10_000}</x></data>") is False


def test_others_get_their_turn() -> None:
    """While conditions are computed."""
    pauses: list[int] = []
    budget = Budget(lambda: pauses.append(1))
    for _ in range(2_000):
        budget.spend()

    assert len(pauses) == 4


@given(st.text(alphabet="()[]/.*@=<>+-'\"ab1 ,:$|", max_size=60))
def test_no_condition_breaks_the_reader(expression: str) -> None:
    """It is refused, or it can be computed."""
    try:
        require_known(expression)
    except ExpressionRefused:
        return
    root = fromstring(ANSWERS)
    assert Expressions(root, NOW, Budget()).holds(expression, root[0]) in (True, False, None)


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("1970-01-02", 1.0),
        ("1970-01-01T12:00:00Z", 0.5),
        ("1970-01-01T08:00:00+08:00", 0.0),
        ("06:00", 0.25),
        ("soon", None),
    ],
)
def test_dates_are_days(text: str, days: float | None) -> None:
    """As phones compute with them."""
    assert days_of(text) == days
