"""What is let out of an intake: `services.map.rules.publishing`."""

from __future__ import annotations

from typing import Any

import pytest

from services.map.contract.records import Report
from services.map.rules.publishing import Secrecy, published, secrecy_of, without_numbers

OPEN = Secrecy(sensitive=False, cell_level=13)
SENSITIVE = Secrecy(sensitive=True, cell_level=11)
INTAKE: dict[str, Any] = {
    "state": "verified",
    "history": [
        {"state": "placed", "at": "2026-03-01T08:00:00.000Z"},
        {"state": "verified", "at": "2026-03-02T09:00:00.000Z", "by": "yunnan.account.1"},
    ],
    "channel": "sms",
    "key": "phone-1",
    "received_at": "2026-03-01T08:00:00.000Z",
    "reporter": {"name": "张三", "phone": "+8613800138000"},
    "category": "yunnan.category.1",
    "title": "河水",
    "text": "张三家进水了",
    "location": {"lat": 25.0389, "lng": 102.7183},
    "accuracy_m": 20.0,
    "located_by": "gps",
    "place_name": "盘龙区",
    "region": "CN-YN",
    "happened_at": "2026-03-01T07:31:00.000Z",
    "answers": {"depth": 3, "contact": "0871-65123456"},
    "files": [{"sha256": "a" * 64, "size": 7, "type": "image/webp"}],
}


@pytest.mark.parametrize("secrecy", [OPEN, SENSITIVE])
def test_the_reporter_is_never_let_out(secrecy: Secrecy) -> None:
    """Neither his name nor his number, nor how he sent it."""
    report = published(INTAKE, "yunnan.intake.1", secrecy)

    assert set(report) <= set(Report.model_fields)
    assert Report.model_validate(report).state == "verified"
    assert {"reporter", "key", "history", "received_at"}.isdisjoint(report)
    assert "13800138000" not in str(report)


def test_numbers_in_answers_are_taken_out() -> None:
    """Telephone numbers never appear in a shared feed, wherever they were written."""
    report = published(INTAKE, "yunnan.intake.1", OPEN)

    assert {"depth": 3, "contact": "…"} == report["answers"]
    assert "2026-03-02T09:00:00.000Z" == report["verified_at"]


def test_of_a_sensitive_report_only_what_was_named_is_let_out() -> None:
    """A moderator's text replaces what was sent; his list of answers and files is all there is."""
    bare = published(INTAKE, "yunnan.intake.1", SENSITIVE)
    reviewed = {"text": "一户人家进水", "answers": ["depth"], "files": ["a" * 64]}
    shown = published({**INTAKE, "reviewed": reviewed}, "yunnan.intake.1", SENSITIVE)

    assert {"title", "text", "answers", "files", "place_name", "region"}.isdisjoint(bare)
    assert ("一户人家进水", {"depth": 3}, 1) == (
        shown["text"],
        shown["answers"],
        len(shown["files"]),
    )


def test_what_lies_below_a_sensitive_category_is_sensitive() -> None:
    """And the coarsest cell of them counts."""
    plain = {"names": {"zh": "甲"}, "cell_level": 13}
    above = {"names": {"zh": "乙"}, "sensitive": True, "cell_level": 12}
    top = {"names": {"zh": "丙"}, "sensitive": True, "cell_level": 9}

    assert Secrecy(True, 9) == secrecy_of([plain, above, top])
    assert not secrecy_of([plain]).sensitive


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("打 13800138000 找我", "打 … 找我"),
        ("电话0871-65123456。", "电话…。"),
        ("اتصل على ‎+20 2 27947000 الآن", "اتصل على ‎… الآن"),
        ("2026-03-01 水位 3.5 米，涨了 120 厘米", "2026-03-01 水位 3.5 米，涨了 120 厘米"),
    ],
)
def test_numbers_are_told_from_other_figures(text: str, expected: str) -> None:
    """Dates and measures stay."""
    assert expected == without_numbers(text, "CN")


def test_no_exact_point_is_let_out_of_a_sensitive_report() -> None:
    """Not even one among the answers that a moderator has named."""
    point = {"lat": 25.0389, "lng": 102.7183}
    answers = {"depth": 3, "seen": point, "homes": [{"at": point}]}
    intake = {**INTAKE, "answers": answers, "reviewed": {"answers": list(answers)}}

    assert {"depth": 3, "homes": [{}]} == published(intake, "i", SENSITIVE)["answers"]
