"""Nodes with real databases and real signatures; their messages lie in a list that tests spoil."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from random import Random
from typing import Any

from hinterland.following import Following
from hinterland.identity import Member, Membership
from hinterland.replica.messages import Message, open_message, write_message
from tests.integration.files.conftest import ROOM, Clock, Node, OpenNode

__all__ = ["Federation", "Letter"]

TICK_S = 1.0


@dataclass(frozen=True)
class Letter:
    """A message under way."""

    sender: str
    to: str
    routing_key: str
    body: bytes

    @property
    def message(self) -> Message | None:
        return None if self.routing_key.startswith("feed.") else open_message(self.body)

    @property
    def type(self) -> str:
        return self.message.type if self.message else "batch"


class Federation:
    """All nodes of one federation; `spoil` may drop or change what is under way."""

    def __init__(self, open_node: OpenNode, clock: Clock, names: str) -> None:
        self.clock = clock
        self.random = Random(1)
        self.spoil: Callable[[Letter], Iterable[Letter]] = lambda letter: [letter]
        self.sent: Counter[str] = Counter()
        self.away: set[str] = set()
        self.letters_a_second = 1_000_000
        self._open_node = open_node
        self._letters: deque[Letter] = deque()
        self.nodes: dict[str, Node] = {name: open_node(name) for name in names.split()}
        self.membership = Membership(
            "test-0000000000000000",
            "yunnan",
            {
                name: Member(name, "CN", name, node.key.public, "2026-01-01T00:00:00.000Z")
                for name, node in self.nodes.items()
            },
        )
        self.followings: dict[str, Following] = {}
        for name in self.nodes:
            self.start(name)

    def start(self, name: str) -> Node:
        """The node's next start: only its database is left of it."""
        node = self.nodes[name] = self._open_node(name)
        node.store.set_membership(self.membership)
        self.followings[name] = Following(
            node=name,
            service=ROOM.service,
            key=node.key,
            store=node.store,
            check=ROOM.check,
            foreign_kinds=ROOM.foreign_kinds,
            publish=lambda routing_key, body: self._publish(name, routing_key, body),
            changed=lambda applied: None,
            random=Random(self.random.getrandbits(64)),
            membership=self.membership,
            shelf=node.library,
        )
        return node

    def expel(self, name: str) -> None:
        """As if nothing that it ever wrote counted."""
        members = dict(self.membership.members)
        members[name] = replace(members[name], expelled={})
        self.membership = Membership(
            self.membership.federation, self.membership.coordinator, members
        )
        for other, following in self.followings.items():
            if other != name:
                following.set_membership(self.membership, self._now())

    def forge(self, sender: str, to: str, fields: dict[str, Any], *, key_of: str = "") -> None:
        """Have `to` receive a message that says it is from `sender`, signed by `key_of`."""
        fields = {
            "from": sender,
            "federation": self.membership.federation,
            "service": ROOM.service,
            **fields,
        }
        sign = self.nodes[key_of or sender].key.sign
        letter = Letter(sender, to, f"want.{ROOM.service}.{to}", write_message(fields, sign))
        self._letters.append(letter)

    def answers(self, to: str) -> list[Message]:
        """Messages of type give-file that are under way to a node."""
        return [
            letter.message
            for letter in self._letters
            if letter.to == to and letter.type == "give-file" and letter.message
        ]

    def deliver(self, letters: int | None = None) -> None:
        """Hand over what is under way, and what is said because of it."""
        for _ in range(letters or self.letters_a_second):
            if not self._letters:
                return
            self._hand_over(self._letters.popleft())

    def run(self, seconds: float) -> None:
        end = self._now() + seconds
        while self._now() < end:
            self._tick()

    def run_until(self, done: Callable[[], bool], limit_s: float = 600) -> None:
        end = self._now() + limit_s
        while not done():
            assert self._now() < end, f"not done after {limit_s} s"
            self._tick()

    def _tick(self) -> None:
        self.clock.advance(TICK_S)
        for name, following in list(self.followings.items()):
            if name not in self.away:
                following.tick(self._now())
        self.deliver()

    def _now(self) -> float:
        return self.clock().timestamp()

    def _publish(self, sender: str, routing_key: str, body: bytes) -> None:
        topic, _, rest = routing_key.partition(".")
        for name in self.nodes:
            if name == sender or (topic in ("want", "give") and not rest.endswith(f".{name}")):
                continue
            letter = Letter(sender, name, routing_key, body)
            self.sent[letter.type] += 1
            self._letters.extend(self.spoil(letter))

    def _hand_over(self, letter: Letter) -> None:
        if {letter.sender, letter.to} & self.away:
            return
        self.followings[letter.to].receive(letter.routing_key, letter.body, self._now())
