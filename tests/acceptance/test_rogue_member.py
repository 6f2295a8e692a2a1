"""A member turns against the others: it changes nothing, costs little, and is seen.

These run after the others that share the nodes: what a rogue member leaves in quarantine stays
there, and `hinterland status` goes on saying so.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from typing import Any, Final

import pika
import pytest
import zstandard
from pymongo import MongoClient

from hinterland.batch import Draft, decode, elide, encode, pack, payload_line, seal
from hinterland.bus.names import FEEDS_EXCHANGE
from hinterland.clock import rfc3339, system_clock
from hinterland.identity import NodeKey
from hinterland.replica.messages import write_message
from tests.acceptance.nodes import Node, eventually, link_to
from tests.acceptance.test_replication import register

BOMB_BYTES: Final = 1 << 30
FAR: Final = 10**9
FEED: Final = "mallory/directory"


class Mallory:
    """The member's key and broker, without its services."""

    def __init__(self, node: Node, coordinator: Node) -> None:
        self.node = node
        self.key = NodeKey.load(node.settings.key_path)
        status = coordinator.status()
        self.federation = status["federation"]["id"]
        parameters = pika.URLParameters(node.settings.amqp_uri)
        parameters.heartbeat = 0  # nobody answers them while the test waits for the others
        self._connection = pika.BlockingConnection(parameters)
        self._channel = self._connection.channel()

    def say(self, routing_key: str, body: bytes) -> None:
        self._channel.basic_publish(FEEDS_EXCHANGE, routing_key, body)
        self._connection.process_data_events(0)

    def say_signed(self, routing_key: str, frames: tuple[bytes, ...] = (), **fields: Any) -> None:
        sender = {"from": "mallory", "federation": self.federation, "service": "directory"}
        self.say(routing_key, write_message(sender | fields, self.key.sign, frames))

    def batch(self, record_id: str, feed: str = FEED, key: str = "", name: str = "假") -> bytes:
        """The first batch of a feed, signed with mallory's key, whatever `key` it names."""
        body = {"names": [{"language": "zh", "text": name}]}
        line = payload_line(record_id, "ngo", "public", body, os.urandom(16))
        [drafts] = pack([Draft(record_id, "ngo", "put", None, line)])
        return encode(
            seal(
                drafts,
                federation=self.federation,
                key=key or self.key.public,
                feed=feed,
                epoch=1,
                first=1,
                prev="",
                digest="0" * 64,
                at=rfc3339(system_clock()),
                sign=self.key.sign,
            )
        )

    def close(self) -> None:
        self._connection.close()


@pytest.fixture(scope="module")
def mallory(federation: list[Node], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mallory]:
    """A fourth member whose services are stopped, so that the test speaks in its name."""
    node = Node(tmp_path_factory.mktemp("mallory"), "mallory", "CN-SC")
    try:
        node.init()
        node.start()
        node.wait_until_ready()
        node.join(federation[0])
        # What is said before the coordinator's broker listens reaches nobody.
        eventually(lambda: link_to(federation[0], "mallory")["status"], "running".__eq__)
        node.supervisor("stop", "directory", "federation", "accounts")
        hostile = Mallory(node, federation[0])
        yield hostile
        hostile.close()
    finally:
        node.stop()


def shown_drops(node: Node) -> int:
    """How many messages `hinterland status` says were refused."""
    return sum(each["count"] for each in node.status()["dropped"])


def unequal(node: Node) -> list[str]:
    """The feeds of members in good standing that are not what their homes say."""
    status = node.status()
    expelled = {member["node"] for member in status["members"] if member["expelled_at"]}
    return [
        feed["feed"]
        for feed in status["feeds"]
        if feed["digest"] != "equal" and feed["home"] not in expelled
    ]


def quarantined(node: Node) -> list[str]:
    entries = json.loads(node.cli("quarantine", "list", "--json"))
    return [entry["record"] for entry in entries]


def yunnan_frame(national: Node) -> bytes:
    """A batch of Yunnan's, as the coordinator holds it."""
    settings = national.settings
    with MongoClient[dict[str, Any]](settings.mongo_uri) as client:
        batches = client[settings.database("directory")]["batches"]
        found = batches.find_one({"feed": "yunnan/directory"}, sort=[("first", -1)])
    assert found is not None
    return bytes(found["frame"])


Attack = Callable[[Mallory, Node, str], None]


def garbage(mallory: Mallory, national: Node, victim: str) -> None:
    for key in ("feed.directory.yunnan", "heads.yunnan", "give.directory.national"):
        mallory.say(key, os.urandom(4096))


def bomb(mallory: Mallory, national: Node, victim: str) -> None:
    mallory.say("feed.directory.mallory", zstandard.ZstdCompressor().compress(bytes(BOMB_BYTES)))


def oversized(mallory: Mallory, national: Node, victim: str) -> None:
    mallory.say("feed.directory.mallory", os.urandom(3 * 1024 * 1024))


def forged(mallory: Mallory, national: Node, victim: str) -> None:
    status = national.status()
    members = {member["node"]: member["key"] for member in status["members"]}
    mallory.say(
        "feed.directory.yunnan",
        mallory.batch(victim, feed="yunnan/directory", key=members["yunnan"]),
    )


def blanked(mallory: Mallory, national: Node, victim: str) -> None:
    batch = decode(yunnan_frame(national))
    numbers = range(batch.header.first, batch.header.last + 1)
    frame = encode(elide(batch, numbers))
    mallory.say_signed(
        "give.directory.national",
        (frame,),
        type="give",
        re=0,
        feed="yunnan/directory",
        more=False,
    )


def false_heads(mallory: Mallory, national: Node, victim: str) -> None:
    line = [FEED, 1, FAR, "ab" * 32, "cd" * 32, 0]
    mallory.say_signed(
        "heads.mallory",
        type="heads",
        at=rfc3339(system_clock()),
        own=[line],
        rest="ef" * 32,
        hello=False,
    )
    others = [["yunnan/directory", 1, FAR, "ab" * 32, "cd" * 32, 0]]
    mallory.say_signed(
        "give.directory.national", type="give", table=others, page=0, more=False, rest="ef" * 32
    )


@pytest.mark.parametrize("attack", [garbage, bomb, oversized, forged])
def test_what_a_member_forges_is_dropped_and_shown(
    federation: list[Node], mallory: Mallory, attack: Attack
) -> None:
    """Rubbish, a bomb, an oversized frame, another's feed: refused, counted, and without effect."""
    national, yunnan, _ = federation
    victim = register(yunnan, f"受害者 {attack.__name__}")
    eventually(lambda: national.graphql(NAME, id=victim)["ngo"], lambda ngo: ngo is not None)
    before = shown_drops(national)

    attack(mallory, national, victim)

    eventually(lambda: shown_drops(national), lambda drops: drops > before)
    assert f"受害者 {attack.__name__}" == national.graphql(NAME, id=victim)["ngo"]["name"]


NAME: Final = "query ($id: ID!) { ngo(id: $id) { name } }"


@pytest.mark.parametrize("attack", [blanked, false_heads])
def test_what_a_member_claims_changes_nothing(
    federation: list[Node], mallory: Mallory, attack: Attack
) -> None:
    """Blanked payloads and heads that do not exist leave the others equal, and going on."""
    national, yunnan, gansu = federation
    victim = register(yunnan, f"受害者 {attack.__name__}")
    eventually(lambda: national.graphql(NAME, id=victim)["ngo"], lambda ngo: ngo is not None)

    attack(mallory, national, victim)
    later = register(yunnan, f"之后 {attack.__name__}")

    for node in (national, gansu):
        eventually(lambda n=node: n.graphql(NAME, id=later)["ngo"], lambda ngo: ngo is not None)
        assert f"受害者 {attack.__name__}" == node.graphql(NAME, id=victim)["ngo"]["name"]


def test_a_members_write_to_anothers_record_is_quarantined(
    federation: list[Node], mallory: Mallory
) -> None:
    """A valid batch of mallory that names a record of Yunnan touches only the quarantine."""
    national, yunnan, _ = federation
    victim = register(yunnan, "受害者")
    eventually(lambda: national.graphql(NAME, id=victim)["ngo"], lambda ngo: ngo is not None)

    mallory.say("feed.directory.mallory", mallory.batch(victim))

    eventually(lambda: quarantined(national), lambda found: victim in found)
    assert "受害者" == national.graphql(NAME, id=victim)["ngo"]["name"]


def test_a_member_that_forks_its_feed_is_frozen(federation: list[Node], mallory: Mallory) -> None:
    """A second signed header for one position stops that feed, visibly, and no other."""
    national, yunnan, gansu = federation
    mallory.say("feed.directory.mallory", mallory.batch(f"mallory.ngo.{'0' * 26}"))

    def frozen() -> list[str]:
        return [feed["feed"] for feed in national.status()["feeds"] if feed["frozen"]]

    eventually(frozen, lambda feeds: feeds == [FEED])
    register(yunnan, "仍在继续")
    eventually(lambda: (national.total(), gansu.total()), lambda totals: len(set(totals)) == 1)


def test_an_expelled_member_is_refused(federation: list[Node], mallory: Mallory) -> None:
    """After `federation expel` nothing of mallory's counts, and its user at the broker is gone."""
    national, yunnan, gansu = federation
    national.cli("federation", "expel", "mallory", "--yes")

    def shown(node: Node) -> list[bool]:
        members = node.status()["members"]
        return [bool(each["expelled_at"]) for each in members if each["node"] == "mallory"]

    for node in (national, yunnan, gansu):
        eventually(lambda n=node: shown(n), lambda states: states == [True])
    before = national.total()
    mallory.say("feed.directory.mallory", mallory.batch(f"mallory.ngo.{'1' * 26}", name="之后"))
    register(yunnan, "驱逐之后")

    eventually(national.total, lambda total: total == before + 1)
    for node in (national, yunnan, gansu):
        eventually(lambda n=node: unequal(n), lambda feeds: feeds == [])
