"""Performing what the protocol decides, on a store that fails."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any, Final

import pytest

from hinterland.batch import Batch, elide, encode
from hinterland.feeds import Applied
from hinterland.following import Following
from hinterland.replica import UNKNOWN_END, Judged, judge
from tests.simulation.store import MemoryStore
from tests.unit.replication import NOW, SERVICE, Node, membership_of

NOBODY: Final = frozenset[str]()


class StoreDown(Exception):
    """The database does not answer."""


class Frail(MemoryStore):
    """A store whose next appends fail, or are done by somebody else first."""

    def __init__(self) -> None:
        super().__init__(check=lambda payload: None, foreign_kinds=NOBODY)
        self.failing = 0
        self.overtaken = False

    def append(self, batch: Batch, judged: Sequence[Judged]) -> Applied:
        if self.failing:
            self.failing -= 1
            raise StoreDown
        if self.overtaken:
            super().append(batch, judged)
        return super().append(batch, judged)


@pytest.fixture
def store() -> Frail:
    return Frail()


@pytest.fixture
def yunnan() -> Node:
    return Node("yunnan")


@pytest.fixture
def published() -> list[tuple[str, bytes]]:
    return []


@pytest.fixture
def following(store: Frail, yunnan: Node, published: list[Any]) -> Following:
    national = Node("national")
    return Following(
        node="national",
        service=SERVICE,
        key=national.key,
        store=store,
        check=lambda payload: None,
        foreign_kinds=NOBODY,
        publish=lambda key, body: published.append((key, body)),
        changed=lambda applied: None,
        random=Random(1),
        membership=membership_of(national, yunnan),
    )


def take(following: Following, batch: Batch, now: float = NOW) -> None:
    following.receive(f"feed.{SERVICE}.yunnan", encode(batch), now)


def append(store: MemoryStore, batch: Batch) -> None:
    """As the home does it, or another instance of the service."""
    header = batch.header
    judged = [
        judge(header, n, line, foreign_kinds=NOBODY, check=lambda payload: None)
        for n, line in enumerate(batch.payloads, header.first)
    ]
    MemoryStore.append(store, batch, judged)


def test_what_was_not_stored_is_not_remembered(
    following: Following, store: Frail, yunnan: Node
) -> None:
    """A store that fails says so to its caller, and the same message succeeds later."""
    store.failing = 1
    batch = yunnan.write()
    with pytest.raises(StoreDown):
        take(following, batch)
    take(following, batch)

    assert 1 == store.held_one(yunnan.feed).n
    assert following.replica.held[yunnan.feed] == store.held_one(yunnan.feed)


def test_another_instance_may_be_faster(following: Following, store: Frail, yunnan: Node) -> None:
    """A batch that somebody else has appended in the meantime is no fault."""
    store.overtaken = True
    take(following, yunnan.write())

    assert following.replica.held[yunnan.feed] == store.held_one(yunnan.feed)


def test_a_payload_that_somebody_else_filled_is_no_hole(
    following: Following, store: Frail, yunnan: Node
) -> None:
    """What is remembered of holes is what is stored."""
    batch = yunnan.write(2)
    take(following, elide(batch, [1, 2]))
    header = batch.header
    whole = [
        judge(header, n, line, foreign_kinds=NOBODY, check=lambda payload: None)
        for n, line in enumerate(batch.payloads, 1)
    ]
    store.fill(batch, whole)
    take(following, batch)

    assert 0 == following.replica.held[yunnan.feed].hole_count


def test_the_own_head_is_read_before_it_is_told(
    following: Following, store: Frail, published: list[tuple[str, bytes]]
) -> None:
    """Whoever wrote to our feed may have died before he said so."""
    append(store, Node("national").write())
    following.tick(NOW)

    [heads] = [body for key, body in published if key == "heads.national"]
    assert b'["national/notes",1,1,' in heads


def test_a_fork_in_the_middle_freezes_the_feed(
    following: Following, store: Frail, yunnan: Node
) -> None:
    """The store compares what the protocol has forgotten."""
    other = yunnan.sealed(text="to others")
    for _ in range(3):
        take(following, yunnan.write())
    take(following, other)

    assert "two signed headers" in (store.held_one(yunnan.feed).frozen or "")


def test_a_lost_tail_is_remembered_in_the_store(
    following: Following, store: Frail, yunnan: Node
) -> None:
    """After a crash no write may take the numbers of what others still hold."""
    own = Node("national", key=following._key)  # type: ignore[arg-type]
    own.write()
    frame = encode(own.write())
    body = yunnan.says("give", [frame], re=1, feed=own.feed, more=False)
    following.receive(f"give.{SERVICE}.national", body, NOW)

    assert UNKNOWN_END == store.held_one(own.feed).recover_to


def test_what_another_instance_wrote_is_not_lost(
    following: Following, store: Frail, yunnan: Node
) -> None:
    """A peer may know of our newest batch before this instance does."""
    own = Node("national", key=following._key)  # type: ignore[arg-type]
    for _ in range(2):
        append(store, own.write())
    body = yunnan.says("give", [encode(own.batches[1])], re=1, feed=own.feed, more=False)
    following.receive(f"give.{SERVICE}.national", body, NOW)

    assert 0 == store.held_one(own.feed).recover_to
    assert 2 == following.replica.held[own.feed].n


def test_the_status_is_json(following: Following, yunnan: Node) -> None:
    """It says of every feed where it ends, and what is wrong with it."""
    take(following, yunnan.write())
    following.receive(f"feed.{SERVICE}.yunnan", b"rubbish", NOW)
    status = following.status()

    assert ["national/notes", "yunnan/notes"] == [feed["feed"] for feed in status["feeds"]]
    assert {"feed.notes.yunnan": 1} == status["dropped"]
