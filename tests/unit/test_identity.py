"""Keys, the root statement and membership."""

from __future__ import annotations

import base64
from pathlib import Path

import orjson
import pytest

from hinterland.identity import (
    BadRootStatement,
    BadSigningKey,
    Cutoff,
    KeyExposed,
    Member,
    Membership,
    NodeKey,
    RootStatement,
    Verdict,
    federation_id,
    federation_name,
    is_public_key,
    verify,
)

WHEN = "2026-01-31T08:05:00.000Z"
HASH = "ab" * 32


@pytest.fixture
def root_key() -> NodeKey:
    return NodeKey.generate()


@pytest.fixture
def statement(root_key: NodeKey) -> RootStatement:
    return RootStatement.issue(
        root_key,
        name="china",
        coordinator="national",
        key=NodeKey.generate().public,
        issued_at=WHEN,
    )


def member(node: str, **fields: object) -> Member:
    body = {"node": node, "region": "CN-YN", "name": node, "key": NodeKey.generate().public}
    return Member.from_dict({**body, "joined_at": WHEN, **fields})


def resigned(statement: RootStatement, by: NodeKey, **changes: object) -> str:
    content = orjson.loads(statement.text.split("\n")[1]) | changes
    line = orjson.dumps(content)
    signature = base64.b64encode(by.sign(b"hinterland root statement v1\n" + line))
    return (signature + b"\n" + line + b"\n").decode()


def test_only_the_signed_bytes_verify() -> None:
    """A signature holds for its key and its exact bytes, and for nothing else."""
    key, other = NodeKey.generate(), NodeKey.generate()

    signature = key.sign(b"rice")

    assert verify(key.public, signature, b"rice")
    assert not verify(key.public, signature, b"rice ")
    assert not verify(other.public, signature, b"rice")
    assert not verify(key.public, signature[:-1], b"rice")


@pytest.mark.parametrize("public", ["", "rice", "é", base64.b64encode(b"short").decode()])
def test_a_broken_public_key_verifies_nothing(public: str) -> None:
    """A key that is none is an answer, not an exception."""
    signature = NodeKey.generate().sign(b"rice")

    assert not verify(public, signature, b"rice")
    assert not is_public_key(public)


def test_a_public_key_has_one_spelling() -> None:
    """Base64 with stray bits at its end decodes to the same key, and is refused."""
    public = NodeKey.generate().public
    last = chr(ord(public[-2]) + 1)

    assert is_public_key(public)
    assert not is_public_key(public[:-2] + last + "=")


def test_a_key_file_is_its_owners_alone(tmp_path: Path) -> None:
    """A saved key comes back the same, readable by nobody else."""
    key, path = NodeKey.generate(), tmp_path / "node.key"

    key.save(path)

    assert path.stat().st_mode & 0o777 == 0o600
    assert NodeKey.load(path).public == key.public


def test_a_key_file_is_never_overwritten(tmp_path: Path) -> None:
    """A second save leaves the first key where it is."""
    first, path = NodeKey.generate(), tmp_path / "node.key"
    first.save(path)

    with pytest.raises(FileExistsError):
        NodeKey.generate().save(path)

    assert NodeKey.load(path).public == first.public


def test_an_exposed_key_file_is_refused(tmp_path: Path) -> None:
    """A key that others can read is refused with the remedy."""
    path = tmp_path / "node.key"
    NodeKey.generate().save(path)
    path.chmod(0o640)

    with pytest.raises(KeyExposed, match="chmod 600"):
        NodeKey.load(path)


def test_a_file_without_a_key_is_refused(tmp_path: Path) -> None:
    """Anything but an Ed25519 private key is refused."""
    path = tmp_path / "node.key"
    path.touch(0o600)
    path.write_text("not a key")

    with pytest.raises(BadSigningKey):
        NodeKey.load(path)


def test_a_key_does_not_show_itself() -> None:
    """A key in a log line gives nothing away."""
    assert "PRIVATE" not in repr(NodeKey.generate())
    assert "Ed25519PrivateKey" not in repr(NodeKey.generate())


def test_a_secret_is_made_again_by_its_key_alone() -> None:
    """One key and one purpose give one secret; another of either gives another."""
    key = NodeKey.generate()

    secret = key.secret("broker password", "gansu")

    assert secret == NodeKey.from_pem(key.to_pem()).secret("broker password", "gansu")
    assert len({secret, key.secret("broker password", "hunan"), key.secret("gansu")}) == 3
    assert secret != NodeKey.generate().secret("broker password", "gansu")


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("China", "china"),
        ("Hinterland demo", "hinterland-demo"),
        ("  NGO-Netz 2026! ", "ngo-netz-2026"),
        ("全国公益", "federation"),
        ("2026", "federation"),
        ("x", "federation"),
        ("a" * 30 + " b", "a" * 30),
    ],
)
def test_a_federation_is_named_after_its_title(title: str, name: str) -> None:
    """The id begins with what is left of the title in small Latin letters."""
    assert federation_name(title) == name


def test_a_statement_is_read_back(root_key: NodeKey, statement: RootStatement) -> None:
    """What the root key issued is read back equal, with the id that its key makes."""
    assert RootStatement.read(statement.text) == statement
    assert statement.federation == federation_id("china", root_key.public)
    assert len(statement.text.splitlines()) == 2


def test_a_changed_statement_is_refused(statement: RootStatement) -> None:
    """Another coordinator under the old signature is refused."""
    forged = statement.text.replace("national", "gansu")

    with pytest.raises(BadRootStatement):
        RootStatement.read(forged)


def test_a_statement_by_another_root_is_refused(statement: RootStatement) -> None:
    """Another root key cannot speak for the federation, whether or not it gives its own name."""
    other = NodeKey.generate()

    for changes in ({}, {"root": other.public}):
        with pytest.raises(BadRootStatement):
            RootStatement.read(resigned(statement, other, **changes))


@pytest.mark.parametrize(
    "text", ["", "\n", "a\nb", "a\nb\nc\n", "AAAA\n{}\n", "AAAA\n[]\n", "é\n1\n"]
)
def test_a_garbled_statement_is_refused(text: str) -> None:
    """Anything that is not a statement is refused in the same way."""
    with pytest.raises(BadRootStatement):
        RootStatement.read(text)


def test_unknown_fields_of_a_statement_are_borne(
    root_key: NodeKey, statement: RootStatement
) -> None:
    """A newer node may add a field to the statement."""
    newer = resigned(statement, root_key, colour="red")

    assert RootStatement.read(newer) == statement


def test_a_statement_alone_makes_the_coordinator_a_member(statement: RootStatement) -> None:
    """Before any record came, the coordinator is believed and nobody else."""
    membership = Membership.under(statement)

    assert membership.feed == "national/federation"
    assert membership.key_of("national") == statement.key
    assert membership.accepts("national/federation", 1, 1, HASH) == "ok"
    assert membership.accepts("gansu/directory", 1, 1, HASH) == "unknown writer"


def test_records_cannot_replace_or_expel_the_coordinator(statement: RootStatement) -> None:
    """The root statement outranks a member record about the coordinator."""
    usurped = member("national", expelled={})

    membership = Membership.under(statement, [usurped])

    assert membership.key_of("national") == statement.key
    assert membership.is_member("national")


def test_an_expelled_node_counts_up_to_its_cutoff(statement: RootStatement) -> None:
    """Up to the named position anything is accepted, beyond it nothing is."""
    gone = member("gansu", expelled={"gansu/directory": [1, 40, HASH]})
    membership = Membership.under(statement, [gone])

    assert membership.accepts("gansu/directory", 1, 39, "cd" * 32) is Verdict.OK
    assert membership.accepts("gansu/directory", 1, 40, HASH) is Verdict.OK
    assert membership.accepts("gansu/directory", 1, 40, "cd" * 32) is Verdict.BEYOND_EXPULSION
    assert membership.accepts("gansu/directory", 1, 41, HASH) is Verdict.BEYOND_EXPULSION
    assert membership.accepts("gansu/directory", 2, 1, HASH) is Verdict.BEYOND_EXPULSION
    assert membership.accepts("gansu/map", 1, 1, HASH) is Verdict.BEYOND_EXPULSION


def test_an_expelled_node_keeps_its_key_but_not_its_seat(statement: RootStatement) -> None:
    """What an expelled node wrote before still verifies; it is answered no more."""
    gone = member("gansu", expelled={})

    membership = Membership.under(statement, [gone])

    assert membership.key_of("gansu") == gone.key
    assert not membership.is_member("gansu")
    assert not membership.is_member("nobody")


def test_a_membership_is_read_back_with_fields_of_newer_nodes(statement: RootStatement) -> None:
    """Through JSON and back nothing is lost, known or not."""
    membership = Membership.under(
        statement,
        [
            member("gansu", expelled={"gansu/map": [1, 2, HASH]}, motto="山"),
            member("yunnan", successor="gansu", succeeded_from={"yunnan/map": [1, 9, HASH]}),
            member("hunan", former_keys=[{"key": "old", "until": {"hunan/map": [1, 3, HASH]}}]),
        ],
    )

    again = Membership.from_dict(orjson.loads(orjson.dumps(membership.to_dict())))

    assert again == membership
    assert again.members["gansu"].unknown == {"motto": "山"}
    assert again.members["yunnan"].succeeded_from["yunnan/map"] == Cutoff(1, 9, HASH)
