"""Patches and suggestions: `rules.changes`."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.directory.contract.codes import SuggestionState
from services.directory.rules import changes

NGO = {
    "names": {"zh": "绿色流域", "en": "Green"},
    "region": "CN-YN",
    "causes": ["environment"],
    "phones": ["+8687165123456"],
}
PATHS = ["names.zh", "names.en", "names.vi", "phones", "website", "causes"]


def suggestion(patch: dict[str, Any], ngo: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"changes": patch, "seen": changes.seen(NGO if ngo is None else ngo, patch)}


def test_names_change_key_by_key_and_other_fields_as_a_whole() -> None:
    """A patch is a JSON Merge Patch on names, descriptions and social, and replaces the rest."""
    patch = changes.flatten({"names": {"vi": "Xanh", "en": None}, "phones": ["+862"], "city": None})

    assert changes.apply({**NGO, "city": "昆明", "later": {"field": 1}}, patch) == {
        "names": {"zh": "绿色流域", "vi": "Xanh"},
        "region": "CN-YN",
        "causes": ["environment"],
        "phones": ["+862"],
        "later": {"field": 1},
    }


def test_differences_show_what_was_seen_what_is_and_what_is_proposed() -> None:
    """Only a field that changed meanwhile to something else than proposed is a conflict."""
    made = suggestion({"names.en": "Green Basin", "phones": ["+862"], "website": "https://a.org"})
    now = {**NGO, "names": {"zh": "绿色流域", "en": "Verdant"}, "phones": ["+862"]}

    lines = {line["path"]: line for line in changes.differences(now, made)}

    assert lines["names.en"] == {
        "path": "names.en",
        "seen": "Green",
        "current": "Verdant",
        "proposed": "Green Basin",
        "conflict": True,
    }
    assert not lines["phones"]["conflict"]
    assert not lines["website"]["conflict"]
    assert changes.conflicts(now, made) == ["names.en"]


@pytest.mark.parametrize(
    ("ngo", "decision", "state"),
    [
        (NGO, None, SuggestionState.OPEN),
        ({**NGO, "phones": []}, None, SuggestionState.CONFLICT),
        (None, None, SuggestionState.VOID),
        (NGO, {"accepted": True}, SuggestionState.ACCEPTED),
        ({**NGO, "phones": []}, {"accepted": True}, SuggestionState.ACCEPTED),
        (None, {"accepted": False}, SuggestionState.REFUSED),
    ],
)
def test_a_suggestion_s_state_follows_from_the_records(
    ngo: dict[str, Any] | None, decision: dict[str, Any] | None, state: SuggestionState
) -> None:
    """The home's decision settles it; until then the NGO says whether it still fits."""
    assert state == changes.state_of(ngo, suggestion({"phones": ["+862"]}), decision)


@pytest.mark.parametrize(
    ("node", "patch", "accepted"),
    [
        ("gansu", {"phones": ["+862"]}, True),
        ("gansu", {"phones": ["+862"], "website": "https://a.org"}, True),
        ("gansu", {"names.en": "Basin"}, False),
        ("gansu", {"phones": ["+862"], "names.en": "Basin"}, False),
        ("sichuan", {"phones": ["+862"]}, False),
        ("guizhou", {"names.en": "Basin"}, True),
    ],
)
def test_a_policy_trusts_named_nodes_with_named_fields(
    node: str, patch: dict[str, Any], accepted: bool
) -> None:
    """One rule must name the node and every field of the suggestion."""
    rules = [
        {"node": "gansu", "fields": ["phones", "website"]},
        {"node": "guizhou", "fields": ["names"]},
    ]

    assert accepted is changes.auto_accepted_by(rules, node, NGO, suggestion(patch))


def test_a_policy_leaves_conflicts_to_people() -> None:
    """However trusted the node, a field that changed meanwhile is not overwritten unseen."""
    rules = [{"node": "gansu", "fields": ["phones"]}]
    made = suggestion({"phones": ["+862"]})

    assert not changes.auto_accepted_by(rules, "gansu", {**NGO, "phones": ["+863"]}, made)


@given(st.dictionaries(st.sampled_from(PATHS), st.none() | st.just("x"), min_size=1))
def test_an_accepted_suggestion_leaves_no_difference(patch: dict[str, Any]) -> None:
    """After its patch every path holds what was proposed, and the patch does nothing more."""
    after = changes.apply(NGO, patch)

    assert all(changes.value_at(after, path) == value for path, value in patch.items())
    assert changes.apply(after, patch) == after
    assert changes.conflicts(after, suggestion(patch)) == []
