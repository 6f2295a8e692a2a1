"""What was written about an NGO becomes what is stored: `rules.fields` and `rules.notation`."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.directory.contract.codes import CAUSES
from services.directory.contract.records import EDITABLE_FIELDS, Ngo
from services.directory.rules import notation
from services.directory.rules.fields import body_of, normalise, problems_of

TODAY = date(2026, 3, 1)
SMALLEST = {"names": {"zh": "绿色流域"}, "region": "CN-YN", "causes": ["environment"]}


def stored(**fields: Any) -> dict[str, Any]:
    """What a body with these fields becomes; fails on problems."""
    result = normalise({**SMALLEST, **fields}, today=TODAY)
    assert result.problems == []
    body = body_of(result.fields)
    assert problems_of(body) == []
    return body


@pytest.mark.parametrize(
    ("field", "given_value", "expected"),
    [
        ("names", {"zh_hant": " 綠色　流域 "}, {"zh-Hant": "綠色 流域"}),
        ("region", "cn-yn", "CN-YN"),
        ("causes", ["Environment", "health", "environment"], ["environment", "health"]),
        ("phones", ["(0871) 6512 3456 转 801"], ["+8687165123456"]),
        ("phones", ["０８７１－６５１２３４５６", "+86 871 65123456"], ["+8687165123456"]),
        ("phones", ["400-123-4567"], ["+864001234567"]),
        ("phones", ["+1 (212) 555-0100"], ["+12125550100"]),
        ("founded", 2009, "2009"),
        ("founded", "2009年5月", "2009-05"),
        ("founded", "2009/5/12", "2009-05-12"),
        ("founded", "2009-05-12T00:00:00", "2009-05-12"),
        ("email", "Mailto: info＠Example.ORG", "info@example.org"),
        ("website", "www.example.org。", "https://www.example.org"),
        ("staff_count", "1,200", 1200),
        ("location", {"lng": "102.71", "lat": 25}, {"lng": 102.71, "lat": 25.0}),
        ("social", {"WeChat": "lvse"}, {"wechat": "lvse"}),
        (
            "identifiers",
            [{"scheme": "cn-usci", "value": "9111 0000 7109 2609 4p"}],
            [{"scheme": "CN-USCI", "value": "91110000710926094P"}],
        ),
        ("services", [{"name": "热线", "hours": ""}], [{"name": "热线"}]),
    ],
)
def test_notations_that_people_use_are_understood(
    field: str, given_value: Any, expected: Any
) -> None:
    """Each field takes the notations that occur in the field's spreadsheets."""
    assert expected == stored(**{field: given_value})[field]


@pytest.mark.parametrize(
    ("field", "value", "path"),
    [
        ("region", "Yunnan", "region"),
        ("region", "CN-XX", "region"),
        ("causes", ["envronment"], "causes.0"),
        ("phones", ["12"], "phones.0"),
        ("founded", "2031", "founded"),
        ("founded", "2009-02-30", "founded"),
        ("email", "nobody", "email"),
        ("location", {"lng": 25, "lat": 102}, "location"),
        ("location", {"lng": float("nan"), "lat": 0}, "location"),
        ("staff_count", "many", "staff_count"),
        ("staff_count", float("inf"), "staff_count"),
        ("names", {"zh": 3}, "names.zh"),
        ("names", "绿色", "names"),
        ("social", {"myspace": "x"}, "social.myspace"),
        ("identifiers", [{"scheme": "CN-USCI", "value": "911100007109260940"}], "identifiers.0"),
        ("services", [{"hours": "9-17"}], "services.0"),
        ("verification", {"state": "verified"}, "verification"),
        ("colour", "green", "colour"),
    ],
)
def test_what_is_not_understood_is_named_by_its_path(field: str, value: Any, path: str) -> None:
    """A value that cannot be stored becomes a problem of its field, and nothing is stored of it."""
    result = normalise({**SMALLEST, "website": "example.org", field: value}, today=TODAY)

    assert [problem.field for problem in result.problems] == [path]
    assert field not in result.fields
    assert result.fields["website"] == "https://example.org"


def test_one_bad_item_leaves_the_others() -> None:
    """In a list only the item that is not understood is left out."""
    result = normalise(
        {"phones": ["0871-65123456", "?", "0871-65123457"]}, today=TODAY, country="CN"
    )

    assert result.fields["phones"] == ["+8687165123456", "+8687165123457"]
    assert [problem.field for problem in result.problems] == ["phones.1"]


@pytest.mark.parametrize("missing", SMALLEST)
def test_a_name_a_region_and_a_cause_are_required(missing: str) -> None:
    """An NGO without one of them is not stored, and the problem names it."""
    body = {name: value for name, value in SMALLEST.items() if name != missing}

    assert [problem.field for problem in problems_of(body)] == [missing]


def test_limits_are_problems_of_their_fields() -> None:
    """A name beyond its limit is refused under its path."""
    problems = problems_of({**SMALLEST, "names": {"zh": "绿" * 201}})

    assert [problem.field for problem in problems] == ["names.zh"]


def test_an_ngo_is_smaller_than_an_entry_may_be() -> None:
    """Fields that are each within their limits may still be too much together."""
    services = [{"name": "热线", "description": "听" * 2000}] * 20

    problems = problems_of({**SMALLEST, "services": services})

    assert [problem.field for problem in problems] == ["services"]


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "names": st.dictionaries(st.sampled_from(["zh", "en", "ar"]), st.text(max_size=40)),
            "city": st.text(max_size=40),
            "aliases": st.lists(st.text(max_size=20), max_size=3),
            "causes": st.lists(st.sampled_from(sorted(CAUSES)), max_size=3),
            "website": st.text(max_size=40),
            "email": st.text(max_size=40),
            "phones": st.lists(st.text("0123456789 -()+", max_size=20), max_size=3),
            "founded": st.one_of(st.integers(0, 3000), st.dates().map(str), st.text(max_size=10)),
            "staff_count": st.one_of(st.integers(), st.floats(), st.text(max_size=5)),
            "location": st.dictionaries(st.sampled_from(["lng", "lat"]), st.floats(), max_size=2),
        },
    )
)
def test_normalising_twice_changes_nothing(fields: dict[str, Any]) -> None:
    """What is stored is its own normal form, and whatever is given, nothing but problems comes."""
    once = normalise(fields, today=TODAY, country="CN")
    twice = normalise(once.fields, today=TODAY, country="CN")

    assert twice.fields == once.fields
    assert twice.problems == []


def test_a_check_character_fits_its_identifier() -> None:
    """The check character is GB 32100-2015's, as in a company's published identifier."""
    assert notation.usci_check_character("91110000710926094") == "P"


def test_every_editable_field_has_a_notation() -> None:
    """A field that may be written is understood by `normalise`."""
    unknown = [
        problem
        for name in EDITABLE_FIELDS
        for problem in normalise({name: object()}, today=TODAY).problems
        if "no such field" in problem.message
    ]

    assert unknown == []
    assert set(EDITABLE_FIELDS) < set(Ngo.model_fields)
