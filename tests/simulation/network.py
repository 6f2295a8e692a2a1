"""Links between brokers as RabbitMQ's federation makes them, with everything that befalls a link.

A message is published at one node's broker and passed on from broker to broker, up to the
topology's number of hops; every service on the way takes what concerns it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise
from random import Random
from typing import TYPE_CHECKING, Final

from tests.simulation.faults import Fault

if TYPE_CHECKING:
    from tests.simulation.world import World

__all__ = ["Message", "Network", "Topology", "Weather", "topology"]

DELAY_LATE_S: Final = 2.0


@dataclass(frozen=True, slots=True)
class Message:
    origin: str
    routing_key: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Topology:
    """Which brokers are linked, and over how many links a message goes (`max-hops`)."""

    name: str
    links: tuple[tuple[str, str], ...]
    hops: int


@dataclass(frozen=True, slots=True)
class Weather:
    """How likely a message on one link is lost, repeated, overtaken; delays in seconds."""

    loss: float = 0.0
    repeat: float = 0.0
    reorder: float = 0.0
    delay_s: float = 0.02
    late: float = 0.0


def topology(name: str, nodes: list[str]) -> Topology:
    if name == "star":
        return Topology(name, tuple((nodes[0], node) for node in nodes[1:]), 2)
    if name == "chain":
        return Topology(name, tuple(pairwise(nodes)), len(nodes) - 1)
    if name == "ring":
        return Topology(name, tuple(zip(nodes, nodes[1:] + nodes[:1], strict=True)), 1)
    pairs = [(a, b) for i, a in enumerate(nodes) for b in nodes[i + 1 :]]
    return Topology("mesh", tuple(pairs), 1)


class Network:
    """Carries messages on the world's clock. `heal` ends all faults."""

    def __init__(self, world: World, shape: Topology, weather: Weather, random: Random) -> None:
        self.shape = shape
        self._world = world
        self._weather = weather
        self._random = random
        self._next: dict[str, list[str]] = {}
        for a, b in shape.links:
            self._next.setdefault(a, []).append(b)
            self._next.setdefault(b, []).append(a)
        self._broken: dict[frozenset[str], bool] = {}  # link: whether messages wait for it
        self._waiting: dict[tuple[str, str], list[tuple[Message, int]]] = {}
        self._arrives: dict[tuple[str, str], float] = {}
        self._sent: dict[tuple[str, str], int] = {}
        self._arrived: dict[tuple[str, str], int] = {}
        self.calm = False

    def publish(self, message: Message) -> None:
        self._pass_on(message.origin, None, message, 0)

    def cut(self, link: tuple[str, str], *, waits: bool) -> None:
        self._broken[frozenset(link)] = waits

    def mend(self, link: tuple[str, str]) -> None:
        if frozenset(link) not in self._broken:
            return
        del self._broken[frozenset(link)]
        for a, b in (link, link[::-1]):
            for message, hops in self._waiting.pop((a, b), []):
                self._carry(a, b, message, hops)

    def heal(self) -> None:
        self.calm = True
        self._weather = replace(self._weather, loss=0.0, repeat=0.0, reorder=0.0, late=0.0)
        for link in self.shape.links:
            self.mend(link)

    def _pass_on(self, at: str, came_from: str | None, message: Message, hops: int) -> None:
        if hops == self.shape.hops:
            return
        for neighbour in self._next.get(at, []):
            if neighbour != came_from:
                for passed in self._through_broker(at, message):
                    self._carry(at, neighbour, passed, hops + 1)

    def _through_broker(self, at: str, message: Message) -> Iterator[Message]:
        """A broker passes on what it gets; a liar's does as it likes, until the network heals."""
        liar = self._world.liars.get(at)
        if liar is None or self.calm or message.origin == at:
            yield message
        else:
            yield from liar.relay(message)

    def _carry(self, a: str, b: str, message: Message, hops: int) -> None:
        world, weather, random = self._world, self._weather, self._random
        waits = self._broken.get(frozenset((a, b)))
        if waits is not None:
            world.fired(Fault.PARTITION)
            if waits:
                self._waiting.setdefault((a, b), []).append((message, hops))
            return
        if weather.loss and random.random() < weather.loss:
            world.fired(Fault.LOSS)
            return
        copies = 1
        if weather.repeat and random.random() < weather.repeat:
            world.fired(Fault.REPEAT)
            copies = 2
        for _ in range(copies):
            at = world.now + weather.delay_s * random.uniform(0.5, 1.5)
            if weather.late and random.random() < weather.late:
                world.fired(Fault.DELAY)
                at += random.uniform(1, 4) * DELAY_LATE_S
            queue = (a, b)
            if weather.reorder and random.random() < weather.reorder:
                at += random.uniform(0, 1)
            else:
                at = self._arrives[queue] = max(at, self._arrives.get(queue, 0.0))
            sent = self._sent[queue] = self._sent.get(queue, 0) + 1
            world.at(at, partial(self._arrive, a, b, sent, message, hops))

    def _arrive(self, a: str, b: str, sent: int, message: Message, hops: int) -> None:
        if sent < self._arrived.get((a, b), 0):
            self._world.fired(Fault.REORDER)
        else:
            self._arrived[a, b] = sent
        self._world.nodes[b].take(message)
        self._pass_on(b, a, message, hops)
