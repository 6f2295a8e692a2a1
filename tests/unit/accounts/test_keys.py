"""The text of an API key, and what proves the right to it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hinterland.clock import ULID_ALPHABET
from services.accounts import rules

SECRETS = st.binary(min_size=rules.SECRET_BYTES, max_size=rules.SECRET_BYTES)
NODES = st.from_regex(r"[a-z][a-z0-9-]{1,30}", fullmatch=True)
ULIDS = st.text(ULID_ALPHABET, min_size=26, max_size=26)
ID = "yunnan.key.01KB2ZJ4N4T2Y6Q9R8S7V5W3X1"
SECRET = bytes(range(32))


@given(NODES, ULIDS, SECRETS)
def test_a_key_is_read_as_it_was_written(node: str, ulid: str, secret: bytes) -> None:
    """Its parts are the record's id and the secret, for every id that there can be."""
    record_id = rules.key_id(node, ulid)

    assert rules.read_key(rules.key_text(record_id, secret)) == (record_id, secret.hex())


@given(st.text(max_size=200))
def test_text_that_is_no_key_is_no_error(text: str) -> None:
    """Whatever is sent instead of a key is refused like a key that does not exist."""
    assert rules.read_key(text) is None


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text + "\n",
        lambda text: " " + text,
        lambda text: text.upper(),
        lambda text: text.replace("hk_", "hk-"),
        lambda text: text[:-1],
        lambda text: text + "0",
        lambda text: text.replace("yunnan", "yun_nan"),
    ],
)
def test_a_key_with_one_sign_wrong_is_none(change: object) -> None:
    """Nothing is guessed about a mistyped key."""
    assert callable(change)
    assert rules.read_key(change(rules.key_text(ID, SECRET))) is None


@given(SECRETS, SECRETS)
def test_only_the_secret_itself_proves(secret: bytes, other: bytes) -> None:
    """Another secret is refused, and so is any where there is no key."""
    kept = rules.sum_of(secret.hex())

    assert rules.proves(secret.hex(), kept)
    assert rules.proves(other.hex(), kept) == (other == secret)
    assert not rules.proves(secret.hex(), None)


def test_a_key_is_worth_its_one_role() -> None:
    """An account with two roles acts with the one that the key was made for."""
    actor = rules.actor_of("yunnan.account.1", ["editor", "operator"], "editor", "yunnan")

    assert actor is not None
    assert (actor.account, actor.roles, actor.node) == (
        "yunnan.account.1",
        frozenset({"editor"}),
        "yunnan",
    )


def test_a_key_is_worth_nothing_once_its_account_has_lost_the_role() -> None:
    """Taking a role from an account takes it from its keys."""
    assert rules.actor_of("yunnan.account.1", ["editor"], "operator", "yunnan") is None
