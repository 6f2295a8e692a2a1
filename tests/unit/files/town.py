"""Nodes that exchange files over a bad network, on a virtual clock; some of them lie. A seed
replays a run.
"""

from __future__ import annotations

import hashlib
import heapq
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from random import Random
from typing import Any, Final

from hinterland.files.courier import Courier
from hinterland.replica import Publish
from hinterland.replica.messages import open_message, write_message
from tests.unit.files.memory import MemoryShelf

__all__ = ["LIES", "Resident", "Town"]

TICK_S: Final = 1.0
NO_SIGNATURE: Final = bytes(64)


@dataclass
class Voice:
    """A replica, as far as the exchange knows it. What it says is not signed, nor checked."""

    town: Town
    node: str
    service: str = "map"
    catching_up: bool = False

    def heard_within(self, seconds: float) -> set[str]:
        return {
            name
            for name in self.town.residents
            if name != self.node and not self.town.is_cut(self.node, name)
        }

    def say(
        self, routing_key: str, fields: dict[str, Any], frames: Iterable[bytes] = ()
    ) -> Publish:
        fields = {"from": self.node, **fields}
        return Publish(routing_key, write_message(fields, lambda _: NO_SIGNATURE, list(frames)))

    def note(self, sender: str, reason: str) -> None:
        self.town.noted[self.node, sender] += 1


def _other_bytes(random: Random, fields: dict[str, Any], data: bytes) -> Any:
    return fields, [random.randbytes(len(data))]


def _other_end(random: Random, fields: dict[str, Any], data: bytes) -> Any:
    return fields, [data[:-1] + bytes([data[-1] ^ 1])]


def _other_size(random: Random, fields: dict[str, Any], data: bytes) -> Any:
    return fields | {"size": fields["size"] + 1_000_000}, [data]


def _odd_piece(random: Random, fields: dict[str, Any], data: bytes) -> Any:
    return fields, [data[: len(data) // 2 + 1]]


def _nothing(random: Random, fields: dict[str, Any], data: bytes) -> Any:
    return fields, []


def _two_pieces(random: Random, fields: dict[str, Any], data: bytes) -> Any:
    return fields, [data, data]


def _busy(random: Random, fields: dict[str, Any], data: bytes) -> Any:
    return {**fields, "size": None, "busy_s": 1 << 50}, []


def _rubbish(random: Random, fields: dict[str, Any], data: bytes) -> Any:
    return fields | {"start": -1, "size": "large"}, [data]


def _bad_start(random: Random, fields: dict[str, Any], data: bytes) -> Any:
    return (fields, [random.randbytes(len(data))]) if fields["start"] == 0 else None


def _silence(random: Random, fields: dict[str, Any], data: bytes) -> Any:
    return None


LIES: Final[dict[str, Callable[[Random, dict[str, Any], bytes], Any]]] = {
    "other bytes": _other_bytes,
    "other end": _other_end,
    "other size": _other_size,
    "odd piece": _odd_piece,
    "nothing": _nothing,
    "two pieces": _two_pieces,
    "busy for ever": _busy,
    "rubbish": _rubbish,
    "bad start": _bad_start,
    "silence": _silence,
}


class Resident:
    """One node: what survives a restart is its shelf."""

    def __init__(self, town: Town, name: str, lie: str = "") -> None:
        self.town = town
        self.name = name
        self.lie = lie
        self.voice = Voice(town, name)
        self.shelf = MemoryShelf(lambda: town.now)
        self.start()

    def start(self) -> None:
        random = Random(self.town.random.getrandbits(64))
        self.courier = Courier(self.voice, self.shelf, self._publish, random)

    def _publish(self, routing_key: str, body: bytes) -> None:
        self.town.send(self, routing_key.rpartition(".")[2], body)


class Town:
    """All nodes and the messages between them. Faults count how often they happened."""

    def __init__(self, seed: int, names: str, liars: dict[str, str] | None = None) -> None:
        self.random = Random(seed)
        self.now = 0.0
        self.loss = 0.0
        self.repeats = 0.0
        self.delay_s = 0.1
        self.faults: Counter[str] = Counter()
        self.noted: Counter[tuple[str, str]] = Counter()
        self.sent: Counter[str] = Counter()
        self.cut: set[str] = set()
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._number = 0
        self.residents = {
            name: Resident(self, name, (liars or {}).get(name, "")) for name in names.split()
        }
        for resident in self.residents.values():
            self._tick(resident)

    def prefer(self, peer: str) -> None:
        """Everybody thinks that nobody answers as fast as `peer`."""
        for resident in self.residents.values():
            resident.courier._exchange._fetching._holder(peer).answer_s = 0.0

    def is_cut(self, one: str, other: str) -> bool:
        return one in self.cut or other in self.cut

    def publish_record(self, home: str, content: bytes, size: int | None = None) -> str:
        """A record of `home` refers to a file, and everybody has the record already."""
        sha256 = hashlib.sha256(content).hexdigest()
        self.residents[home].shelf.bodies[sha256] = content
        for resident in self.residents.values():
            resident.shelf.missing.expect(sha256, size or len(content), home)
            resident.courier.records_changed()
        return sha256

    def honest(self) -> list[Resident]:
        return [resident for resident in self.residents.values() if not resident.lie]

    def run(self, seconds: float) -> None:
        end = self.now + seconds
        while self._events and self._events[0][0] <= end:
            self.now, _, act = heapq.heappop(self._events)
            act()
        self.now = end

    def run_until(self, done: Callable[[], bool], limit_s: float) -> None:
        end = self.now + limit_s
        while not done():
            assert self.now < end, f"not done after {limit_s} s"
            self.run(TICK_S)

    def send(self, sender: Resident, to: str, body: bytes) -> None:
        message = open_message(body)
        self.sent[message.type] += 1
        if sender.lie and message.type == "give-file" and "size" in message.fields:
            lied = LIES[sender.lie](self.random, message.fields, message.rest)
            self.faults[sender.lie] += 1
            if lied is None:
                return
            fields = {
                name: value
                for name, value in lied[0].items()
                if value is not None and name not in ("v", "sizes", "sum")
            }
            body = write_message(fields, lambda _: NO_SIGNATURE, lied[1])
        if self.is_cut(sender.name, to):
            self.faults["cut"] += 1
            return
        if self.random.random() < self.loss:
            self.faults["loss"] += 1
            return
        copies = 1
        if self.random.random() < self.repeats:
            self.faults["repeat"] += 1
            copies = 2
        for _ in range(copies):
            delay = self.random.expovariate(1 / self.delay_s)
            self._at(self.now + delay, lambda: self._deliver(to, body))

    def _deliver(self, to: str, body: bytes) -> None:
        self.residents[to].courier.receive(open_message(body), self.now)

    def _tick(self, resident: Resident) -> None:
        resident.courier.tick(self.now)
        jitter = self.random.uniform(0.9, 1.1)
        self._at(self.now + TICK_S * jitter, lambda: self._tick(resident))

    def _at(self, when: float, act: Callable[[], None]) -> None:
        self._number += 1
        heapq.heappush(self._events, (when, self._number, act))
