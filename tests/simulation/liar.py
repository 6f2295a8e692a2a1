"""A member that breaks the rules in every way that its own key, its own broker and its place on the
way of other people's messages allow."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import lru_cache, partial
from random import Random
from typing import TYPE_CHECKING, Any, Final

import orjson
import zstandard

from hinterland.batch import (
    BATCH_PREFIX,
    FRAME_BYTES_MAX,
    Batch,
    Draft,
    decode,
    elide,
    encode,
    payload_line,
)
from hinterland.clock import from_us, rfc3339
from hinterland.replica.messages import open_message, split_batches, write_message
from tests.simulation.faults import Fault
from tests.simulation.network import Message
from tests.simulation.node import KIND, SERVICE, Node
from tests.simulation.signing import Key
from tests.simulation.store import MemoryStore, Tables

if TYPE_CHECKING:
    from tests.simulation.world import World

__all__ = ["FORGED", "MISCHIEF", "Liar"]

FORGED: Final = "forged"
RECORDED_MAX: Final = 40
REPLAYED: Final = 5
FLOOD: Final = 20
FORK_DELAY_S: Final = 0.1
BOMB_BYTES: Final = 1 << 30
FALSE_NUMBERS: Final = 1000
MISCHIEF: Final = (
    Fault.FORGED_HEADS,
    Fault.FORGED_BATCH,
    Fault.FOREIGN_ID,
    Fault.PRIVATE_SHARED,
    Fault.GARBAGE,
    Fault.BOMB,
    Fault.OVERSIZED,
    Fault.REPLAYED,
    Fault.FLOOD,
    Fault.FALSE_HEADS,
    Fault.NEWER_FORMAT,
)
SPOILING: Final = (Fault.BLANKED, Fault.ALTERED, Fault.PAYLOAD_ALTERED)
HABITS: Final = (
    Fault.BLANKED,
    Fault.SILENCE,
    Fault.ALTERED,
    Fault.PAYLOAD_ALTERED,
    Fault.GARBAGE,
    Fault.OVERSIZED,
    Fault.BOMB,
    Fault.FALSE_HEADS,
)


@lru_cache(maxsize=1)
def bomb() -> bytes:
    compressor = zstandard.ZstdCompressor(level=1).compressobj()
    chunk = b"\n" * (1 << 24)
    parts = [compressor.compress(chunk) for _ in range(BOMB_BYTES // len(chunk))]
    return b"".join([*parts, compressor.flush()])


@lru_cache(maxsize=1)
def oversized() -> bytes:
    return bytes(FRAME_BYTES_MAX + 1)


class Liar(Node):
    """`habits` is how it treats what it gives; what it relays is treated likewise."""

    def __init__(self, world: World, name: str, key: Key, random: Random) -> None:
        super().__init__(world, name, key, random)
        self._habits = random.sample(HABITS, 3)
        self._lies = random
        self._heard: deque[Message] = deque(maxlen=RECORDED_MAX)
        self._other_branch: Tables | None = None

    # What it gives

    def _publish(self, routing_key: str, body: bytes) -> None:
        for lie in self._instead_of(routing_key, body):
            super()._publish(routing_key, lie)

    def _instead_of(self, routing_key: str, body: bytes) -> Iterator[bytes]:
        habit = self._lies.choice(self._habits)
        topic = routing_key.partition(".")[0]
        if topic not in ("give", "heads"):
            yield body
            return
        message = open_message(body)
        fields = dict(message.fields)
        if topic == "heads" or "table" in fields:
            yield self._exaggerate(fields) if habit is Fault.FALSE_HEADS else body
            return
        frames = split_batches(message)
        if not frames or habit is Fault.FALSE_HEADS:
            yield body
        elif habit is Fault.SILENCE:
            self.world.fired(habit)
        else:
            self.world.fired(habit)
            yield write_message(fields, self.key.sign, [self._spoil(f, habit) for f in frames])

    def _exaggerate(self, fields: dict[str, Any]) -> bytes:
        self.world.fired(Fault.FALSE_HEADS)
        for name in ("own", "table"):
            for line in fields.get(name, []):
                line[2] += FALSE_NUMBERS
                line[3] = self._random_hash()
        fields["rest"] = self._random_hash()
        return write_message(fields, self.key.sign)

    def _random_hash(self) -> str:
        return hashlib.sha256(self._lies.randbytes(8)).hexdigest()

    def _spoil(self, frame: bytes, how: Fault) -> bytes:
        if how is Fault.OVERSIZED:
            return oversized()
        if how is Fault.BOMB:
            return bomb()
        if how is Fault.GARBAGE:
            return self._lies.randbytes(len(frame))
        batch = decode(frame)
        if how is Fault.BLANKED:
            return encode(elide(batch, range(batch.header.first, batch.header.last + 1)))
        if how is Fault.PAYLOAD_ALTERED:
            lies = (
                line.replace(b'"text":"', b'"text":"%b ' % FORGED.encode())
                for line in batch.payloads
            )
            return encode(replace(batch, payloads=tuple(lies)))
        line = batch.header.line.replace(b'"put"', b'"set"')
        return encode(Batch(batch.signature, replace(batch.header, line=line), batch.payloads))

    # What it passes on

    def relay(self, message: Message) -> Iterator[Message]:
        """What its broker does with a message on the way from one neighbour to another."""
        self._heard.append(message)
        habit = self._lies.choice((*self._habits, Fault.RELAY_DROPS, None, None))
        if habit is Fault.RELAY_DROPS:
            self.world.fired(habit)
        elif message.routing_key.startswith("feed.") and habit in SPOILING:
            self.world.fired(habit)
            yield replace(message, body=self._spoil(message.body, habit))
        else:
            yield message

    def take(self, message: Message) -> None:
        self._heard.append(message)
        super().take(message)

    # What it makes up

    def misbehave(self, how: Fault) -> None:
        if self.following is not None and self.membership is not None:
            tell: dict[Fault, Callable[[], object]] = {
                Fault.FORGED_HEADS: self._speak_as_another,
                Fault.FORGED_BATCH: self._write_as_another,
                Fault.FOREIGN_ID: self._write_foreign_ids,
                Fault.PRIVATE_SHARED: self._share_private,
                Fault.GARBAGE: lambda: self._send(self._lies.randbytes(200)),
                Fault.BOMB: lambda: self._send(bomb()),
                Fault.OVERSIZED: lambda: self._send(oversized()),
                Fault.REPLAYED: self._repeat_others,
                Fault.FLOOD: self._flood,
                Fault.FALSE_HEADS: lambda: self._send(
                    self._exaggerate(self._heads(self.name)), f"heads.{self.name}"
                ),
                Fault.NEWER_FORMAT: self._write_newer,
                Fault.FORK: self._fork,
            }
            tell[how]()
            self.world.fired(how)

    def _send(self, body: bytes, routing_key: str | None = None) -> None:
        key = routing_key or f"feed.{SERVICE}.{self._victim()}"
        self.world.publish(self, key, body)

    def _victim(self) -> str:
        return self._lies.choice([name for name in self.world.nodes if name != self.name])

    def _heads(self, node: str) -> dict[str, Any]:
        held = self.store.memory.held_one(f"{node}/{SERVICE}")
        line = replace(held.line, n=held.n + FALSE_NUMBERS, hash=self._random_hash())
        at = rfc3339(from_us(round((self.clock() + 1) * 1_000_000)))
        return {
            "type": "heads",
            "at": at,
            "from": node,
            "federation": self.membership.federation if self.membership else "",
            "service": SERVICE,
            "own": [line.to_wire()],
            "rest": self._random_hash(),
            "hello": True,
        }

    def _speak_as_another(self) -> None:
        victim = self._victim()
        self._send(write_message(self._heads(victim), self.key.sign), f"heads.{victim}")

    def _write_as_another(self) -> None:
        """A batch that follows what the victim wrote, with the right key in it or the liar's."""
        victim = self.world.nodes[self._victim()]
        held = self.store.memory.held_one(victim.feed)
        record_id = f"{victim.name}.{KIND}.{self._lies.randrange(4):04d}"
        own = self.key
        self.key = _Signing(self._lies.choice([victim.key.public, own.public]), own)
        batch, _ = self.seal([self._forgery(record_id)], held)
        self.key = own
        self._send(encode(batch), f"feed.{SERVICE}.{victim.name}")

    def _forgery(self, record_id: str, scope: str = "public") -> Draft:
        salt = self._lies.randbytes(16)
        line = payload_line(record_id, KIND, scope, {"text": FORGED}, salt)
        return Draft(record_id, KIND, "put", None, line)

    def _write_foreign_ids(self) -> None:
        record_id = f"{self._victim()}.{KIND}.{self._lies.randrange(4):04d}"
        self._append([self._forgery(record_id)], self.store.memory)

    def _share_private(self) -> None:
        record_id = f"{self.name}.{KIND}.0000"
        self._append([self._forgery(record_id, scope="private")], self.store.memory)

    def _append(self, drafts: list[Draft], store: MemoryStore) -> Batch:
        batch, judged = self.seal(drafts, store.held_one(self.feed))
        store.append(batch, judged)
        if store is self.store.memory:
            self._send(encode(batch), f"feed.{SERVICE}.{self.name}")
        return batch

    def _write_newer(self) -> None:
        held = self.store.memory.held_one(self.feed)
        batch, _ = self.seal([self._forgery(f"{self.name}.{KIND}.0000")], held)
        line = orjson.dumps(orjson.loads(batch.header.line) | {"v": 2})
        signature = self.key.sign(BATCH_PREFIX + line)
        newer = Batch(signature, replace(batch.header, line=line), batch.payloads)
        self._send(encode(newer), f"feed.{SERVICE}.{self.name}")

    def _fork(self) -> None:
        """Say one thing to some, and another, at the same position, to the others."""
        if self._other_branch is None:
            self._other_branch = self.tables.copy()
        other = MemoryStore(check=self.check, foreign_kinds=frozenset(), tables=self._other_branch)
        record_id = f"{self.name}.{KIND}.0000"
        batch, judged = self.seal([self._forgery(record_id)], other.held_one(self.feed))
        other.append(batch, judged)
        others = [node for name, node in self.world.nodes.items() if name != self.name]
        self._tell(others[len(others) // 2 :], batch)
        mine, judged = self.seal([self._forgery(record_id)], self.store.memory.held_one(self.feed))
        self.store.memory.append(mine, judged)
        self._tell(others[: len(others) // 2], mine)

    def _tell(self, nodes: list[Node], batch: Batch) -> None:
        message = Message(self.name, f"feed.{SERVICE}.{self.name}", encode(batch))
        for node in nodes:
            self.world.after(FORK_DELAY_S, partial(node.take, message))

    def _repeat_others(self) -> None:
        for message in self._lies.sample(self._heard, min(REPLAYED, len(self._heard))):
            self._send(message.body, message.routing_key)

    def _flood(self) -> None:
        heads = self._heads(self.name)
        for _ in range(FLOOD):
            heads["at"] = rfc3339(from_us(round(self.clock() * 1_000_000)))
            self._send(write_message(heads, self.key.sign), f"heads.{self.name}")
            victim = self._victim()
            want = {
                "type": "want",
                "from": self.name,
                "federation": heads["federation"],
                "service": SERVICE,
                "ask": self._lies.getrandbits(40),
                "feed": f"{victim}/{SERVICE}",
                "epoch": 1,
                "after": 0,
                "budget": 1 << 22,
            }
            self._send(write_message(want, self.key.sign), f"want.{SERVICE}.{victim}")


class _Signing:
    """Signs with one key and gives another for its own."""

    def __init__(self, public: str, key: Key) -> None:
        self.public = public
        self.sign = key.sign
