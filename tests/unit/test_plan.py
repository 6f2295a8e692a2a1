"""What applying a batch does to the records of its feed."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hinterland.batch import (
    DIGEST_OF_NOTHING,
    Batch,
    Draft,
    Entry,
    Header,
    Payload,
    Position,
    digest_add,
)
from hinterland.feeds.plan import (
    NOTHING,
    Standing,
    Version,
    Why,
    apply_entries,
    counting,
    plan_append,
    plan_fill,
    refill,
    replay,
)
from hinterland.identity import Cutoff
from hinterland.replica import Judged

ID: Final = "yunnan.note.1"
AT: Final = "2026-01-31T08:05:00.000Z"
OUTCOMES: Final = ("put", "hole", "bad", "delete", "erase")


def entry(n: int, op: str, record_id: str = ID) -> Entry:
    return Entry(record_id, "note", op, AT, None, f"{n:064x}" if op == "put" else "")


def judged(n: int, outcome: str, record_id: str = ID) -> Judged:
    """Entry `n` as judged: good, without its payload, in quarantine, or an end."""
    op = outcome if outcome in ("delete", "erase") else "put"
    payload = Payload(record_id, "note", "public", {"n": n}) if outcome == "put" else None
    return Judged(
        n,
        entry(n, op, record_id),
        payload,
        hole=outcome == "hole",
        reason="unreadable" if outcome == "bad" else None,
    )


def batch_of(items: list[Judged], *, epoch: int = 1) -> Batch:
    first = items[0].n
    entries = tuple(item.entry for item in items)
    line = f"{epoch} {first} {entries}".encode()
    header = Header("", "", "yunnan/notes", epoch, first, "", DIGEST_OF_NOTHING, entries, line)
    payloads = tuple(b"" if item.hole or not item.entry.sum else b"line" for item in items)
    return Batch(b"", header, payloads)


def stand(*outcomes: str) -> Standing:
    """How a record stands after these, one after the other."""
    items = [judged(n, outcome) for n, outcome in enumerate(outcomes, 1)]
    return apply_entries(1, items, {}, DIGEST_OF_NOTHING)[0].get(ID, NOTHING)


def digest_of(*positions: int) -> str:
    digest = DIGEST_OF_NOTHING
    for n in positions:
        digest = digest_add(digest, ID, Position(1, n), f"{n:064x}")
    return digest


@pytest.mark.parametrize(
    ("outcomes", "accepted", "pending", "past", "gone"),
    [
        (("put",), 1, None, (), None),
        (("put", "put"), 2, None, (1,), None),
        (("put", "delete"), None, None, (1,), "delete"),
        (("put", "put", "erase"), None, None, (), "erase"),
        (("put", "delete", "erase"), None, None, (), "erase"),
        (("put", "delete", "put"), 3, None, (1,), None),
        (("hole",), None, 1, (), None),
        (("hole", "put"), 2, None, (), None),
        (("hole", "erase"), None, None, (), "erase"),
        (("put", "hole"), 1, 2, (), None),
        (("put", "hole", "put"), 3, None, (1,), None),
        (("put", "delete", "hole"), None, 3, (1,), "delete"),
        (("bad",), None, 1, (), None),
        (("put", "bad"), 1, 2, (), None),
        (("put", "bad", "bad"), 1, 3, (2,), None),
        (("put", "bad", "put"), 3, None, (1, 2), None),
        (("put", "bad", "delete"), None, None, (1, 2), "delete"),
    ],
)
def test_a_record_stands_as_its_entries_say(
    outcomes: tuple[str, ...],
    accepted: int | None,
    pending: int | None,
    past: tuple[int, ...],
    gone: str | None,
) -> None:
    """The newest good payload is shown; what could not be applied is pending; the rest is past."""
    standing = stand(*outcomes)

    assert accepted == (standing.accepted.n if standing.accepted else None)
    assert pending == (standing.pending.n if standing.pending else None)
    assert (past, gone) == (standing.past, standing.gone)


@pytest.mark.parametrize(
    ("outcomes", "counted"),
    [
        (("put", "put"), (2,)),
        (("put", "hole"), (2,)),
        (("put", "bad"), (2,)),
        (("put", "delete"), ()),
        (("put", "erase"), ()),
        (("hole", "delete", "put"), (3,)),
    ],
)
def test_the_digest_counts_what_the_home_has(
    outcomes: tuple[str, ...], counted: tuple[int, ...]
) -> None:
    """Holes and quarantine are counted as their home counts them, so that digests compare."""
    items = [judged(n, outcome) for n, outcome in enumerate(outcomes, 1)]

    _, digest, _ = apply_entries(1, items, {}, DIGEST_OF_NOTHING)

    assert digest_of(*counted) == digest


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from(OUTCOMES)), min_size=1, max_size=12),
    st.integers(1, 11),
)
def test_batches_may_be_cut_anywhere(steps: list[tuple[str, str]], cut: int) -> None:
    """One batch or two: the standings and the digest after them are the same."""
    items = [judged(n, outcome, record) for n, (record, outcome) in enumerate(steps, 1)]
    whole, digest, elided = apply_entries(1, items, {}, DIGEST_OF_NOTHING)

    first, digest_1, elided_1 = apply_entries(1, items[:cut], {}, DIGEST_OF_NOTHING)
    second, digest_2, elided_2 = apply_entries(1, items[cut:], first, digest_1)

    assert whole == first | second
    assert digest == digest_2
    assert elided == elided_1 | elided_2


@settings(deadline=None)
@given(st.lists(st.sampled_from(OUTCOMES), min_size=1, max_size=10))
def test_an_erase_leaves_no_payload_of_its_record(outcomes: list[str]) -> None:
    """Whatever was written before, every payload that is held is elided."""
    items = [judged(n, outcome) for n, outcome in enumerate([*outcomes, "erase"], 1)]
    held = {item.n for item in items if item.entry.sum and not item.hole}

    _, _, elided = apply_entries(1, items, {}, DIGEST_OF_NOTHING)

    assert held == elided


@pytest.mark.parametrize("outcome", ["hole", "bad"])
def test_a_good_version_is_written_though_the_next_of_its_batch_is_not(outcome: str) -> None:
    """What is accepted is what will be shown, until the later entry is settled."""
    items = [judged(1, "put"), judged(2, "put"), judged(3, outcome)]
    before = apply_entries(1, items[:1], {}, DIGEST_OF_NOTHING)[0]

    standing = apply_entries(1, items[1:], before, digest_of(1))[0][ID]

    assert standing.accepted == Version(1, 2, f"{2:064x}")
    assert items[1] == standing.put


def test_an_erase_elides_in_its_own_batch_and_in_earlier_ones() -> None:
    """The plan says which payloads of other batches end, and blanks its own."""
    before = apply_entries(1, [judged(1, "put")], {}, DIGEST_OF_NOTHING)[0]
    items = [judged(2, "put"), judged(3, "erase")]

    plan = plan_append(batch_of(items), items, before, digest_of(1))

    assert frozenset({1}) == plan.elided
    assert (b"", b"") == plan.batch.payloads
    assert DIGEST_OF_NOTHING == plan.digest


def test_a_quarantined_erase_elides_nothing() -> None:
    """An end that was not this home's to write ends nothing."""
    bad = replace(judged(2, "erase"), reason="the id belongs to another home")
    before = apply_entries(1, [judged(1, "put")], {}, DIGEST_OF_NOTHING)[0]

    standings, _, elided = apply_entries(1, [bad], before, digest_of(1))

    assert set() == elided
    assert standings[ID].accepted == Version(1, 1, f"{1:064x}")
    assert standings[ID].pending is not None


def test_an_unknown_operation_is_visible() -> None:
    """It is in quarantine like any other entry that cannot be applied."""
    item = Judged(1, Entry(ID, "note", "merge", AT, None, ""), reason="not known")

    standing = apply_entries(1, [item], {}, DIGEST_OF_NOTHING)[0][ID]

    assert standing.pending is not None
    assert standing.pending.why is Why.QUARANTINE


@settings(deadline=None)
@given(
    st.lists(st.sampled_from(OUTCOMES), max_size=6),
    st.sampled_from(["hole", "bad"]),
    st.sampled_from(["put", "bad"]),
)
def test_a_late_payload_leads_where_a_timely_one_had_led(
    before: list[str], missing: str, late: str
) -> None:
    """Filled afterwards or there from the start: the record stands the same, the digest too."""
    n = len(before) + 1
    items = [judged(m, outcome) for m, outcome in enumerate(before, 1)]
    timely, digest, _ = apply_entries(1, [*items, judged(n, late)], {}, DIGEST_OF_NOTHING)
    lacking, lacking_digest, _ = apply_entries(
        1, [*items, judged(n, missing)], {}, DIGEST_OF_NOTHING
    )

    filling = plan_fill(1, [judged(n, late)], lacking)

    assert replace(timely[ID], put=None) == replace(filling.standings[ID], put=None)
    assert digest == lacking_digest


def test_a_payload_that_is_not_waited_for_is_left_out() -> None:
    """Superseded in the meantime, it is not taken in again."""
    before = apply_entries(1, [judged(1, "hole"), judged(2, "put")], {}, DIGEST_OF_NOTHING)[0]

    filling = plan_fill(1, [judged(1, "put")], before)

    assert ({}, ()) == (filling.standings, filling.settled)


def test_a_retried_erase_elides_what_it_ends() -> None:
    """Judged good at last, an erase does what it would have done."""
    bad = replace(judged(2, "erase"), reason="of another service")
    before = apply_entries(1, [judged(1, "put"), bad], {}, DIGEST_OF_NOTHING)[0]

    filling = plan_fill(1, [judged(2, "erase")], before)

    assert frozenset({1}) == filling.elided
    assert "erase" == filling.standings[ID].gone


def test_only_the_named_payloads_are_taken_from_another_copy() -> None:
    """What was elided here on purpose stays elided."""
    stored = replace(batch_of([judged(1, "put"), judged(2, "put")]), payloads=(b"", b""))
    copy = replace(stored, payloads=(b"one", b"two"))

    assert (b"", b"two") == refill(stored, copy, {2}).payloads


def test_a_replay_of_everything_is_how_things_stand() -> None:
    """Truncation computes from what is left what had been computed from all."""
    outcomes = ["put", "put", "delete", "put"]
    items = [judged(n, outcome) for n, outcome in enumerate(outcomes, 1)]
    batches = [batch_of(items[:2]), batch_of(items[2:])]

    standings = replay(batches, {ID}, lambda batch, n: items[n - 1])

    assert stand(*outcomes) == standings[ID]
    assert Standing(gone="hide") == replay([], {ID}, lambda batch, n: items[n - 1])[ID]


def _chain() -> list[Batch]:
    return [batch_of([judged(n, "put"), judged(n + 1, "put")]) for n in (1, 3, 5)]


@pytest.mark.parametrize(("n", "count"), [(1, 0), (2, 1), (3, 1), (4, 2), (6, 3), (9, 3)])
def test_batches_count_up_to_the_cutoff(n: int, count: int) -> None:
    """A batch that the cutoff falls into does not count."""
    chain = _chain()
    hashes = {batch.header.last: batch.header.hash for batch in chain}

    cutoff = Cutoff(1, n, hashes.get(n, "ab" * 32))

    assert count == counting(chain, cutoff, frozen=False)


def test_nothing_counts_without_a_cutoff_or_on_another_branch() -> None:
    """The hash at the cutoff decides about everything before it."""
    chain = _chain()

    assert 0 == counting(chain, None, frozen=False)
    assert 0 == counting(chain, Cutoff(1, 4, "ab" * 32), frozen=False)


def test_a_frozen_branch_counts_only_if_it_reaches_the_cutoff() -> None:
    """Two headers of one position were seen: which of them is right, the cutoff says."""
    chain = _chain()

    assert 0 == counting(chain, Cutoff(1, 8, "ab" * 32), frozen=True)
    assert 2 == counting(chain, Cutoff(1, 4, chain[1].header.hash), frozen=True)


def test_a_draft_without_a_payload_has_no_sum() -> None:
    """That is how an end is told from a put."""
    assert "" == Draft(ID, "note", "delete", None, b"").sum
