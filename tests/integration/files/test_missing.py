"""Missing bodies and their parts: the same on a real mongod and on the shelf in memory."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import pytest

from hinterland.files.courier import Shelf
from hinterland.files.missing import POSTPONED_S_MAX
from hinterland.files.pieces import CHUNK_BYTES, Kept, MissingFile, Outcome
from hinterland.files.reference import FileReference
from hinterland.transactions import transact
from tests.integration.files.conftest import Clock, Node, OpenNode, prepared, reference, sha256
from tests.unit.files.memory import MemoryShelf

BODY = os.urandom(3 * CHUNK_BYTES + 1000)
NAME = sha256(BODY)


class Expect(Protocol):
    def __call__(self, content: bytes, size: int | None = None, home: str = "gansu") -> None: ...


@dataclass
class Kind:
    """One kind of shelf, and how a record makes it expect a body."""

    shelf: Shelf
    expect: Expect
    body: Callable[[bytes], bytes]


@pytest.fixture(params=["mongod", "memory"])
def kind(request: pytest.FixtureRequest, clock: Clock) -> Kind:
    if request.param == "memory":
        shelf = MemoryShelf(lambda: clock().timestamp())

        def expect(content: bytes, size: int | None = None, home: str = "gansu") -> None:
            shelf.missing.expect(sha256(content), size or len(content), home)

        return Kind(shelf, expect, lambda content: shelf.bodies.get(sha256(content), b""))
    node: Node = request.getfixturevalue("node")
    return Kind(node.library, expecting(node), lambda content: content_of(node, content))


def expecting(node: Node) -> Expect:
    def expect(content: bytes, size: int | None = None, home: str = "gansu") -> None:
        about = FileReference.model_validate(reference(content) | {"size": size or len(content)})
        transact(
            node.store.collection("records").database,
            lambda session: node.library.settle(session, home, {about.sha256: about}, ()),
        )

    return expect


def content_of(node: Node, content: bytes) -> bytes:
    body = node.library.open(sha256(content))
    return b"".join(node.library.stream(body)) if body else b""


def keep(kind: Kind, start: int, end: int, giver: str = "gansu", body: bytes = BODY) -> Kept:
    return kind.shelf.missing.keep(NAME, start, len(body), body[start:end], giver)


def test_nothing_is_missing_at_first(kind: Kind) -> None:
    """Nor does anything happen to what nobody expects."""
    assert kind.shelf.missing.next() is None
    assert kind.shelf.missing.restart(NAME) is None
    assert Kept(Outcome.GONE) == keep(kind, 0, CHUNK_BYTES)
    kind.shelf.missing.postpone(NAME, 5)
    kind.shelf.missing.hasten()


def test_parts_become_a_body(kind: Kind) -> None:
    """In order, from whoever gives them, checked against the name at the end."""
    kind.expect(BODY)
    assert MissingFile(NAME, len(BODY), "gansu") == kind.shelf.missing.next()

    part = keep(kind, 0, 2 * CHUNK_BYTES)
    expected = MissingFile(
        NAME, len(BODY), "gansu", got=2 * CHUNK_BYTES, total=len(BODY), givers=("gansu",)
    )
    assert Kept(Outcome.PART, expected) == part
    assert expected == kind.shelf.missing.next()
    assert kind.body(BODY) == b""
    assert keep(kind, 2 * CHUNK_BYTES, len(BODY), "national") == Kept(
        Outcome.COMPLETE, givers=("gansu", "national")
    )

    assert kind.body(BODY) == BODY
    assert kind.shelf.missing.next() is None


def test_a_part_that_does_not_follow_is_not_kept(kind: Kind) -> None:
    """Too early, too late, or of a file of another size: what is here stays as it is."""
    kind.expect(BODY)
    here = keep(kind, 0, CHUNK_BYTES).file
    stale = Kept(Outcome.STALE, here)

    assert stale == keep(kind, 0, CHUNK_BYTES)
    assert stale == keep(kind, 2 * CHUNK_BYTES, len(BODY))
    assert stale == keep(kind, CHUNK_BYTES, 2 * CHUNK_BYTES, body=BODY + b"more")
    assert here == kind.shelf.missing.next()
    for start, end in ((1, CHUNK_BYTES + 1), (0, 5)):
        with pytest.raises(ValueError, match="chunks"):
            keep(kind, start, end)


def test_other_bytes_are_thrown_away(kind: Kind) -> None:
    """And from then on one node has to give all of it."""
    kind.expect(BODY)
    keep(kind, 0, CHUNK_BYTES, "gansu")
    other = BODY[:-1] + bytes([BODY[-1] ^ 1])
    wrong = keep(kind, CHUNK_BYTES, len(BODY), "liar", other)

    again = MissingFile(NAME, len(BODY), "gansu", alone=True)
    assert Kept(Outcome.WRONG, again, ("gansu", "liar")) == wrong
    assert kind.body(BODY) == b""
    assert Outcome.COMPLETE == keep(kind, 0, len(BODY)).outcome
    assert kind.body(BODY) == BODY


def test_the_smallest_comes_first(kind: Kind) -> None:
    """By what their records say, which may be wrong: then it is only the order that is."""
    kind.expect(b"large" * 1000)
    kind.expect(b"small")
    kind.expect(b"in truth it is long", size=7)

    first = kind.shelf.missing.next()
    assert first is not None
    assert sha256(b"small") == first.sha256
    kind.shelf.missing.keep(first.sha256, 0, 5, b"small", "gansu")
    second = kind.shelf.missing.next()
    assert second is not None
    long = b"in truth it is long"
    kept = kind.shelf.missing.keep(second.sha256, 0, len(long), long, "gansu")
    assert Outcome.COMPLETE == kept.outcome


def test_what_is_postponed_waits(kind: Kind, clock: Clock) -> None:
    """Until its time, or until somebody is there again; others go on meanwhile."""
    kind.expect(b"first")
    kind.expect(b"second!")
    kind.shelf.missing.postpone(sha256(b"first"), 60)
    second = kind.shelf.missing.next()
    assert second is not None
    assert sha256(b"second!") == second.sha256
    kind.shelf.missing.postpone(sha256(b"second!"), 120)
    assert kind.shelf.missing.next() is None

    clock.advance(61)
    first = kind.shelf.missing.next()
    assert first is not None
    assert (sha256(b"first"), 1) == (first.sha256, first.tries)
    kind.shelf.missing.postpone(sha256(b"first"), 60)
    kind.shelf.missing.hasten()
    assert kind.shelf.missing.next() is not None


def test_a_part_makes_up_for_failed_tries(kind: Kind) -> None:
    """But not where rubbish was given before: whoever gives rubbish could give it for ever."""
    kind.expect(BODY)
    kind.shelf.missing.postpone(NAME, 0)
    part = keep(kind, 0, CHUNK_BYTES).file
    assert part is not None
    assert part.tries == 0
    kind.shelf.missing.restart(NAME)
    kind.shelf.missing.postpone(NAME, 0)
    part = keep(kind, 0, CHUNK_BYTES).file
    assert part is not None
    assert (part.alone, part.tries) == (True, 1)


# On a real mongod alone


def test_parts_survive_a_restart(open_node: OpenNode) -> None:
    """Whoever starts again goes on where he was."""
    expecting(open_node())(BODY)
    open_node().library.missing.keep(NAME, 0, len(BODY), BODY[:CHUNK_BYTES], "gansu")
    again = open_node()
    kept = again.library.missing.keep(NAME, CHUNK_BYTES, len(BODY), BODY[CHUNK_BYTES:], "national")

    assert Outcome.COMPLETE == kept.outcome
    assert again.holds(BODY)


def test_a_crash_before_the_check_is_made_up_for(
    open_node: OpenNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All parts are here and nobody has looked: the next start does."""
    node = open_node()
    expecting(node)(BODY)

    def crash(found: Any) -> Kept:
        raise KeyboardInterrupt

    monkeypatch.setattr(node.library.missing, "_finish", crash)
    with pytest.raises(KeyboardInterrupt):
        node.library.missing.keep(NAME, 0, len(BODY), BODY, "gansu")
    again = open_node()

    assert again.library.missing.next() is None
    assert again.holds(BODY)


def test_an_upload_is_as_good_as_a_fetch(node: Node) -> None:
    """Somebody here has the same photo: it is not fetched, and its parts go."""
    expecting(node)(BODY)
    node.library.missing.keep(NAME, 0, len(BODY), BODY[:CHUNK_BYTES], "gansu")
    node.library.add(prepared(BODY))

    assert node.library.missing.next() is None
    assert node.holds(BODY)
    assert len(BODY) == node.bytes_left()
    assert Outcome.GONE == node.library.missing.keep(NAME, 0, len(BODY), BODY, "gansu").outcome


def test_an_erase_takes_the_parts_with_it(node: Node) -> None:
    """What has come of a file goes with the last record that referred to it."""
    expecting(node)(BODY)
    node.library.missing.keep(NAME, 0, len(BODY), BODY[:CHUNK_BYTES], "gansu")
    transact(
        node.store.collection("records").database,
        lambda session: node.library.settle(session, "gansu", {}, [NAME]),
    )

    assert node.bytes_left() == 0
    assert node.library.missing.next() is None


def test_a_clock_that_was_put_back_holds_nothing_up(node: Node, clock: Clock) -> None:
    """What was postponed until next year is asked for now."""
    clock.advance(365 * 86400)
    expecting(node)(BODY)
    node.library.missing.postpone(NAME, POSTPONED_S_MAX)
    clock.advance(-365 * 86400)

    assert node.library.missing.next() is not None


def test_a_home_has_so_much_space_and_no_more(open_node: OpenNode) -> None:
    """Beyond it nothing more of it is fetched; others' files are, and the status says so."""
    node = open_node(home_bytes_max=1000)
    expect = expecting(node)
    expect(b"x" * 999, home="gansu")
    node.library.missing.keep(sha256(b"x" * 999), 0, 999, b"x" * 999, "gansu")
    expect(b"y", home="gansu")
    node.library.missing.keep(sha256(b"y"), 0, 1, b"y", "gansu")
    expect(b"z", home="gansu")
    assert node.library.missing.next() is None
    expect(b"hunan's", home="hunan")

    found = node.library.missing.next()
    assert found is not None
    assert found.home == "hunan"
    assert node.library.status()["full"] == ["gansu"]


def test_parts_take_space_too(open_node: OpenNode) -> None:
    """A home whose files nobody gives to the end does not fill the disk with their beginnings."""
    node = open_node(home_bytes_max=CHUNK_BYTES)
    expecting(node)(BODY, home="gansu")
    node.library.missing.keep(NAME, 0, len(BODY), BODY[:CHUNK_BYTES], "gansu")
    assert node.library.missing.full_homes() == ["gansu"]
    assert node.library.missing.next() is None
    node.library.missing.restart(NAME)

    assert node.library.missing.full_homes() == []
    assert node.library.status()["bytes"] == 0


def test_the_space_of_a_home_is_free_again_when_its_files_go(open_node: OpenNode) -> None:
    """Every byte is counted once, in and out."""
    node = open_node(home_bytes_max=1000)
    expecting(node)(b"x" * 1000)
    node.library.missing.keep(sha256(b"x" * 1000), 0, 1000, b"x" * 1000, "gansu")
    assert node.library.missing.full_homes() == ["gansu"]
    transact(
        node.store.collection("records").database,
        lambda session: node.library.settle(session, "gansu", {}, [sha256(b"x" * 1000)]),
    )

    assert node.library.missing.full_homes() == []


def test_a_node_is_not_limited_in_its_own_files(open_node: OpenNode) -> None:
    """A restored database takes back what it lost, however much that is."""
    node = open_node(home_bytes_max=10)
    node.library.add(prepared(BODY))
    expecting(node)(b"lost", home="yunnan")

    assert node.library.missing.next() is not None


def test_a_type_is_found_here_not_believed(node: Node) -> None:
    """A record may call a page a photo; what it is served as comes from its bytes."""
    page = b"<html><script>alert(1)</script></html>"
    about = FileReference.model_validate(reference(page) | {"type": "image/jpeg"})
    transact(
        node.store.collection("records").database,
        lambda session: node.library.settle(session, "gansu", {about.sha256: about}, ()),
    )
    node.library.missing.keep(sha256(page), 0, len(page), page, "gansu")
    body = node.library.open(sha256(page))

    assert body is not None
    assert body.type == "application/octet-stream"
