"""Suggestions between two nodes, on a real database."""

from __future__ import annotations

from typing import Any

import pytest

from hinterland.actors import ANONYMOUS, Actor
from hinterland.errors import BadInput, Inapplicable, NotAllowed, NotHome, StaleVersion
from services.directory.contract.calls import (
    DecideSuggestion,
    GetPolicy,
    ListSuggestions,
    SetPolicy,
    SuggestChange,
    UpdateNgo,
    WithdrawNgo,
    WithdrawSuggestion,
)
from services.directory.contract.errors import SuggestionConflict, SuggestionDecided
from services.directory.handlers import ngos, policy, suggestions
from tests.integration.directory.conftest import Node


class Pair:
    """A home, another node, and one NGO that both hold."""

    def __init__(self, home: Node, other: Node) -> None:
        self.home = home
        self.other = other
        self.ngo = home.register(phones=["0871-65123456"], city="昆明")
        self.sync()

    def sync(self) -> None:
        self.home.carry_to(self.other)
        self.other.carry_to(self.home)

    def suggest(self, node: Node | None = None, actor: Actor | None = None, **changes: Any) -> str:
        """Suggests at the other node, or at `node`; returns the suggestion's id."""
        at = node or self.other
        params = SuggestChange(
            command_id=at.command(),
            ngo_id=self.ngo,
            version=at.get(self.ngo)["version"],
            changes=changes,
            note="heard it",
        )
        return str(suggestions.suggest_change(at.records, actor or at.staff, params)["id"])

    def decide(self, suggestion: str, accept: bool = True, **more: Any) -> None:
        params = DecideSuggestion(
            command_id=self.home.command(), id=suggestion, accept=accept, **more
        )
        suggestions.decide_suggestion(self.home.records, self.home.actor("editor"), params)

    def update(self, **changes: Any) -> None:
        seen = self.home.get(self.ngo)
        params = UpdateNgo(
            command_id=self.home.command(),
            id=self.ngo,
            version=seen["version"],
            changes=changes,
        )
        ngos.update_ngo(self.home.records, self.home.staff, params)

    def trust(self, *fields: str) -> None:
        trusted = {"auto_accept": [{"node": self.other.id, "fields": fields}]}
        params = SetPolicy.model_validate({"command_id": self.home.command(), "policy": trusted})
        policy.set_policy(self.home.records, self.home.staff, params)

    def states(self, suggestion: str) -> tuple[str, str]:
        """What the home and the suggester's node say of it."""
        return self.home.suggestion(suggestion)["state"], self.other.suggestion(suggestion)["state"]


@pytest.fixture
def pair(yunnan: Node, gansu: Node) -> Pair:
    return Pair(yunnan, gansu)


def test_an_accepted_suggestion_changes_the_ngo_at_every_node(pair: Pair) -> None:
    """The home sees the difference, accepts, and the suggester sees it from his own node."""
    suggestion = pair.suggest(phones=["0871-65000000"], names={"en": "Green"})
    pair.sync()
    seen = pair.home.suggestion(suggestion)
    pair.decide(suggestion, note="thank you")
    pair.sync()

    assert seen["differences"] == [
        {
            "path": "phones",
            "seen": ["+8687165123456"],
            "current": ["+8687165123456"],
            "proposed": ["+8687165000000"],
            "conflict": False,
        },
        {"path": "names.en", "seen": None, "current": None, "proposed": "Green", "conflict": False},
    ]
    assert (seen["state"], seen["note"], seen["home"]) == ("open", "heard it", "gansu")
    assert pair.states(suggestion) == ("accepted", "accepted")
    assert pair.other.suggestion(suggestion)["decision"]["note"] == "thank you"
    assert pair.other.get(pair.ngo)["phones"] == ["+8687165000000"]
    assert pair.other.get(pair.ngo)["names"]["en"] == "Green"


def test_a_refused_suggestion_changes_nothing(pair: Pair) -> None:
    """The suggester reads the note at his own node, and the NGO is as it was."""
    before = pair.home.get(pair.ngo)
    suggestion = pair.suggest(city="大理")
    pair.sync()
    pair.decide(suggestion, accept=False, note="we moved nowhere")
    pair.sync()

    assert pair.states(suggestion) == ("refused", "refused")
    assert pair.home.get(pair.ngo) == before


def test_a_field_that_changed_meanwhile_makes_a_conflict(pair: Pair) -> None:
    """A conflict is shown at both nodes and accepted only by who has seen the present version."""
    suggestion = pair.suggest(city="大理", website="example.org")
    pair.update(city="安宁")
    pair.sync()
    pair.sync()
    states = pair.states(suggestion)

    with pytest.raises(SuggestionConflict) as refused:
        pair.decide(suggestion)
    pair.decide(suggestion, ngo_version=pair.home.get(pair.ngo)["version"])

    assert states == ("conflict", "conflict")
    assert refused.value.details["paths"] == ["city"]
    assert pair.home.get(pair.ngo)["city"] == "大理"


def test_a_change_of_another_field_is_no_conflict(pair: Pair) -> None:
    """The home may have edited on; what the suggester saw of his fields still stands."""
    suggestion = pair.suggest(city="大理")
    pair.update(website="example.org")
    pair.sync()
    pair.decide(suggestion)

    assert pair.home.get(pair.ngo)["city"] == "大理"
    assert pair.home.get(pair.ngo)["website"] == "https://example.org"


def test_a_suggestion_is_decided_once(pair: Pair) -> None:
    """A second answer is refused, however it came to be."""
    suggestion = pair.suggest(city="大理")
    pair.sync()
    pair.decide(suggestion, accept=False)

    with pytest.raises(SuggestionDecided):
        pair.decide(suggestion)


def test_only_the_home_decides(pair: Pair) -> None:
    """The suggester's own node cannot accept what it suggested."""
    suggestion = pair.suggest(city="大理")
    params = DecideSuggestion(command_id=pair.other.command(), id=suggestion, accept=True)

    with pytest.raises(NotHome):
        suggestions.decide_suggestion(pair.other.records, pair.other.staff, params)


def test_a_policy_accepts_what_it_names_as_it_arrives(pair: Pair) -> None:
    """Trusted fields of trusted nodes are taken over; everything else waits for a person."""
    pair.trust("phones", "website")
    trusted = pair.suggest(phones=["0871-65000000"])
    other = pair.suggest(city="大理")
    pair.sync()

    accepted = policy.answer_by_policy(pair.home.records)
    again = policy.answer_by_policy(pair.home.records)
    pair.sync()

    assert (accepted, again) == (1, 0)
    assert pair.states(trusted) == ("accepted", "accepted")
    assert pair.states(other) == ("open", "open")
    assert pair.other.suggestion(trusted)["decision"]["automatic"] is True


def test_a_new_policy_looks_at_what_is_waiting(pair: Pair) -> None:
    """Setting the policy answers suggestions that came before it."""
    suggestion = pair.suggest(phones=["0871-65000000"])
    pair.sync()
    pair.trust("phones")

    assert pair.home.suggestion(suggestion)["state"] == "accepted"


def test_a_policy_leaves_conflicts_alone(pair: Pair) -> None:
    """However trusted, a suggestion on an old value stays open for a person."""
    suggestion = pair.suggest(phones=["0871-65000000"])
    pair.update(phones=["0871-65111111"])
    pair.sync()
    pair.trust("phones")

    assert pair.home.suggestion(suggestion)["state"] == "conflict"


def test_a_withdrawn_ngo_takes_what_was_said_of_it_along(pair: Pair) -> None:
    """Suggestions and decisions hold copies of values; their homes erase them."""
    decided = pair.suggest(city="大理")
    waiting = pair.suggest(city="安宁")
    pair.sync()
    pair.decide(decided, accept=False)
    withdraw = WithdrawNgo(command_id=pair.home.command(), id=pair.ngo)
    ngos.withdraw_ngo(pair.home.records, pair.home.staff, withdraw)
    pair.sync()
    states = pair.states(waiting)
    erased = [policy.forget_orphans(node.records) for node in (pair.home, pair.other)]
    pair.sync()

    assert states == ("void", "void")
    assert erased == [1, 2]
    assert [node.records.collection.count_documents({}) for node in (pair.home, pair.other)] == [
        0,
        0,
    ]
    assert policy.forget_orphans(pair.other.records) == 0


def test_a_suggestion_can_be_taken_back(pair: Pair) -> None:
    """Its author's node erases it, and the home sees it no more."""
    suggestion = pair.suggest(city="大理")
    pair.sync()
    params = WithdrawSuggestion(command_id=pair.other.command(), id=suggestion)
    suggestions.withdraw_suggestion(pair.other.records, pair.other.staff, params)
    pair.sync()

    assert pair.home.suggestion(suggestion) is None


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"city": "昆明"}, BadInput),
        ({"phones": ["?"]}, BadInput),
        ({"verification": {"state": "verified"}}, BadInput),
        ({"names": {"zh": None}}, BadInput),
    ],
)
def test_what_could_not_be_stored_cannot_be_suggested(
    pair: Pair, changes: dict[str, Any], error: type[Exception]
) -> None:
    """No change, a bad value, a field that is the home's to say, or an NGO without a name."""
    with pytest.raises(error):
        pair.suggest(**changes)


def test_suggestions_are_made_on_the_version_that_was_seen(pair: Pair) -> None:
    """Who saw an older version than his node holds reads again first."""
    seen = pair.other.get(pair.ngo)["version"]
    pair.update(city="安宁")
    pair.sync()
    params = SuggestChange(
        command_id=pair.other.command(), ngo_id=pair.ngo, version=seen, changes={"city": "大理"}
    )

    with pytest.raises(StaleVersion):
        suggestions.suggest_change(pair.other.records, pair.other.staff, params)


@pytest.mark.parametrize("roles", [(), ("partner",)])
def test_suggesting_and_reading_suggestions_is_for_staff(
    pair: Pair, roles: tuple[str, ...]
) -> None:
    """Partners and the public neither suggest nor see what is suggested."""
    actor = pair.other.actor(*roles) if roles else ANONYMOUS

    with pytest.raises(NotAllowed):
        pair.suggest(actor=actor, city="大理")
    with pytest.raises(NotAllowed):
        suggestions.list_suggestions(pair.other.records, actor, ListSuggestions())


def test_a_private_ngo_is_not_suggested_to(yunnan: Node) -> None:
    """Nobody else could see what it is about."""
    private = yunnan.get(yunnan.register(scope="private"))
    params = SuggestChange(
        command_id=yunnan.command(),
        ngo_id=private["id"],
        version=private["version"],
        changes={"city": "大理"},
    )

    with pytest.raises(Inapplicable):
        suggestions.suggest_change(yunnan.records, yunnan.staff, params)


def test_lists_show_suggestions_by_state_and_side(pair: Pair) -> None:
    """Latest first, filtered by what they are about, whence they come and what became of them."""
    first, second, third = (pair.suggest(city=city) for city in ("大理", "安宁", "丽江"))
    own = pair.suggest(node=pair.home, city="玉溪")
    pair.sync()
    pair.decide(second, accept=False)

    def listed(**params: Any) -> list[str]:
        names = set(ListSuggestions.model_fields)
        wanted = {name: value for name, value in params.items() if name not in names}
        rest = {name: value for name, value in params.items() if name in names}
        arguments = ListSuggestions.model_validate({"filter": wanted, **rest})
        page = suggestions.list_suggestions(pair.home.records, pair.home.staff, arguments)
        return [item["id"] for item in page["items"]]

    assert set(listed()) == {first, second, third, own}
    assert listed(suggested_by="gansu") == [third, second, first]
    assert listed(suggested_by="gansu", states=["open"]) == [third, first]
    assert listed(states=["refused"]) == [second]
    assert listed(suggested_by="gansu", first=1) == [third]
    assert listed(home="gansu") == []
    assert listed(ngo_ids=["yunnan.ngo.nothing"]) == []


def test_the_policy_is_the_operators_to_set(yunnan: Node) -> None:
    """Staff reads it, an editor does not change it, and nobody else sees it."""
    params = SetPolicy.model_validate({"command_id": yunnan.command(), "policy": {}})

    with pytest.raises(NotAllowed):
        policy.set_policy(yunnan.records, yunnan.actor("editor"), params)
    with pytest.raises(NotAllowed):
        policy.get_policy(yunnan.records, yunnan.actor("partner"), GetPolicy())

    shown = policy.get_policy(yunnan.records, yunnan.actor("editor"), GetPolicy())
    assert shown["policy"] == {"auto_accept": []}
