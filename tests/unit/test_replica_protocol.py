"""The conversation between nodes, one message and one tick at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

import pytest

from hinterland.batch import Batch, elide, encode
from hinterland.identity import Cutoff, NodeKey
from hinterland.replica import (
    UNKNOWN_END,
    Append,
    Compare,
    Fill,
    Freeze,
    Held,
    Recover,
    Resume,
    Serve,
    Truncate,
)
from hinterland.replica.messages import HOLES_ASKED_MAX, TABLE_LINES_MAX, Line, rest_hash
from tests.unit.replication import (
    NOW,
    SERVICE,
    Listener,
    Node,
    line_of,
    membership_of,
    newer,
    of_type,
    said,
)

HOUR_S: Final = 3600.0
OTHER_HASH: Final = "ab" * 32


@pytest.fixture
def yunnan() -> Node:
    return Node("yunnan")


@pytest.fixture
def gansu() -> Node:
    return Node("gansu")


@pytest.fixture
def listener(yunnan: Node, gansu: Node) -> Listener:
    return Listener(yunnan, gansu)


# Following


def test_a_batch_that_follows_is_appended(listener: Listener, yunnan: Node) -> None:
    """N+1 is applied on top of N."""
    for count in (1, 3):
        [append] = of_type(listener.gets(yunnan.write(count)), Append)

    assert yunnan.batches[-1] == append.batch
    assert 4 == listener.replica.held[yunnan.feed].n


def test_a_repeated_batch_changes_nothing(listener: Listener, yunnan: Node) -> None:
    """What is held already is not appended again."""
    first = yunnan.write()
    listener.gets(first)
    listener.gets(yunnan.write())

    assert [Compare(first)] == listener.gets(first)
    assert [] == listener.gets(yunnan.batches[-1])


def test_a_gap_is_asked_for_where_the_batch_came_from(listener: Listener, yunnan: Node) -> None:
    """A batch that is ahead proves that its home has what is missing."""
    yunnan.write()
    [want] = said(listener.gets(yunnan.write()), "want")

    assert (yunnan.feed, 0) == (want.fields["feed"], want.fields["after"])


def test_what_is_claimed_is_asked_for_and_given(listener: Listener, yunnan: Node) -> None:
    """Heads, want, give: then nothing lacks, and nothing more is asked."""
    yunnan.write(2)
    [want] = said(listener.hears(yunnan), "want")
    effects = listener.given(yunnan, yunnan.feed, yunnan.batches, want.fields["ask"])

    assert 1 == len(of_type(effects, Append))
    assert [] == said(effects, "want")


def test_one_want_is_outstanding_for_each_feed(listener: Listener, yunnan: Node) -> None:
    """More news of a feed that was asked for asks for nothing more."""
    yunnan.write()
    listener.hears(yunnan)
    yunnan.write()
    listener.now += 1

    assert [] == said(listener.hears(yunnan), "want")


def test_the_budget_doubles_while_answers_keep_time(listener: Listener, yunnan: Node) -> None:
    """A quick link is asked for more each time; silence starts again with little."""
    for _ in range(4):
        yunnan.write()
    budgets = []
    [want] = said(listener.hears(yunnan), "want")
    for batch in yunnan.batches[:2]:
        budgets.append(want.fields["budget"])
        [want] = said(listener.given(yunnan, yunnan.feed, [batch], want.fields["ask"]), "want")
    [late] = said(listener.passes(12), "want")[:1]

    assert budgets[1] == 2 * budgets[0]
    assert budgets[0] == late.fields["budget"]


def test_a_hole_is_asked_for_elsewhere_and_the_home_last(
    listener: Listener, yunnan: Node, gansu: Node
) -> None:
    """A relay that blanked a payload does not make everybody turn to the home."""
    whole = yunnan.write()
    listener.gets(elide(whole, [1]))
    listener.hears(yunnan)
    table = [line_of(whole).to_wire()]
    [ask] = said(listener.hears(gansu, rest=OTHER_HASH), "want")
    listener.takes(
        f"give.{SERVICE}.national",
        gansu.says("give", re=ask.fields["ask"], table=table, page=0, more=False, rest=OTHER_HASH),
    )
    wants = said(listener.passes(40), "want")
    effects = listener.given(gansu, yunnan.feed, [whole])

    assert [1] == wants[0].fields["numbers"]
    assert 1 == len(of_type(effects, Fill))
    assert 0 == listener.replica.held[yunnan.feed].hole_count


def test_holes_are_asked_for_a_bounded_number_at_a_time(yunnan: Node) -> None:
    """However many payloads are missing, a want names 200 of them."""
    batches = [yunnan.write(400), yunnan.write(400)]
    listener = Listener(yunnan)
    for batch in batches:
        listener.gets(elide(batch, range(1, 801)))
    [want] = said(listener.hears(yunnan), "want")

    assert HOLES_ASKED_MAX == len(want.fields["numbers"])


# What is refused


def _signed_by_another(yunnan: Node) -> Batch:
    return yunnan.sealed(sign=NodeKey.generate().sign)


def _with_another_key(yunnan: Node) -> Batch:
    key = NodeKey.generate()
    return yunnan.sealed(key=key.public, sign=key.sign)


def _of_another_federation(yunnan: Node) -> Batch:
    return yunnan.sealed(federation="india-0123456789abcdef")


def _of_another_service(yunnan: Node) -> Batch:
    return yunnan.sealed(feed="yunnan/map")


def _private(yunnan: Node) -> Batch:
    return yunnan.sealed(feed="yunnan/notes/private")


def _of_a_stranger(yunnan: Node) -> Batch:
    return Node("hainan").sealed()


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (_signed_by_another, "signature"),
        (_with_another_key, "not the home's"),
        (_of_another_federation, "another federation"),
        (_of_another_service, "not a feed of"),
        (_private, "not a feed of"),
        (_of_a_stranger, "unknown writer"),
    ],
)
def test_a_batch_that_its_home_did_not_write_here_is_dropped(
    listener: Listener, yunnan: Node, make: Callable[[Node], Batch], reason: str
) -> None:
    """It is counted and asked for nowhere."""
    effects = listener.gets(make(yunnan))

    assert [] == effects
    assert reason in listener.refused[0]


def test_what_was_written_before_joining_counts(listener: Listener, yunnan: Node) -> None:
    """A batch from before the node had a federation names none."""
    assert of_type(listener.gets(yunnan.write(federation="")), Append)


def test_garbage_is_counted_in_a_bounded_ring(listener: Listener, yunnan: Node) -> None:
    """A flood of rubbish from ever new senders leaves 200 lines and 200 counters."""
    for i in range(500):
        listener.takes(f"feed.{SERVICE}.stranger{i}", b"rubbish")
        listener.takes(f"heads.stranger{i}", b"rubbish")

    assert 200 == len(listener.replica.drops.latest)
    assert 200 == len(listener.replica.drops.counts)
    assert {} == listener.replica.peers


@pytest.mark.parametrize(
    "fields",
    [
        {"from": "gansu"},
        {"from": "hainan"},
        {"federation": "india-0123456789abcdef"},
        {"type": "gossip"},
    ],
    ids=str,
)
def test_a_message_that_is_not_what_it_says_is_dropped(
    listener: Listener, yunnan: Node, fields: dict[str, Any]
) -> None:
    """In another's name, from a stranger, for another federation, or of no known type."""
    yunnan.write()
    effects = listener.takes("heads.yunnan", yunnan.heads(NOW, **fields))

    assert [] == effects
    assert 1 == len(listener.refused)
    assert {} == listener.replica.peers


def test_heads_speak_of_the_senders_own_feed_only(
    listener: Listener, yunnan: Node, gansu: Node
) -> None:
    """Who is who's home is not his to say."""
    gansu.write()
    listener.hears(yunnan, own=[gansu.line.to_wire()])

    assert [] == said(listener.passes(10), "want")
    assert 1 == listener.replica.drops.counts["yunnan"]


def test_what_was_said_to_another_is_not_for_us(listener: Listener, yunnan: Node) -> None:
    """A give or a want that somebody sends on to us has no effect."""
    give = yunnan.says("give", [encode(yunnan.write())], re=0, feed=yunnan.feed, more=False)
    want = yunnan.says("want", ask=1, feed="national/notes", epoch=1, after=0, budget=1)

    assert [] == listener.takes(f"give.{SERVICE}.gansu", give)
    assert [] == listener.takes(f"want.{SERVICE}.gansu", want)


def test_a_give_is_read_up_to_its_first_bad_frame(
    listener: Listener, yunnan: Node, gansu: Node
) -> None:
    """Ten thousand bad frames cost as much as one."""
    gansu.write()
    listener.given(gansu, yunnan.feed, [b"rubbish"] * 1000)
    listener.given(gansu, yunnan.feed, [gansu.batches[0]] * 1000)

    assert 2 == len(listener.refused)


def test_a_newer_format_pauses_that_feed_and_no_other(
    listener: Listener, yunnan: Node, gansu: Node
) -> None:
    """It is not asked for again, and the others go on."""
    first = yunnan.write()
    listener.gets(first)
    yunnan.write()
    [want] = said(listener.hears(yunnan), "want")
    unreadable = encode(newer(yunnan.batches[-1], yunnan.key))
    listener.given(yunnan, yunnan.feed, [unreadable], want.fields["ask"])

    assert {yunnan.feed} == listener.replica.needs_upgrade
    assert [] == said(listener.passes(HOUR_S, 30), "want")
    assert of_type(listener.gets(gansu.write()), Append)


def test_nobody_else_can_say_that_a_feed_is_newer(
    listener: Listener, yunnan: Node, gansu: Node
) -> None:
    """A batch of the future that the home did not sign pauses nothing."""
    unreadable = encode(newer(yunnan.sealed(), gansu.key))
    listener.given(gansu, yunnan.feed, [unreadable])

    assert set() == listener.replica.needs_upgrade


def test_an_epoch_that_cannot_be_swapped_yet_needs_an_upgrade(
    listener: Listener, yunnan: Node
) -> None:
    """It is shown, and not asked for again and again."""
    listener.gets(yunnan.write())
    listener.gets(yunnan.sealed(epoch=2, first=1, prev=""))

    assert {yunnan.feed} == listener.replica.needs_upgrade


# Liars


def test_heads_that_do_not_exist_cost_little(listener: Listener, yunnan: Node) -> None:
    """Somebody who claims and never gives is asked some twenty times in an hour."""
    yunnan.write()
    wants = 0
    for _ in range(120):
        effects = listener.hears(yunnan)
        effects += listener.passes(30)
        wants += len(said(effects, "want"))

    assert 10 < wants < 30


def test_a_liar_holds_nothing_up(listener: Listener, yunnan: Node, gansu: Node) -> None:
    """While a claim that came to nothing is waiting, somebody else's is asked for at once."""
    batch = yunnan.write()
    lie = replace(line_of(batch), n=1000, hash=OTHER_HASH)
    _tell_table(listener, gansu, [lie])
    listener.passes(200)
    listener.now += 1
    [want] = said(listener.hears(yunnan), "want")
    effects = listener.given(yunnan, yunnan.feed, [batch], want.fields["ask"])

    assert of_type(effects, Append)


def test_who_could_not_be_reached_is_asked_at_once_when_he_is_back(
    listener: Listener, yunnan: Node
) -> None:
    """A node that was off for a month is not made to wait for what its silence cost it."""
    yunnan.write()
    listener.hears(yunnan)
    listener.passes(HOUR_S)

    assert 1 == len(said(listener.hears(yunnan), "want"))


def test_heads_from_the_past_are_passed_over(listener: Listener, yunnan: Node) -> None:
    """Said again by somebody else, they take back nothing of what was claimed since."""
    yunnan.write()
    old = yunnan.heads(listener.now)
    yunnan.write()
    listener.now += 1
    listener.hears(yunnan)
    listener.takes("heads.yunnan", old)

    assert 2 == listener.replica.peers["yunnan"].own[yunnan.feed].n


def test_a_peer_whose_clock_was_put_back_is_heard_again(listener: Listener, yunnan: Node) -> None:
    """Heads that seem to be old count once he has been silent for a while."""
    yunnan.write()
    listener.hears(yunnan)
    yunnan.write()
    listener.passes(60)
    listener.takes("heads.yunnan", yunnan.heads(listener.now - HOUR_S))

    assert 2 == listener.replica.peers["yunnan"].own[yunnan.feed].n


def test_a_clock_that_is_put_back_stops_nothing(listener: Listener, yunnan: Node) -> None:
    """Heads and wants go on at their pace, though it is an hour earlier."""
    yunnan.write()
    listener.hears(yunnan)
    listener.passes(10)
    listener.now -= HOUR_S
    effects = listener.passes(60)

    assert said(effects, "heads")
    assert said(effects, "want")


def test_hellos_are_answered_now_and_then(listener: Listener, yunnan: Node) -> None:
    """A member that says hello a hundred times a minute is not answered as often."""
    effects = []
    for _ in range(100):
        listener.hears(yunnan, hello=True)
        effects += listener.passes(0.6, 0.6)

    assert len(said(effects, "heads")) <= 60 / 4 + 1


def test_a_member_is_served_so_much_and_no_more(listener: Listener, yunnan: Node) -> None:
    """Wants without end for four megabytes each are answered within the account of one asker."""
    listener.gets(yunnan.write())

    def want(ask: int) -> bytes:
        fields: dict[str, Any] = {"feed": yunnan.feed, "epoch": 1, "after": 0, "budget": 4 << 20}
        return yunnan.says("want", ask=ask, **fields)

    served = [
        effect
        for ask in range(500)
        for effect in of_type(listener.takes(f"want.{SERVICE}.national", want(ask)), Serve)
    ]
    listener.now += 1
    again = of_type(listener.takes(f"want.{SERVICE}.national", want(501)), Serve)

    assert 16 == len(served)
    assert 1 == len(again)


def test_answers_that_cost_nothing_are_not_held_back(listener: Listener, yunnan: Node) -> None:
    """An asker who is answered and asks on at once is served at once."""
    listener.gets(yunnan.write())
    for ask in range(100):
        want = yunnan.says("want", ask=ask, feed=yunnan.feed, epoch=1, after=0, budget=4 << 20)
        [serve] = of_type(listener.takes(f"want.{SERVICE}.national", want), Serve)
        listener.replica.give(serve, [b"x" * 100], more=False)


def test_a_want_that_was_repeated_on_the_way_is_answered_once(
    listener: Listener, yunnan: Node
) -> None:
    """The second copy of one want costs nothing."""
    listener.gets(yunnan.write())
    want = yunnan.says("want", ask=1, feed=yunnan.feed, epoch=1, after=0, budget=1000)

    assert 1 == len(listener.takes(f"want.{SERVICE}.national", want))
    assert [] == listener.takes(f"want.{SERVICE}.national", want)


def test_private_feeds_are_not_served(listener: Listener, yunnan: Node) -> None:
    """What is not shared is not known to the protocol at all."""
    feed = "national/notes/private"
    want = yunnan.says("want", ask=1, feed=feed, epoch=1, after=0, budget=1000)
    [answer] = said(listener.takes(f"want.{SERVICE}.national", want), "give")

    assert b"" == answer.rest


# Tables


def _tell_table(listener: Listener, node: Node, lines: list[Line], page: int = 0) -> None:
    [ask] = said(listener.hears(node, rest=OTHER_HASH), "want")
    body = node.says(
        "give",
        re=ask.fields["ask"],
        table=[line.to_wire() for line in lines],
        page=page,
        more=False,
        rest=OTHER_HASH,
    )
    listener.takes(f"give.{SERVICE}.national", body)


def test_a_table_is_asked_for_when_its_hash_is_new(
    listener: Listener, yunnan: Node, gansu: Node
) -> None:
    """One hash stands for everything else that a node holds; the table says what it is."""
    batch = gansu.write()
    _tell_table(listener, yunnan, [line_of(batch)])
    listener.now += 30

    assert [] == said(listener.hears(yunnan, rest=OTHER_HASH), "want")
    assert 1 == listener.replica.peers["yunnan"].table[gansu.feed].n


def test_equal_tables_are_not_sent(listener: Listener, yunnan: Node, gansu: Node) -> None:
    """The hash of what we hold ourselves needs no table."""
    batch = gansu.write()
    listener.gets(batch)

    effects = listener.hears(yunnan, rest=rest_hash([line_of(batch)], "yunnan"))

    assert [] == said(effects, "want")
    assert gansu.feed in listener.replica.peers["yunnan"].table


def test_a_table_that_nobody_asked_for_is_passed_over(
    listener: Listener, yunnan: Node, gansu: Node
) -> None:
    """Nor is one said again from the past."""
    body = yunnan.says(
        "give", re=5, table=[line_of(gansu.write()).to_wire()], page=0, more=False, rest=OTHER_HASH
    )
    listener.takes(f"give.{SERVICE}.national", body)

    assert {} == listener.replica.peers["yunnan"].table


def test_a_long_table_is_read_page_by_page() -> None:
    """200 lines a page; all of them are known at the end."""
    many = [Node(f"node-{i:03d}") for i in range(450)]
    lines = [line_of(node.write()) for node in many]
    listener = Listener(*many)
    wants = said(listener.hears(many[0], rest=OTHER_HASH), "want")
    pages = []
    while asked := [want for want in wants if "page" in want.fields]:
        [want] = asked
        page = want.fields["page"]
        pages.append(page)
        part = lines[page * TABLE_LINES_MAX : (page + 1) * TABLE_LINES_MAX]
        body = many[0].says(
            "give",
            re=want.fields["ask"],
            table=[line.to_wire() for line in part],
            page=page,
            more=page < 2,
            rest=OTHER_HASH,
        )
        wants = said(listener.takes(f"give.{SERVICE}.national", body), "want")

    assert [0, 1, 2] == pages
    assert 449 == len(listener.replica.peers["node-000"].table)


def test_a_table_without_end_is_not_read_on(listener: Listener, yunnan: Node, gansu: Node) -> None:
    """A table has no more lines than the membership has nodes."""
    gansu.write()
    asked = 0
    wants = said(listener.hears(yunnan, rest=OTHER_HASH), "want")
    while wants and asked < 50:
        ask = wants[0].fields["ask"]
        body = yunnan.says("give", re=ask, table=[], page=asked, more=True, rest=OTHER_HASH)
        wants = said(listener.takes(f"give.{SERVICE}.national", body), "want")
        asked += 1

    assert asked <= 2


# Forks


def test_two_headers_of_one_position_freeze_that_feed(listener: Listener, yunnan: Node) -> None:
    """Both are signed by the home: that is proof, and the feed stays where it is."""
    other = yunnan.sealed(text="to others")
    listener.gets(yunnan.write(text="to some"))
    [freeze] = of_type(listener.gets(other), Freeze)

    assert yunnan.feed == freeze.feed
    assert [] == listener.gets(yunnan.write())


def test_a_batch_that_straddles_our_end_is_a_fork(listener: Listener, yunnan: Node) -> None:
    """Batches of one feed begin and end at the same places everywhere."""
    listener.gets(yunnan.write(2))
    yunnan.batches.clear()

    assert of_type(listener.gets(yunnan.sealed(4)), Freeze)


def test_a_batch_that_follows_something_else_is_a_fork(listener: Listener, yunnan: Node) -> None:
    """The home has signed that another batch stands where ours stands."""
    listener.gets(yunnan.write())

    assert of_type(listener.gets(yunnan.sealed(first=2, prev=OTHER_HASH)), Freeze)


def test_a_claim_alone_freezes_nothing_but_asks_for_proof(listener: Listener, yunnan: Node) -> None:
    """Another hash at our own end is a claim; the batch itself is the proof."""
    other = yunnan.sealed(text="to others")
    ours = yunnan.write(text="to some")
    listener.gets(ours)
    [want] = said(listener.hears(yunnan, own=[line_of(other).to_wire()]), "want")
    frozen_by_claim = listener.replica.held[yunnan.feed].frozen
    effects = listener.given(yunnan, yunnan.feed, [other], want.fields["ask"])

    assert [1] == want.fields["numbers"]
    assert frozen_by_claim is None
    assert of_type(effects, Freeze)


def test_a_feed_that_is_frozen_before_its_first_batch_is_not_asked_for(
    listener: Listener, yunnan: Node
) -> None:
    """A first batch that follows something is no beginning, however often it is sent."""
    yunnan.write(prev=OTHER_HASH)
    [want] = said(listener.hears(yunnan), "want")
    effects = listener.given(yunnan, yunnan.feed, yunnan.batches, want.fields["ask"])

    assert of_type(effects, Freeze)
    assert [] == said(effects + listener.passes(HOUR_S, 30), "want")


# Membership


def test_a_newcomer_is_followed_through_those_who_hold_his_feed(
    listener: Listener, yunnan: Node
) -> None:
    """What was said about him before he was known is asked for again."""
    newcomer = Node("hunan")
    batch = newcomer.write()
    _tell_table(listener, yunnan, [line_of(batch)])
    members = membership_of(listener.node, yunnan, newcomer)
    listener.replica.set_membership(members, listener.now)
    listener.now += 10
    _tell_table(listener, yunnan, [line_of(batch)])

    assert newcomer.feed in listener.replica.peers["yunnan"].table
    assert newcomer.feed in listener.replica._asking.wants


def test_what_lies_beyond_an_expulsion_is_cut_and_refused(listener: Listener, yunnan: Node) -> None:
    """Up to the named position it counts, whoever relays it."""
    first, second, third = yunnan.write(), yunnan.write(), yunnan.sealed()
    listener.gets(first)
    listener.gets(second)
    cutoff = Cutoff(1, 1, first.header.hash)
    members = membership_of(listener.node, yunnan, yunnan={yunnan.feed: cutoff})
    effects = listener.replica.set_membership(members, listener.now)

    assert [Truncate(yunnan.feed, cutoff)] == of_type(effects, Truncate)
    assert [] == listener.gets(third)
    assert "beyond expulsion" in listener.refused[-1]


def test_an_expulsion_is_carried_out_after_a_crash(yunnan: Node) -> None:
    """A node that believed it, and died before it cut, cuts when it starts."""
    first, second = yunnan.write(), yunnan.write()
    cutoff = Cutoff(1, 1, first.header.hash)
    held = Held(yunnan.feed, n=2, hash=second.header.hash)
    listener = Listener(held=[held], membership=membership_of(yunnan, yunnan={yunnan.feed: cutoff}))

    assert [Truncate(yunnan.feed, cutoff)] == of_type(listener.passes(1), Truncate)


def test_our_own_feed_is_never_cut(yunnan: Node) -> None:
    """A node that was expelled keeps what it wrote."""
    listener = Listener(yunnan, held=[Held("national/notes", n=2, hash=OTHER_HASH)])
    members = membership_of(listener.node, yunnan, national={})

    effects = listener.replica.set_membership(members, listener.now)

    assert [] == of_type(effects, Truncate)


def test_of_an_expelled_writers_branches_the_named_one_counts(
    listener: Listener, yunnan: Node
) -> None:
    """Who holds another one takes all of it back and asks for the right one."""
    right = yunnan.sealed(text="to the coordinator")
    listener.gets(yunnan.write(text="to us"))
    cutoff = Cutoff(1, 1, right.header.hash)
    members = membership_of(listener.node, yunnan, yunnan={yunnan.feed: cutoff})

    effects = listener.replica.set_membership(members, listener.now)

    assert [Truncate(yunnan.feed, cutoff)] == of_type(effects, Truncate)


def test_an_expelled_node_is_neither_heard_nor_answered(listener: Listener, yunnan: Node) -> None:
    """His batches may still be relayed; his messages are nobody's."""
    listener.hears(yunnan)
    members = membership_of(listener.node, yunnan, yunnan={})
    listener.replica.set_membership(members, listener.now)
    want = yunnan.says("want", ask=1, feed="national/notes", epoch=1, after=0, budget=1)

    assert {} == listener.replica.peers
    assert [] == listener.takes(f"want.{SERVICE}.national", want)
    assert "not a member" in listener.refused[-1]


# Recovering our own feed


def _own_feed(listener: Listener, count: int) -> list[Batch]:
    return [listener.node.write() for _ in range(count)]


def _restored(*others: Node, recover_to: int = 3) -> Listener:
    listener = Listener(*others)
    listener.replica.held["national/notes"].recover_to = recover_to
    return listener


def _questions(listener: Listener) -> dict[str, int]:
    """Who is asked in the next second about what follows our end, and with which number."""
    listener.now += 1
    asked = {}
    for effect in listener.replica.tick(listener.now):
        for message in said([effect], "want"):
            asked[effect.routing_key.rpartition(".")[2]] = message.fields["ask"]  # type: ignore[union-attr]
    return asked


def test_a_restored_home_goes_on_when_everybody_has_nothing_more(yunnan: Node, gansu: Node) -> None:
    """What it lost has reached nobody: then its numbers are free."""
    listener = _restored(yunnan, gansu)
    asked = _questions(listener)
    listener.given(yunnan, "national/notes", [], asked["yunnan"])
    before = of_type(listener.passes(1), Resume)
    listener.given(gansu, "national/notes", [], asked["gansu"])
    after = of_type(listener.passes(1), Resume)

    assert [] == before
    assert [Resume("national/notes")] == after


def test_a_restored_home_takes_its_tail_back(yunnan: Node, gansu: Node) -> None:
    """What a peer still has is appended, and everybody is asked again from there."""
    listener = _restored(yunnan, gansu, recover_to=5)
    lost = _own_feed(listener, 3)
    asked = _questions(listener)
    listener.given(gansu, "national/notes", [], asked["gansu"])
    effects = listener.given(yunnan, "national/notes", lost, asked["yunnan"])

    assert 3 == len(of_type(effects, Append))
    assert {"yunnan", "gansu"} == set(_questions(listener))


def test_an_answer_to_an_older_question_frees_nothing(yunnan: Node) -> None:
    """Only what is said about our present end counts."""
    listener = _restored(yunnan)
    asked = _questions(listener)
    listener.given(yunnan, "national/notes", [], asked["yunnan"] - 1)

    assert [] == of_type(listener.passes(3), Resume)


def test_a_claim_of_more_that_comes_to_nothing_does_not_hold_up_a_home(yunnan: Node) -> None:
    """A liar who answers without giving anything has nothing."""
    listener = _restored(yunnan)
    lie = Line("national/notes", 1, 1000, OTHER_HASH, OTHER_HASH)
    _tell_table(listener, yunnan, [lie])
    effects = []
    for _ in range(60):
        effects += listener.passes(1)
        for want in said(effects[-4:], "want"):
            effects += listener.given(yunnan, "national/notes", [], want.fields["ask"])

    assert of_type(effects, Resume)


def test_a_copy_of_our_own_feed_beyond_its_end_stops_the_writing(
    listener: Listener, yunnan: Node
) -> None:
    """The position file was lost with the database: others know better than we do."""
    _own_feed(listener, 2)
    effects = listener.given(yunnan, "national/notes", listener.node.batches[1:])

    assert [Recover("national/notes", 2)] == effects
    assert UNKNOWN_END == listener.replica.held["national/notes"].recover_to


def test_nobody_asks_himself(listener: Listener, yunnan: Node) -> None:
    """A batch of our own that comes from elsewhere makes nobody a holder of it."""
    _own_feed(listener, 3)
    listener.given(yunnan, "national/notes", listener.node.batches[2:])
    listener.passes(60)

    assert "national" not in listener.replica.peers


# After a failure


def test_what_was_asked_is_asked_again_after_a_failure(listener: Listener, yunnan: Node) -> None:
    """What was given may not have been kept."""
    yunnan.write()
    listener.hears(yunnan)
    listener.replica.reload([])

    assert 1 == len(said(listener.passes(1), "want"))


def test_a_node_without_a_federation_says_nothing(yunnan: Node) -> None:
    """Nor does it listen."""
    listener = Listener(yunnan)
    listener.replica.set_membership(None, listener.now)

    assert [] == listener.passes(HOUR_S, 30)
    assert [] == listener.gets(yunnan.write())


def test_a_restored_node_without_a_federation_goes_on_by_itself(yunnan: Node) -> None:
    """It has told nobody; but it waits a minute, in case it is about to hear of one."""
    listener = _restored(yunnan)
    listener.replica.set_membership(None, listener.now)

    assert [] == of_type(listener.passes(55), Resume)
    assert [Resume("national/notes")] == of_type(listener.passes(10), Resume)
