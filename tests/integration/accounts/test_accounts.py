"""Accounts and keys on a real database: made, shown once, used, revoked."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import pytest
from pymongo.database import Database

from hinterland.actors import Actor
from hinterland.errors import BadInput, NotAllowed, NotFound
from hinterland.records import Published, Records
from services.accounts import handlers, rules
from services.accounts.contract import (
    Authenticate,
    AuthenticateDigest,
    CreateAccount,
    CreatedKey,
    CreateKey,
    KeyRefused,
    KeyShown,
    ListAccounts,
    ListKeys,
    RevokeKey,
    digest_realm,
)

from .conftest import COORDINATOR, NODE, OPERATOR


def make_key(records: Records, name: str = "报名应用", role: Any = "partner") -> CreatedKey:
    return handlers.create_key(
        records, COORDINATOR, CreateKey(command_id=f"make {name}", name=name, role=role)
    )


def authenticate(records: Records, key: str) -> Actor:
    return Actor.from_wire(handlers.authenticate(records, Authenticate(key=key))["actor"])


def everything_in(database: Database[dict[str, Any]]) -> str:
    """All that the database holds, as text."""
    return "\n".join(
        str(document)
        for name in database.list_collection_names()
        for document in database[name].find()
    )


def test_a_key_acts_for_its_account(records: Records) -> None:
    """Who shows a key is its account, with the key's role, at this node."""
    made = make_key(records, role="editor")

    assert authenticate(records, made["key"]) == Actor(made["account"], frozenset({"editor"}), NODE)


def test_a_key_for_an_account_takes_one_of_its_roles(records: Records) -> None:
    """A key never has a role that its account has not."""
    account = handlers.create_account(
        records,
        OPERATOR,
        CreateAccount(command_id="command-one", name="李雷", roles=["editor", "partner"]),
    )
    key = handlers.create_key(
        records,
        OPERATOR,
        CreateKey(command_id="command-two", name="phone", role="editor", account=account["id"]),
    )

    with pytest.raises(BadInput) as refused:
        handlers.create_key(
            records,
            OPERATOR,
            CreateKey(
                command_id="command-three", name="phone", role="operator", account=account["id"]
            ),
        )

    assert refused.value.field == "role"
    assert key["account"] == account["id"]


def test_a_key_for_an_account_that_is_not_there_is_refused(records: Records) -> None:
    """An id that is no account's is named as what is wrong."""
    made = make_key(records)

    for account in ("yunnan.account.nobody", made["id"]):
        with pytest.raises(NotFound) as refused:
            handlers.create_key(
                records,
                OPERATOR,
                CreateKey(command_id=account, name="a", role="partner", account=account),
            )
        assert refused.value.field == "account"


def test_the_secret_is_kept_nowhere(
    records: Records, database: Database[dict[str, Any]], published: list[Published]
) -> None:
    """Neither a record, nor a batch, nor the result that is kept of the command holds it."""
    made = make_key(records)
    secret = made["key"].rpartition("_")[2]

    assert secret not in everything_in(database)
    assert made["id"] in everything_in(database)
    assert all(each.frame is None for each in published)


def test_a_repeated_command_does_not_show_the_key_again(records: Records) -> None:
    """A key is shown once; the repeat names it, so that it can be revoked."""
    made = make_key(records)

    with pytest.raises(KeyShown) as shown:
        make_key(records)

    assert shown.value.details["id"] == made["id"]
    assert authenticate(records, made["key"]).account == made["account"]


def test_every_bad_key_is_refused_alike(records: Records) -> None:
    """A refusal does not say whether there is such a key: no oracle."""
    made, revoked = make_key(records, "one"), make_key(records, "two")
    handlers.revoke_key(records, OPERATOR, RevokeKey(command_id="command-revoke", id=revoked["id"]))
    start = made["key"].rpartition("_")[0]
    other = make_key(records, "three")["key"].rpartition("_")[2]
    bad = {
        "not a key": "Bearer",
        "another's secret": f"{start}_{other}",
        "an unknown id": made["key"].replace(start[-26:], "0" * 26),
        "another node's": made["key"].replace("hk_yunnan_", "hk_gansu_"),
        "an account's id": made["key"].replace(start[-26:], made["account"][-26:]),
        "revoked": revoked["key"],
    }

    refusals = {}
    for what, key in bad.items():
        with pytest.raises(KeyRefused) as refused:
            handlers.authenticate(records, Authenticate(key=key))
        refusals[what] = refused.value.args

    assert len({str(arguments) for arguments in refusals.values()}) == 1
    assert refusals["revoked"][1] == {"code": "KEY_REFUSED"}


def test_a_revoked_key_stays_revoked(records: Records) -> None:
    """Revoking twice is no error, and the first time stays."""
    made = make_key(records)
    first = handlers.revoke_key(records, OPERATOR, RevokeKey(command_id="command-1", id=made["id"]))
    [listed] = handlers.list_keys(records, OPERATOR, ListKeys())["items"]
    again = handlers.revoke_key(records, OPERATOR, RevokeKey(command_id="command-2", id=made["id"]))
    [relisted] = handlers.list_keys(records, OPERATOR, ListKeys())["items"]

    assert listed["revoked_at"] is not None
    assert relisted == listed
    assert ("version" in first, "version" in again) == (True, False)


def test_lists_come_in_pages_and_show_no_sum(records: Records) -> None:
    """Every key is on one page exactly, and nothing on it helps to guess a secret."""
    made = {make_key(records, f"key {i}")["id"] for i in range(5)}
    listed: list[dict[str, Any]] = []
    more = True
    while more:
        after = listed[-1]["id"] if listed else ""
        page = handlers.list_keys(records, OPERATOR, ListKeys(first=2, after=after))
        listed += page["items"]
        more = page["has_next"]

    assert [key["id"] for key in listed] == sorted(made)
    assert all("sum" not in key for key in listed)


def test_keys_are_listed_by_account(records: Records) -> None:
    """An operator sees the keys of one person."""
    one, two = make_key(records, "one"), make_key(records, "two")
    page = handlers.list_keys(records, OPERATOR, ListKeys(account=two["account"]))
    accounts = handlers.list_accounts(records, OPERATOR, ListAccounts())

    assert [key["id"] for key in page["items"]] == [two["id"]]
    assert {account["id"] for account in accounts["items"]} == {one["account"], two["account"]}


@pytest.mark.parametrize("role", ["partner", "editor", "moderator"])
def test_others_than_operators_are_refused(records: Records, role: str) -> None:
    """The service enforces its table, whatever the gateway let through."""
    actor = Actor("somebody", frozenset({role}), NODE)
    made = make_key(records)
    attempts: list[Callable[[], Any]] = [
        lambda: handlers.create_account(
            records, actor, CreateAccount(command_id="command-1", name="a", roles=["partner"])
        ),
        lambda: handlers.create_key(
            records, actor, CreateKey(command_id="command-2", name="a", role="partner")
        ),
        lambda: handlers.revoke_key(
            records, actor, RevokeKey(command_id="command-3", id=made["id"])
        ),
        lambda: handlers.list_accounts(records, actor, ListAccounts()),
        lambda: handlers.list_keys(records, actor, ListKeys()),
    ]

    for attempt in attempts:
        with pytest.raises(NotAllowed):
            attempt()


def test_an_operator_cannot_make_a_coordinator(records: Records) -> None:
    """Neither by an account nor by a key."""
    with pytest.raises(NotAllowed):
        handlers.create_key(
            records, OPERATOR, CreateKey(command_id="command-1", name="a", role="coordinator")
        )
    with pytest.raises(NotAllowed):
        handlers.create_account(
            records,
            OPERATOR,
            CreateAccount(command_id="command-2", name="a", roles=["partner", "coordinator"]),
        )


def answered(username: str, password: str, **changed: str) -> AuthenticateDigest:
    """What a phone sends that knows this name and password (RFC 2617, 3.2.2)."""

    def md5(*parts: str) -> str:
        return hashlib.md5(":".join(parts).encode()).hexdigest()

    said = {"method": "HEAD", "uri": "/openrosa/submission", "nonce": "n", "nc": "00000001"}
    said |= {"cnonce": "c", "username": username, **changed}
    ha1 = md5(username, digest_realm(NODE), password)
    ha2 = md5("HEAD", "/openrosa/submission")
    response = md5(ha1, said["nonce"], said["nc"], said["cnonce"], "auth", ha2)
    return AuthenticateDigest(response=response, **said)


def test_a_key_answers_a_challenge_without_being_sent(records: Records) -> None:
    """Its name is the key without the secret, its password all of it."""
    made = make_key(records, role="editor")
    name = made["key"].rpartition("_")[0]
    found = handlers.authenticate_digest(records, answered(name, made["key"]))

    assert Actor(made["account"], frozenset({"editor"}), NODE) == Actor.from_wire(found["actor"])


@pytest.mark.parametrize("changed", [{"method": "POST"}, {"uri": "/"}])
def test_an_answer_to_another_challenge_is_refused(
    records: Records, changed: dict[str, str]
) -> None:
    """Method and address are in what is signed."""
    key = make_key(records)["key"]

    with pytest.raises(KeyRefused):
        handlers.authenticate_digest(records, answered(key.rpartition("_")[0], key, **changed))


def test_a_wrong_password_or_a_revoked_key_answers_nothing(records: Records) -> None:
    """Nor does a name that is no key's."""
    made = make_key(records)
    name = made["key"].rpartition("_")[0]
    for username, password in ((name, made["key"] + "0"), ("张三", made["key"]), (NODE, "")):
        with pytest.raises(KeyRefused):
            handlers.authenticate_digest(records, answered(username, password))
    handlers.revoke_key(records, OPERATOR, RevokeKey(command_id="revoke it", id=made["id"]))
    with pytest.raises(KeyRefused):
        handlers.authenticate_digest(records, answered(name, made["key"]))


def test_the_database_alone_answers_no_challenge(
    records: Records, database: Database[dict[str, Any]]
) -> None:
    """What Digest is checked with is sealed with a secret that the database has not."""
    made = make_key(records)
    ulid = made["id"].rpartition(".")[2]
    secret = bytes.fromhex(made["key"].rpartition("_")[2])

    assert ulid in everything_in(database)
    assert rules.digest_secret(made["id"], secret) not in everything_in(database)
