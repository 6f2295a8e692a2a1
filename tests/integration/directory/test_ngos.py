"""Commands on NGOs, on a real database."""

from __future__ import annotations

from typing import Any

import pytest

from hinterland.actors import ANONYMOUS, ROLES, Actor
from hinterland.errors import (
    BadInput,
    Inapplicable,
    NotAllowed,
    NotFound,
    NotHome,
    StaleVersion,
)
from services.directory.contract.access import Scope, may
from services.directory.contract.calls import (
    ConfirmNgo,
    RegisterNgo,
    UpdateNgo,
    VerifyNgo,
    WithdrawNgo,
)
from services.directory.contract.codes import VerificationState
from services.directory.contract.errors import DuplicateNgo
from services.directory.handlers import ngos
from tests.integration.directory.conftest import SMALLEST, Node

USCI = [{"scheme": "CN-USCI", "value": "91110000710926094P"}]


def update(node: Node, ngo: Any, actor: Actor | None = None, **params: Any) -> dict[str, Any]:
    changed = UpdateNgo.model_validate(
        {"command_id": node.command(), "id": ngo["id"], "version": ngo["version"], **params}
    )
    return ngos.update_ngo(node.records, actor or node.staff, changed)


def test_a_registered_ngo_is_read_as_it_was_normalised(yunnan: Node) -> None:
    """What was written comes back in its stored notation, with what is known of the record."""
    record_id = yunnan.register(phones=["0871-65123456"], website="example.org")
    ngo = yunnan.get(record_id)

    assert ngo == {
        **SMALLEST,
        "phones": ["+8687165123456"],
        "website": "https://example.org",
        "verification": {"state": "unverified"},
        "id": record_id,
        "version": "1.1",
        "home": "yunnan",
        "scope": "public",
        "at": ngo["at"],
        "arrived": ngo["arrived"],
    }


def test_all_that_is_wrong_is_said_at_once(yunnan: Node) -> None:
    """A refused registration names every field at fault."""
    with pytest.raises(BadInput) as refused:
        yunnan.register(phones=["?"], region="CN-XX", founded="2999")

    fields = [fault["field"] for fault in refused.value.details["errors"]]

    assert sorted(fields) == ["ngo.founded", "ngo.phones.0", "ngo.region"]


def test_an_update_changes_what_it_names_and_nothing_else(yunnan: Node) -> None:
    """Names change by language, other fields as a whole, and the version moves on."""
    before = yunnan.get(yunnan.register(city="昆明"))

    result = update(yunnan, before, changes={"names": {"en": "Green"}, "city": None})
    after = yunnan.get(before["id"])

    assert after["names"] == {"zh": "绿色流域", "en": "Green"}
    assert "city" not in after
    assert result["version"] == after["version"] != before["version"]


def test_an_update_of_what_has_changed_meanwhile_is_refused(yunnan: Node) -> None:
    """Who did not see the latest version is told, and nothing is overwritten."""
    seen = yunnan.get(yunnan.register())
    update(yunnan, seen, changes={"city": "昆明"})

    with pytest.raises(StaleVersion) as refused:
        update(yunnan, seen, changes={"city": "大理"})

    assert yunnan.get(seen["id"])["city"] == "昆明"
    assert refused.value.details["version"] == yunnan.get(seen["id"])["version"]


def test_an_update_without_effect_writes_nothing(yunnan: Node) -> None:
    """Saying what is so already leaves the version as it is."""
    seen = yunnan.get(yunnan.register())

    result = update(yunnan, seen, changes={"names": {"zh": "绿色流域"}})

    assert seen == yunnan.get(seen["id"])
    assert seen["version"] == result["version"]


def test_only_its_home_writes_an_ngo(yunnan: Node, gansu: Node) -> None:
    """Another node's staff is told to suggest, and who the home is."""
    record_id = gansu.register()
    gansu.carry_to(yunnan)

    with pytest.raises(NotHome) as refused:
        update(yunnan, yunnan.get(record_id), changes={"city": "昆明"})

    assert refused.value.details["home"] == "gansu"


def test_no_two_ngos_of_a_node_share_an_identifier(yunnan: Node) -> None:
    """The second registration is refused, and names the first."""
    first = yunnan.register(identifiers=USCI)

    with pytest.raises(DuplicateNgo) as refused:
        yunnan.register(names={"zh": "另一个"}, identifiers=USCI)

    assert refused.value.details["id"] == first


def test_a_registration_shows_like_named_ngos_nearby(yunnan: Node) -> None:
    """What is probably the same organisation is named, for a person to decide."""
    first = yunnan.register(names={"zh": "昆明市志愿者协会"}, city="昆明")
    ngo = {**SMALLEST, "names": {"zh": "昆明志愿者協會"}, "city": "昆明市"}
    params = RegisterNgo(command_id=yunnan.command(), ngo=ngo)

    assert [first] == ngos.register_ngo(yunnan.records, yunnan.staff, params)["similar"]


def test_confirmation_and_verification_say_when_and_by_whom(yunnan: Node) -> None:
    """A moderator's word is kept with account and time."""
    record_id = yunnan.register()
    ngos.confirm_ngo(
        yunnan.records, yunnan.staff, ConfirmNgo(command_id=yunnan.command(), id=record_id)
    )
    verify = VerifyNgo(
        command_id=yunnan.command(), id=record_id, state=VerificationState.VERIFIED, note="visited"
    )
    ngos.verify_ngo(yunnan.records, yunnan.actor("moderator"), verify)
    ngo = yunnan.get(record_id)

    assert ngo["last_confirmed"] <= ngo["verification"].pop("at")
    assert ngo["verification"] == {
        "state": "verified",
        "by": "yunnan.account.1",
        "note": "visited",
    }


def test_a_refused_verification_takes_a_review_first(yunnan: Node) -> None:
    """The table of verification is enforced."""
    record_id = yunnan.register()

    def verify(state: str) -> None:
        params = VerifyNgo.model_validate(
            {"command_id": yunnan.command(), "id": record_id, "state": state}
        )
        ngos.verify_ngo(yunnan.records, yunnan.staff, params)

    verify("refused")
    with pytest.raises(Inapplicable, match="it can become in_review"):
        verify("verified")


def test_a_withdrawn_ngo_is_gone_everywhere(yunnan: Node, gansu: Node) -> None:
    """Its home and its followers know it no more."""
    record_id = yunnan.register()
    yunnan.carry_to(gansu)
    assert gansu.get(record_id) is not None
    withdraw = WithdrawNgo(command_id=yunnan.command(), id=record_id)
    ngos.withdraw_ngo(yunnan.records, yunnan.staff, withdraw)
    yunnan.carry_to(gansu)

    assert yunnan.get(record_id) is None
    assert gansu.get(record_id) is None


def test_private_and_shared_do_not_mix(yunnan: Node) -> None:
    """A private NGO is not published by an update; members and public change places freely."""
    private = yunnan.get(yunnan.register(scope="private"))
    members = yunnan.get(yunnan.register(scope="members"))

    with pytest.raises(Inapplicable):
        update(yunnan, private, scope="public")
    update(yunnan, members, scope="public")

    assert yunnan.get(members["id"], ANONYMOUS)["scope"] == "public"


@pytest.mark.parametrize("role", [None, *ROLES])
@pytest.mark.parametrize("scope", ["public", "members", "private"])
def test_the_service_enforces_the_table_of_rights(
    yunnan: Node, role: str | None, scope: Scope
) -> None:
    """Whoever may not, by role and scope, is refused; what he may not read is not there for him."""
    record_id = yunnan.register(scope=scope)
    actor = yunnan.actor(role) if role else ANONYMOUS
    version = yunnan.get(record_id)["version"]

    def allowed(action: Any) -> bool:
        return may(actor, action, "ngo", scope, "yunnan")

    assert (yunnan.get(record_id, actor) is not None) == allowed("read")
    assert bool(yunnan.page(actor)["items"]) == allowed("read")
    attempts: list[tuple[Any, Any]] = [
        (
            "write",
            lambda: ngos.update_ngo(
                yunnan.records,
                actor,
                UpdateNgo(
                    command_id=yunnan.command(),
                    id=record_id,
                    version=version,
                    changes={"city": "昆明"},
                ),
            ),
        ),
        (
            "verify",
            lambda: ngos.verify_ngo(
                yunnan.records,
                actor,
                VerifyNgo(
                    command_id=yunnan.command(), id=record_id, state=VerificationState.IN_REVIEW
                ),
            ),
        ),
        (
            "withdraw",
            lambda: ngos.withdraw_ngo(
                yunnan.records, actor, WithdrawNgo(command_id=yunnan.command(), id=record_id)
            ),
        ),
    ]
    for action, attempt in attempts:
        if allowed(action):
            attempt()
        else:
            with pytest.raises(NotAllowed if allowed("read") else NotFound):
                attempt()
