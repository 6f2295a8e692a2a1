"""Heads, changes, and who hears of them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import orjson
import pytest

from gateway import limits
from gateway.live import Change, Changed, Heads, Interests, Subscription, Topic
from gateway.live.changes import parse
from gateway.live.heads import behind
from gateway.live.interests import TooSlow
from hinterland.errors import Busy, HinterlandError, Unavailable

pytestmark = pytest.mark.anyio

TOPIC = Topic("directory", "ngo", frozenset({"public"}), "all")


class Records:
    """What a service holds, and how often it was asked."""

    def __init__(self) -> None:
        self.held: dict[str, Any] = {}
        self.asked: list[list[str]] = []
        self.fails = False

    async def look_up(self, ids: list[str]) -> Mapping[str, Any]:
        self.asked.append(ids)
        if self.fails:
            raise Unavailable()
        return {one: self.held[one] for one in ids if one in self.held}


def changed(*ids: str, op: str = "put", scope: str | None = "public", kind: str = "ngo") -> Changed:
    return Changed("directory", 1, tuple(Change(one, kind, scope, op) for one in ids))


async def take(subscription: Subscription, count: int) -> list[Any]:
    async with asyncio.timeout(5):
        return [await anext(subscription) for _ in range(count)]


@pytest.fixture
def records() -> Records:
    return Records()


async def test_subscriptions_to_one_topic_share_a_look_up(records: Records) -> None:
    """However many apps watch the same thing, a change costs one call."""
    interests = Interests()
    readers = [interests.subscribe(TOPIC, records.look_up) for _ in range(3)]
    records.held["a"] = "A"
    interests.changed(changed("a"))

    messages = [await take(reader, 1) for reader in readers]

    assert messages == [[{"id": "a", "op": "put", "record": "A"}]] * 3
    assert records.asked == [["a"]]


async def test_only_what_was_asked_for_is_heard(records: Records) -> None:
    """Other kinds, scopes and services are not, and neither is what does not match the filter."""
    interests = Interests()
    reader = interests.subscribe(TOPIC, records.look_up)
    records.held = {"a": "A"}
    interests.changed(changed("x", kind="suggestion"))
    interests.changed(changed("x", scope="members"))
    interests.changed(changed("x")._replace(service="map"))
    interests.changed(changed("not matching"))
    interests.changed(changed("gone", op="erase", scope=None))
    interests.changed(changed("x", op="erase", scope="private"))
    interests.changed(changed("a"))

    assert [message["id"] for message in await take(reader, 2)] == ["gone", "a"]
    assert "x" not in {one for ids in records.asked for one in ids}


async def test_changes_of_one_record_in_short_order_come_as_one(records: Records) -> None:
    """It is looked up as it is now; what it was in between nobody needs."""
    interests = Interests()
    reader = interests.subscribe(TOPIC, records.look_up)
    records.held = {"a": "A", "b": "B"}
    for _ in range(50):
        interests.changed(changed("a"))
    interests.changed(changed("b"))

    assert [message["id"] for message in await take(reader, 2)] == ["a", "b"]


async def test_many_changes_are_looked_up_in_pages(records: Records) -> None:
    """A batch of an import has 500."""
    interests = Interests()
    reader = interests.subscribe(TOPIC, records.look_up)
    records.held = {f"n{number}": number for number in range(250)}
    interests.changed(changed(*records.held))

    messages = await take(reader, 250)

    assert [message["record"] for message in messages] == list(range(250))
    assert [len(ids) for ids in records.asked] == [100, 100, 50]


async def test_who_does_not_keep_up_is_let_go_and_others_are_not(
    records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The queue of one reader has a bound, and nobody waits for him."""
    monkeypatch.setattr(limits, "PENDING_CHANGES_MAX", 10)
    interests = Interests()
    slow = interests.subscribe(TOPIC, records.look_up)
    quick = interests.subscribe(TOPIC, records.look_up)
    records.held = {f"n{number}": number for number in range(30)}
    for one in records.held:
        interests.changed(changed(one))
        await take(quick, 1)

    with pytest.raises(TooSlow):
        await take(slow, 30)
    interests.changed(changed("n0"))
    assert (await take(quick, 1))[0]["id"] == "n0"


async def test_a_backlog_without_end_ends_the_subscription(
    records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Changes come faster than the service can be asked about them."""
    monkeypatch.setattr(limits, "BACKLOG_CHANGES_MAX", 10)
    interests = Interests()
    reader = interests.subscribe(TOPIC, records.look_up)
    interests.changed(changed(*(f"n{number}" for number in range(11))))

    with pytest.raises(TooSlow):
        await take(reader, 1)


@pytest.mark.parametrize("how", ["look-up fails", "sight lost"])
async def test_a_subscription_that_may_have_missed_something_ends(
    records: Records, how: str
) -> None:
    """It never goes on as if nothing had happened."""
    interests = Interests()
    reader = interests.subscribe(TOPIC, records.look_up)
    if how == "sight lost":
        interests.lost_sight()
    else:
        records.fails = True
        interests.changed(changed("a"))

    with pytest.raises(HinterlandError) as ended:
        await take(reader, 1)
    assert ended.value.code == "UNAVAILABLE"


async def test_the_number_of_interests_has_a_bound(
    records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each costs a call per change. One that nobody has any more makes room."""
    monkeypatch.setattr(limits, "INTERESTS_MAX", 1)
    interests = Interests()
    first = interests.subscribe(TOPIC, records.look_up)
    interests.subscribe(TOPIC, records.look_up)
    with pytest.raises(Busy):
        interests.subscribe(TOPIC._replace(key="other"), records.look_up)
    await first.aclose()
    with pytest.raises(Busy):
        interests.subscribe(TOPIC._replace(key="other"), records.look_up)


async def test_an_interest_ends_with_its_last_reader(records: Records) -> None:
    """Nothing is looked up for nobody."""
    interests = Interests()
    reader = interests.subscribe(TOPIC, records.look_up)
    await reader.aclose()
    interests.changed(changed("a"))
    await asyncio.sleep(0)

    assert records.asked == []


async def test_a_head_is_waited_for() -> None:
    """As it comes, or not for ever."""
    heads = Heads()
    waiting = asyncio.create_task(heads.wait_for({"directory": 5}, 5.0))
    await asyncio.sleep(0)
    for head in (3, 5):
        heads.changed(Changed("directory", head, ()))

    assert await waiting
    assert not await heads.wait_for({"directory": 6}, 0.0)


def test_an_older_head_changes_nothing() -> None:
    """Messages may be reordered."""
    heads = Heads()
    heads.observe("directory", 5)
    heads.observe("directory", 4)

    assert not heads.current({"directory": 4})
    assert heads.current({"directory": 5})
    assert heads.current({"directory": 6})


def test_only_services_that_an_answer_used_can_be_behind() -> None:
    """A head of another service says nothing about it."""
    assert behind({"directory": 5}, {"directory": 6, "map": 9}) == {"directory": 6}
    assert behind({"directory": 6}, {"directory": 6}) == {}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b'{"service": "a"}',
        b'{"service":"a","feed":"b","head":"x","changes":[]}',
    ],
)
def test_what_is_not_a_change_is_found_out(body: bytes) -> None:
    """The exchange is this node's own, but a newer service may say something new on it."""
    with pytest.raises((ValueError, KeyError, TypeError)):
        parse(body)


def test_a_change_is_read_whatever_else_it_says() -> None:
    """Fields are only ever added."""
    change = {"id": "a", "kind": "ngo", "scope": "public", "op": "put", "n": 7, "new": True}
    message = {"service": "directory", "head": 7, "feed": "yunnan/directory", "changes": [change]}

    assert parse(orjson.dumps(message)) == changed("a")._replace(head=7)


@pytest.mark.parametrize(
    ("feed", "scope"), [("yunnan/directory", None), ("yunnan/directory/private", "private")]
)
def test_of_a_record_that_is_gone_the_feed_tells_whether_it_was_private(
    feed: str, scope: str | None
) -> None:
    """Nothing else of it is left."""
    change = {"id": "a", "kind": "ngo", "scope": None, "op": "erase"}
    message = {"service": "directory", "head": 1, "feed": feed, "changes": [change]}

    assert parse(orjson.dumps(message)).changes == (Change("a", "ngo", scope, "erase"),)
