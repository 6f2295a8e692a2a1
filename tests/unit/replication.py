"""Members of a small federation that say what a test wants them to say, properly signed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any, Final, TypeVar

import orjson

from hinterland.batch import (
    DIGEST_OF_NOTHING,
    Batch,
    Draft,
    Position,
    digest_add,
    encode,
    payload_line,
    seal,
)
from hinterland.clock import from_us, rfc3339
from hinterland.identity import Cutoff, Member, Membership, NodeKey
from hinterland.replica import Effect, Held, Publish, Replica
from hinterland.replica.messages import Line, Message, open_message, write_message

FEDERATION: Final = "china-0123456789abcdef"
SERVICE: Final = "notes"
NOW: Final = 1_700_000_000.0
AT: Final = "2026-01-31T08:05:00.000Z"
SALT: Final = bytes(16)
T = TypeVar("T")


@dataclass
class Node:
    """One member: its key, the feed that it has written, and what it can say."""

    name: str
    key: NodeKey = field(default_factory=NodeKey.generate)
    batches: list[Batch] = field(default_factory=list)

    @property
    def feed(self) -> str:
        return f"{self.name}/{SERVICE}"

    @property
    def line(self) -> Line:
        """Its own feed's end."""
        return line_of(self.batches[-1])

    def write(self, count: int = 1, op: str = "put", text: str = "", **header: Any) -> Batch:
        """Append a batch of so many puts of new records."""
        batch = self.sealed(count, op, text, **header)
        self.batches.append(batch)
        return batch

    def sealed(self, count: int = 1, op: str = "put", text: str = "", **header: Any) -> Batch:
        last = self.batches[-1].header if self.batches else None
        first = last.last + 1 if last else 1
        digest = last.digest if last else DIGEST_OF_NOTHING
        drafts = []
        for n in range(first, first + count):
            record_id = f"{self.name}.note.{n:04d}"
            body = {"text": text or f"{n}"}
            line = payload_line(record_id, "note", "public", body, SALT) if op == "put" else b""
            draft = Draft(record_id, "note", op, None, line)
            digest = digest_add(digest, record_id, Position(1, n), draft.sum)
            drafts.append(draft)
        fields: dict[str, Any] = {
            "federation": FEDERATION,
            "key": self.key.public,
            "feed": self.feed,
            "epoch": 1,
            "first": first,
            "prev": last.hash if last else "",
            "digest": digest,
            "at": AT,
            "sign": self.key.sign,
        }
        return seal(drafts, **(fields | header))

    def says(self, kind: str, frames: Sequence[bytes] = (), **fields: Any) -> bytes:
        message = {
            "from": self.name,
            "federation": FEDERATION,
            "service": SERVICE,
            "type": kind,
            **fields,
        }
        return write_message(message, self.key.sign, frames)

    def heads(self, now: float, rest: str = "", **fields: Any) -> bytes:
        own = [self.line.to_wire()] if self.batches else []
        said: dict[str, Any] = {
            "at": rfc3339(from_us(round(now * 1e6))),
            "own": own,
            "rest": rest,
            "hello": False,
        }
        return self.says("heads", **(said | fields))


def line_of(batch: Batch, holes: int = 0) -> Line:
    header = batch.header
    return Line(header.feed, header.epoch, header.last, header.hash, header.digest, holes)


def membership_of(*nodes: Node, **expelled: dict[str, Cutoff]) -> Membership:
    members = {
        node.name: Member(
            node.name, "CN-YN", node.name, node.key.public, AT, expelled=expelled.get(node.name)
        )
        for node in nodes
    }
    return Membership(FEDERATION, nodes[0].name, members)


class Listener:
    """The replica under test, at a node `national`, with a clock that the test moves."""

    def __init__(
        self, *others: Node, held: Sequence[Held] = (), membership: Membership | None = None
    ) -> None:
        self.node = Node("national")
        self.now = NOW
        self.membership = membership or membership_of(self.node, *others)
        if membership is not None:
            own = membership_of(self.node).members
            self.membership = replace(membership, members={**own, **membership.members})
        self.replica = Replica(
            node=self.node.name,
            service=SERVICE,
            membership=self.membership,
            sign=self.node.key.sign,
            check=lambda payload: None,
            foreign_kinds=frozenset(),
            held=held,
            random=Random(1),
        )

    def hears(self, node: Node, **fields: Any) -> list[Effect]:
        """The heads of `node`."""
        return self.takes(f"heads.{node.name}", node.heads(self.now, **fields))

    def gets(self, batch: Batch) -> list[Effect]:
        """A batch as its home publishes it."""
        return self.takes(f"feed.{batch.header.feed.replace('/', '.')}", encode(batch))

    def given(
        self, node: Node, feed: str, batches: Sequence[Batch | bytes], ask: int = 0
    ) -> list[Effect]:
        frames = [each if isinstance(each, bytes) else encode(each) for each in batches]
        body = node.says("give", frames, re=ask, feed=feed, more=False)
        return self.takes(f"give.{SERVICE}.national", body)

    def takes(self, routing_key: str, body: bytes) -> list[Effect]:
        return self.replica.receive(routing_key, body, self.now)

    def passes(self, seconds: float, step: float = 1.0) -> list[Effect]:
        """Time goes by, with a tick each `step`."""
        effects = []
        for _ in range(round(seconds / step)):
            self.now += step
            effects += self.replica.tick(self.now)
        return effects

    @property
    def refused(self) -> list[str]:
        return [drop.reason for drop in self.replica.drops.latest]


def said(effects: Sequence[Effect], topic: str) -> list[Message]:
    """What is published of one topic: heads, want or give."""
    return [
        open_message(effect.body)
        for effect in effects
        if isinstance(effect, Publish) and effect.routing_key.startswith(f"{topic}.")
    ]


def of_type(effects: Sequence[Effect], kind: type[T]) -> list[T]:
    return [effect for effect in effects if isinstance(effect, kind)]


def newer(batch: Batch, key: NodeKey) -> Batch:
    """The same batch in a format of the future."""
    line = orjson.dumps(orjson.loads(batch.header.line) | {"v": 2})
    header = replace(batch.header, line=line)
    return Batch(key.sign(b"hinterland batch\n" + line), header, batch.payloads)
