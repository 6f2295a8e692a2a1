"""One suite over both stores: what the simulation stands on behaves as what a service stands on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

import pytest
from pymongo import GEOSPHERE, IndexModel
from pymongo.database import Database

from hinterland.batch import (
    DIGEST_OF_NOTHING,
    Batch,
    Draft,
    Payload,
    Position,
    decode,
    elide,
    payload_line,
    seal,
)
from hinterland.feeds import Applied, FeedStore, HeadMoved, Own
from hinterland.feeds.plan import apply_entries
from hinterland.following import Store
from hinterland.identity import Cutoff, NodeKey
from hinterland.replica import Judged, judge
from tests.simulation.store import MemoryStore

FEED: Final = "yunnan/notes"
KEY: Final = NodeKey.generate()
AT: Final = "2026-01-31T08:05:00.000Z"
OTHER_HASH: Final = "ab" * 32
FOREIGN: Final = frozenset({"ngo"})
BIG: Final = "x" * 20_000


def check(payload: Payload) -> str | None:
    """Version 1 of this room cannot read what says that it is newer, until it `learns`."""
    return "newer" if payload.body.get("newer") and not check.learned else None  # type: ignore[attr-defined]


check.learned = False  # type: ignore[attr-defined]


def index(kind: str, body: dict[str, Any]) -> dict[str, Any]:
    return {"place": body["place"]} if "place" in body else {"size": len(body["text"])}


class Inspected(Protocol):
    """A store, and how a test looks into it."""

    @property
    def store(self) -> Store: ...

    def shown(self) -> dict[str, tuple[int, str, dict[str, Any]]]:
        """By id: number, scope and body of every accepted record."""

    def pending(self) -> dict[str, tuple[int, str]]:
        """By id: number and cause of every entry that could not be applied."""

    def hidden(self) -> list[int]:
        """First numbers of batches that were taken back."""

    def retry(self) -> list[Applied]: ...

    def compact(self) -> int: ...


@dataclass
class InMemory:
    store: MemoryStore

    def shown(self) -> dict[str, tuple[int, str, dict[str, Any]]]:
        return {
            record_id: (shown.n, shown.payload.scope, shown.payload.body)
            for record_id, shown in self.store.tables.records.items()
        }

    def pending(self) -> dict[str, tuple[int, str]]:
        return {
            record_id: (standing.pending.n, str(standing.pending.why))
            for standings in self.store.tables.standings.values()
            for record_id, standing in standings.items()
            if standing.pending is not None
        }

    def hidden(self) -> list[int]:
        return [batch.header.first for batch in self.store.tables.hidden.get(FEED, ())]

    def retry(self) -> list[Applied]:
        return self.store.retry()

    def compact(self) -> int:
        return self.store.compact()


@dataclass
class InMongo:
    store: FeedStore

    def shown(self) -> dict[str, tuple[int, str, dict[str, Any]]]:
        return {
            found["_id"]: (found["n"], found["scope"], found["body"])
            for found in self.store.collection("records").find()
        }

    def pending(self) -> dict[str, tuple[int, str]]:
        return {
            found["record"]: (found["n"], found["why"])
            for found in self.store.collection("pending").find()
        }

    def hidden(self) -> list[int]:
        return [found["first"] for found in self.store.collection("hidden").find(sort={"_id": 1})]

    def retry(self) -> list[Applied]:
        return self.store.retry(found["_id"] for found in self.store.quarantined())

    def compact(self) -> int:
        return self.store.compact()


@pytest.fixture(autouse=True)
def _a_room_that_has_learned_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check, "learned", False)


@pytest.fixture(params=["memory", "mongo"])
def inspected(request: pytest.FixtureRequest) -> Inspected:
    if request.param == "memory":
        return InMemory(MemoryStore(check=check, foreign_kinds=FOREIGN))
    database: Database[dict[str, Any]] = request.getfixturevalue("database")
    store = FeedStore(database, node="national", index=index, check=check, foreign_kinds=FOREIGN)
    store.ensure_indexes()
    return InMongo(store)


@pytest.fixture
def store(inspected: Inspected) -> Store:
    return inspected.store


def put(number: int, text: str = "", kind: str = "note", **body: Any) -> Draft:
    record_id = f"yunnan.{kind}.{number}"
    salt = number.to_bytes(16)
    line = payload_line(record_id, kind, "public", {"text": text or str(number), **body}, salt)
    return Draft(record_id, kind, "put", "a1", line)


def end(number: int, op: str) -> Draft:
    return Draft(f"yunnan.note.{number}", "note", op, None, b"")


class Home:
    """Signs batches that follow each other, and knows how its own records stand."""

    def __init__(self) -> None:
        self.batches: list[Batch] = []
        self._standings: dict[str, Any] = {}

    def write(self, *drafts: Draft, **header: Any) -> Batch:
        last = self.batches[-1].header if self.batches else None
        first = last.last + 1 if last else 1
        fields: dict[str, Any] = {
            "federation": "",
            "key": KEY.public,
            "feed": FEED,
            "epoch": 1,
            "first": first,
            "prev": last.hash if last else "",
            "digest": DIGEST_OF_NOTHING,
            "at": AT,
            "sign": KEY.sign,
            **header,
        }
        draft_of = seal(drafts, **fields)
        before = last.digest if last else DIGEST_OF_NOTHING
        judged = verdicts(draft_of, lambda payload: None)
        after, digest, _ = apply_entries(1, judged, self._standings, before)
        self._standings |= after
        batch = seal(drafts, **(fields | {"digest": digest}))
        self.batches.append(batch)
        return batch


def verdicts(batch: Batch, room: Callable[[Payload], str | None] = check) -> list[Judged]:
    return [
        judge(batch.header, n, line, foreign_kinds=FOREIGN, check=room)
        for n, line in enumerate(batch.payloads, batch.header.first)
    ]


def append(store: Store, *batches: Batch) -> list[Applied]:
    return [store.append(batch, verdicts(batch)) for batch in batches]


def payloads(store: Store) -> dict[int, bool]:
    """By number: whether the payload is held."""
    frames, _ = store.read_after(FEED, Position(1, 0), 1 << 30)
    return {
        n: bool(line)
        for batch in map(decode, frames)
        for n, line in enumerate(batch.payloads, batch.header.first)
        if batch.header.entries[n - batch.header.first].sum
    }


# Append


def test_an_empty_store_holds_nothing(store: Store) -> None:
    """A feed of which nothing is held begins before its first number."""
    assert [] == store.held()
    assert (Position(1, 0), "") == (store.held_one(FEED).position, store.held_one(FEED).hash)
    assert ([], False) == store.read_after(FEED, Position(1, 0), 1000)


def test_what_was_appended_is_held_and_shown(inspected: Inspected) -> None:
    """Batch, records and head move together; what changed is told."""
    batch = Home().write(put(1, "one"), put(2, "two"))
    [applied] = append(inspected.store, batch)
    held = inspected.store.held_one(FEED)

    assert {
        "yunnan.note.1": (1, "public", {"text": "one"}),
        "yunnan.note.2": (2, "public", {"text": "two"}),
    } == inspected.shown()
    assert (Position(1, 2), batch.header.hash) == (held.position, held.hash)
    assert held == applied.held
    assert [held] == inspected.store.held()
    assert batch.header.digest == held.digest
    assert [("yunnan.note.1", "put", 1, "public"), ("yunnan.note.2", "put", 2, "public")] == [
        (change["id"], change["op"], change["n"], change["scope"]) for change in applied.changes
    ]


def test_the_version_grows_with_every_commit(store: Store) -> None:
    """Whoever has seen a version misses nothing that came later."""
    home = Home()
    versions = [
        applied.version for applied in append(store, *(home.write(put(i)) for i in range(5)))
    ]

    assert sorted(set(versions)) == versions


def test_a_gap_is_not_appended(store: Store) -> None:
    """N+2 on top of N is refused, and nothing of it stays."""
    home = Home()
    first, _, third = home.write(put(1)), home.write(put(2)), home.write(put(3))
    append(store, first)

    with pytest.raises(HeadMoved):
        append(store, third)

    assert Position(1, 1) == store.held_one(FEED).position


def test_one_number_is_written_once(store: Store) -> None:
    """Of two instances that append the same number, one is told that the head has moved."""
    first = Home().write(put(1, "mine"))
    other = Home().write(put(1, "yours"))
    append(store, first)

    for batch in (first, other):
        with pytest.raises(HeadMoved):
            append(store, batch)

    assert store.held_one(FEED).hash == first.header.hash


def test_what_follows_something_else_is_not_appended(store: Store) -> None:
    """The chain hash decides, not the number alone."""
    append(store, Home().write(put(1, "mine")))
    other = Home()
    other.write(put(1, "yours"))

    with pytest.raises(HeadMoved):
        append(store, other.write(put(2)))


def test_a_record_is_replaced_deleted_and_written_again(inspected: Inspected) -> None:
    """What is shown is the last version; the digest is the one that the home signed."""
    home = Home()
    batches = [
        home.write(put(1, "old"), put(2)),
        home.write(put(1, "new"), end(2, "delete")),
        home.write(put(2, "again"), put(2, "and again")),
    ]
    append(inspected.store, *batches)

    assert {
        "yunnan.note.1": (3, "public", {"text": "new"}),
        "yunnan.note.2": (6, "public", {"text": "and again"}),
    } == inspected.shown()
    assert batches[-1].header.digest == inspected.store.held_one(FEED).digest


def test_feeds_do_not_touch_each_other(inspected: Inspected) -> None:
    """An entry about another home's record changes nothing of it."""
    append(inspected.store, Home().write(put(1, "mine")))
    thief = Home()
    append(
        inspected.store,
        thief.write(put(1, "stolen"), feed="gansu/notes"),
        thief.write(end(1, "erase"), feed="gansu/notes"),
    )

    assert (1, "public", {"text": "mine"}) == inspected.shown()["yunnan.note.1"]
    assert {1: True} == payloads(inspected.store)


@pytest.mark.parametrize(
    "body", [{"$where": 1}, {"a.b": {"c.d": 1}}, {"": 1}, {"$ref": 1}, {"_id": 1}]
)
def test_awkward_field_names_come_back_as_they_were(
    inspected: Inspected, body: dict[str, Any]
) -> None:
    """A payload of a newer node may name its fields as it likes."""
    append(inspected.store, Home().write(put(1, "x", more=body, **body)))

    assert {"text": "x", "more": body, **body} == inspected.shown()["yunnan.note.1"][2]


# Reading


def test_batches_are_read_in_order_and_within_a_budget(store: Store) -> None:
    """A budget is reached, not kept; whether more remains is said."""
    home = Home()
    batches = [home.write(put(i, BIG + str(i))) for i in range(1, 5)]
    append(store, *batches)
    frames, more = store.read_after(FEED, Position(1, 1), 1)
    rest, none = store.read_after(FEED, Position(1, 2), 1 << 30)

    assert (batches[1:2], True) == ([decode(frame) for frame in frames], more)
    assert (batches[2:], False) == ([decode(frame) for frame in rest], none)


def test_the_batch_that_straddles_a_position_is_read(store: Store) -> None:
    """From it the asker sees that his own batches end elsewhere: a fork."""
    batch = Home().write(put(1), put(2), put(3))
    append(store, batch)

    assert [batch] == [decode(frame) for frame in store.read_after(FEED, Position(1, 2), 1000)[0]]


def test_batches_that_hold_given_numbers_are_read_once(store: Store) -> None:
    """Two numbers of one batch need it once; what is not held is left out."""
    home = Home()
    batches = [home.write(put(1), put(2)), home.write(put(3)), home.write(put(4), put(5))]
    append(store, *batches)
    frames = store.read_holding(FEED, 1, [5, 1, 2, 99], 1 << 20)

    assert [batches[0], batches[2]] == [decode(frame) for frame in frames]
    assert 1 == len(store.read_holding(FEED, 1, [1, 5], 1))
    assert [] == store.read_holding("gansu/notes", 1, [1], 1000)


def test_a_held_batch_is_known_again(store: Store) -> None:
    """Another one at its place is not held; what is beyond the end is nobody's yet."""
    home = Home()
    first, second, third = home.write(put(1)), home.write(put(2), put(3)), home.write(put(4))
    append(store, first, second)
    fork = Home()
    fork.batches = [first]
    shorter = fork.write(put(9))

    assert store.holds(first)
    assert store.holds(elide(first, [1]))
    assert not store.holds(shorter)
    assert store.holds(third)


# Holes and quarantine


def test_a_missing_payload_is_a_hole_until_it_is_filled(inspected: Inspected) -> None:
    """The head goes on, the old version stays visible, the digest is right all the time."""
    store, home = inspected.store, Home()
    first, second = home.write(put(1, "old")), home.write(put(1, "new"), put(2))
    append(store, first, elide(second, [2, 3]))
    held = store.held_one(FEED)
    lacking = (inspected.shown(), inspected.pending())
    applied = store.fill(second, verdicts(second))

    assert {2: "yunnan.note.1", 3: "yunnan.note.2"} == held.holes
    assert (2, second.header.digest) == (held.hole_count, held.digest)
    assert {"yunnan.note.1": (1, "public", {"text": "old"})} == lacking[0]
    assert {"yunnan.note.1": (2, "hole"), "yunnan.note.2": (3, "hole")} == lacking[1]
    assert applied is not None
    assert (0, {}, second.header.digest) == (
        applied.held.hole_count,
        applied.held.holes,
        applied.held.digest,
    )
    assert {1: True, 2: True, 3: True} == payloads(store)
    assert {"text": "new"} == inspected.shown()["yunnan.note.1"][2]


def test_what_does_not_lack_is_not_filled(store: Store) -> None:
    """A payload that came twice, or of a batch that is not held, changes nothing."""
    home = Home()
    first, second = home.write(put(1)), home.write(put(2))
    append(store, first)
    other = Home().write(put(1, "another"))

    assert store.fill(first, verdicts(first)) is None
    assert store.fill(second, verdicts(second)) is None
    assert store.fill(other, verdicts(other)) is None


def test_a_hole_that_was_superseded_closes_by_itself(inspected: Inspected) -> None:
    """What a later entry replaces or ends is not missing any more, and does not come back."""
    store, home = inspected.store, Home()
    first = home.write(put(1, "old"), put(2, "secret"))
    append(store, elide(first, [1, 2]), home.write(put(1, "new"), end(2, "erase")))

    assert (0, {}) == (store.held_one(FEED).hole_count, inspected.pending())
    assert store.fill(first, verdicts(first)) is None
    assert {1: False, 2: False, 3: True} == payloads(store)


def test_a_bad_entry_is_kept_alone_and_applied_after_an_upgrade(
    inspected: Inspected, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The others of its batch are applied; its payload is passed on; a retry applies it."""
    store, home = inspected.store, Home()
    batch = home.write(put(1, "plain"), put(2, "odd", newer=True))
    append(store, batch)
    before = (inspected.shown(), inspected.pending())
    early = inspected.retry()
    monkeypatch.setattr(check, "learned", True)
    [applied] = inspected.retry()

    assert ["yunnan.note.1"] == list(before[0])
    assert {"yunnan.note.2": (2, "quarantine")} == before[1]
    assert [] == early
    assert ["yunnan.note.2"] == [change["id"] for change in applied.changes]
    assert {1: True, 2: True} == payloads(store)
    assert {} == inspected.pending()
    assert {"text": "odd", "newer": True} == inspected.shown()["yunnan.note.2"][2]
    assert batch.header.digest == store.held_one(FEED).digest


def test_a_hole_may_turn_out_to_be_unreadable(inspected: Inspected) -> None:
    """Then it is not missing any more, but in quarantine."""
    store = inspected.store
    batch = Home().write(put(1, newer=True))
    append(store, elide(batch, [1]))
    applied = store.fill(batch, verdicts(batch))

    assert applied is not None
    assert 0 == applied.held.hole_count
    assert {"yunnan.note.1": (1, "quarantine")} == inspected.pending()
    assert {1: True} == payloads(store)


# Erase and compaction


def test_an_erase_elides_earlier_batches_in_the_same_commit(inspected: Inspected) -> None:
    """Current, superseded and unreadable payloads of the record: none of them is held after it."""
    store, home = inspected.store, Home()
    append(
        store,
        home.write(put(1, "a"), put(2, "stays")),
        home.write(put(1, "b"), put(1, "c", newer=True)),
        home.write(put(1, "d"), end(1, "erase")),
    )

    assert {1: False, 2: True, 3: False, 4: False, 5: False} == payloads(store)
    assert ["yunnan.note.2"] == list(inspected.shown())
    assert {} == inspected.pending()


def test_a_deleted_record_can_still_be_erased(inspected: Inspected) -> None:
    """A delete keeps past payloads; an erase after it does not."""
    store, home = inspected.store, Home()
    append(store, home.write(put(1, "a")), home.write(end(1, "delete")))
    deleted = payloads(store)
    append(store, home.write(end(1, "erase")))

    assert ({1: True}, {1: False}) == (deleted, payloads(store))


def test_an_erased_record_does_not_come_back(inspected: Inspected) -> None:
    """Payloads that a relay sends later are not taken in."""
    store, home = inspected.store, Home()
    first = home.write(put(1, "secret"))
    append(store, first, home.write(end(1, "erase")))

    assert store.fill(first, verdicts(first)) is None
    assert {1: False} == payloads(store)
    assert {} == inspected.shown()


def test_compaction_elides_what_was_superseded_and_nothing_else(inspected: Inspected) -> None:
    """Of every record the last version is held; the chain is as it was."""
    store, home = inspected.store, Home()
    batches = [
        home.write(put(1, "a"), put(2, "a")),
        home.write(put(1, "b"), put(3, "a")),
        home.write(put(1, "c"), end(3, "delete")),
    ]
    append(store, *batches)
    before = inspected.shown()
    done = inspected.compact()
    frames, _ = store.read_after(FEED, Position(1, 0), 1 << 20)

    assert 2 == done
    assert {1: False, 2: True, 3: False, 4: False, 5: True} == payloads(store)
    assert [batch.header for batch in batches] == [decode(frame).header for frame in frames]
    assert before == inspected.shown()
    assert 0 == inspected.compact()


def test_a_compacted_feed_is_followed_without_holes(inspected: Inspected) -> None:
    """Who comes late gets blank lines, and every record all the same."""
    store, home = inspected.store, Home()
    first, second = home.write(put(1, "a"), put(2)), home.write(put(1, "b"), end(2, "delete"))
    append(store, elide(first, [1, 2]), second)

    assert (0, {}) == (store.held_one(FEED).hole_count, inspected.pending())
    assert {"yunnan.note.1": (3, "public", {"text": "b"})} == inspected.shown()
    assert second.header.digest == store.held_one(FEED).digest


# Freezing, recovering, truncating


def test_a_frozen_feed_says_why(store: Store) -> None:
    """Also one of which nothing is held; the reason is there after a restart."""
    append(store, Home().write(put(1)))
    store.freeze(FEED, "two signed headers at 1.2")
    store.freeze("gansu/notes", "no beginning")

    assert "two signed headers at 1.2" == store.held_one(FEED).frozen
    assert Position(1, 1) == store.held_one(FEED).position
    assert "no beginning" == store.held_one("gansu/notes").frozen
    assert {FEED, "gansu/notes"} == {held.feed for held in store.held()}


def test_a_recovery_ends_when_the_tail_is_there(store: Store) -> None:
    """Not before; and it is remembered even where nothing is held."""
    home = Home()
    store.set_recovery(FEED, 2)
    begun = store.held_one(FEED).recover_to
    append(store, home.write(put(1)))
    half = store.held_one(FEED).recover_to
    append(store, home.write(put(2)))

    assert (2, 2, 0) == (begun, half, store.held_one(FEED).recover_to)


def test_a_recovery_can_be_called_off(store: Store) -> None:
    """What was lost has reached nobody."""
    store.set_recovery(FEED, 7)
    store.set_recovery(FEED, 0)

    assert 0 == store.held_one(FEED).recover_to


def _expelled(store: Store) -> tuple[Home, list[Batch]]:
    home = Home()
    batches = [
        home.write(put(1, "before"), put(2)),
        home.write(put(3)),
        home.write(put(1, "after"), put(4), end(2, "delete")),
        home.write(put(3, "after")),
    ]
    append(store, *batches)
    return home, batches


def _cutoff(batch: Batch) -> Cutoff:
    return Cutoff(1, batch.header.last, batch.header.hash)


def test_what_lies_beyond_an_expulsion_is_taken_back(inspected: Inspected) -> None:
    """Records stand as they stood at the cutoff; what came later can still be shown."""
    store = inspected.store
    _, batches = _expelled(store)
    applied = store.truncate(FEED, _cutoff(batches[1]))
    held = store.held_one(FEED)

    assert applied is not None
    assert {
        "yunnan.note.1": (1, "public", {"text": "before"}),
        "yunnan.note.2": (2, "public", {"text": "2"}),
        "yunnan.note.3": (3, "public", {"text": "3"}),
    } == inspected.shown()
    assert {"yunnan.note.1", "yunnan.note.2", "yunnan.note.3", "yunnan.note.4"} == {
        change["id"] for change in applied.changes
    }
    header = batches[1].header
    assert (header.last, header.hash, header.digest) == (held.n, held.hash, held.digest)
    assert [4, 7] == inspected.hidden()
    assert held == applied.held


def test_a_second_expulsion_finds_nothing_to_do(store: Store) -> None:
    """A cutoff that lies at or beyond our end takes nothing back."""
    _, batches = _expelled(store)
    store.truncate(FEED, _cutoff(batches[1]))

    assert store.truncate(FEED, _cutoff(batches[1])) is None
    assert store.truncate(FEED, Cutoff(1, 99, OTHER_HASH)) is None
    assert store.truncate("gansu/notes", None) is None
    assert 3 == store.held_one(FEED).n


def test_without_a_cutoff_nothing_counts(inspected: Inspected) -> None:
    """A feed that the expulsion does not name is taken back whole."""
    store = inspected.store
    _expelled(store)
    store.truncate(FEED, None)

    assert {} == inspected.shown()
    assert (0, "", DIGEST_OF_NOTHING) == (
        store.held_one(FEED).n,
        store.held_one(FEED).hash,
        store.held_one(FEED).digest,
    )


def test_another_branch_is_taken_back_whole_and_the_right_one_followed(
    inspected: Inspected,
) -> None:
    """The hash at the cutoff says which branch counts; of the other nothing stays."""
    store = inspected.store
    _expelled(store)
    right = Home()
    batch = right.write(put(1, "right"), put(2), put(3))
    store.freeze(FEED, "two signed headers")
    store.truncate(FEED, _cutoff(batch))
    append(store, batch)

    assert store.held_one(FEED).frozen is None
    assert {"text": "right"} == inspected.shown()["yunnan.note.1"][2]
    assert 3 == len(inspected.shown())
    assert batch.header.digest == store.held_one(FEED).digest


def test_a_frozen_feed_that_reaches_its_cutoff_thaws(store: Store) -> None:
    """It was on the right branch all the time."""
    _, batches = _expelled(store)
    store.freeze(FEED, "two signed headers")
    store.truncate(FEED, _cutoff(batches[-1]))

    assert (None, 7) == (store.held_one(FEED).frozen, store.held_one(FEED).n)


def test_a_compacted_version_that_counts_again_is_a_hole(inspected: Inspected) -> None:
    """It was elided because a later one, which does not count, had superseded it."""
    store = inspected.store
    _, batches = _expelled(store)
    inspected.compact()
    store.truncate(FEED, _cutoff(batches[1]))
    held = store.held_one(FEED)
    filled = store.fill(batches[0], verdicts(batches[0]))

    assert {1: "yunnan.note.1", 2: "yunnan.note.2", 3: "yunnan.note.3"} == held.holes
    assert 3 == held.hole_count
    assert filled is not None
    assert 1 == filled.held.hole_count
    assert batches[1].header.digest == filled.held.digest


def test_a_truncated_feed_can_be_followed_again(inspected: Inspected) -> None:
    """Whoever is admitted again is followed from where he counted."""
    store = inspected.store
    _, batches = _expelled(store)
    before = inspected.shown()
    store.truncate(FEED, _cutoff(batches[0]))
    append(store, *batches[1:])

    assert before == inspected.shown()
    assert batches[-1].header.digest == store.held_one(FEED).digest


# MongoDB alone


@pytest.fixture
def mongo(database: Database[dict[str, Any]]) -> FeedStore:
    store = FeedStore(database, node="national", index=index, check=check, foreign_kinds=FOREIGN)
    store.ensure_indexes()
    store.collection("records").create_indexes([IndexModel([("ix.place", GEOSPHERE)])])
    return store


def unfit() -> Iterable[Draft]:
    """Entries that this room accepts and cannot index, or MongoDB cannot."""
    yield put(2, place={"type": "Point", "coordinates": ["east", 1]})
    record_id = "yunnan.note.3"
    line = payload_line(record_id, "note", "public", {"no": "text"}, bytes(16))
    yield Draft(record_id, "note", "put", None, line)


def test_what_cannot_be_indexed_is_quarantined_alone(mongo: FeedStore) -> None:
    """Neither a failing index function nor a failing index stops a feed."""
    inspected = InMongo(mongo)
    batch = Home().write(put(1), *unfit(), put(4))
    append(mongo, batch)

    assert ["yunnan.note.1", "yunnan.note.4"] == sorted(inspected.shown())
    assert {"yunnan.note.2": (2, "quarantine"), "yunnan.note.3": (3, "quarantine")} == (
        inspected.pending()
    )
    assert batch.header.digest == mongo.held_one(FEED).digest


def test_a_late_payload_that_cannot_be_indexed_is_quarantined(mongo: FeedStore) -> None:
    """What came too late is treated as what came in time."""
    batch = Home().write(*unfit())
    append(mongo, elide(batch, [1, 2]))
    mongo.fill(batch, verdicts(batch))

    assert {"yunnan.note.2": (1, "quarantine"), "yunnan.note.3": (2, "quarantine")} == (
        InMongo(mongo).pending()
    )
    assert 0 == mongo.held_one(FEED).hole_count


def test_a_home_does_not_write_to_a_feed_that_is_not_whole(mongo: FeedStore) -> None:
    """It may have become so after the write was decided upon."""
    home = Home()
    batches = [home.write(put(1)), home.write(put(2))]
    own = Own(1, mongo.heads([FEED])[FEED], {})
    mongo.set_recovery(FEED, 1)
    with pytest.raises(HeadMoved):
        mongo.transact(lambda s: mongo.append_in(s, batches[0], verdicts(batches[0]), own))
    append(mongo, batches[0])
    own = Own(1, mongo.heads([FEED])[FEED], {})
    mongo.freeze(FEED, "two signed headers")
    with pytest.raises(HeadMoved):
        mongo.transact(lambda s: mongo.append_in(s, batches[1], verdicts(batches[1]), own))

    assert 1 == mongo.held_one(FEED).n


def test_a_batch_that_fails_midway_leaves_nothing(
    mongo: FeedStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Batch, records and head are one transaction."""

    def fail(*arguments: Any) -> Sequence[Any]:
        raise ConnectionError

    monkeypatch.setattr(mongo, "_write_standings", fail)
    with pytest.raises(ConnectionError):
        append(mongo, Home().write(put(1)))

    assert [] == mongo.held()
    assert 0 == mongo.collection("batches").count_documents({})
    assert 0 == mongo.version()
