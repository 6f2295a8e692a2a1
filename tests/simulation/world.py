"""Runs one schedule: a virtual clock, a heap of events, and everything that happens on them."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from random import Random
from typing import Final

from hinterland.batch import Batch
from hinterland.identity import Cutoff, Member, Membership
from tests.simulation import invariants
from tests.simulation.faults import Fault
from tests.simulation.ledger import Acknowledged, Ledger
from tests.simulation.liar import Liar
from tests.simulation.network import Message, Network
from tests.simulation.node import TICK_S, Node
from tests.simulation.schedule import COORDINATOR, Action, Schedule
from tests.simulation.signing import make_key
from tests.simulation.store import Tables

__all__ = ["Outcome", "World", "run"]

FEDERATION: Final = "china-0123456789abcdef"
JOINED_AT: Final = "2026-01-31T08:05:00.000Z"
LATE_S_MAX: Final = 15.0
LOOK_EVERY_S: Final = 5.0
# Within so much time after everything is well again, all replicas are equal.
LIVENESS_S: Final = 900.0
QUIET_S: Final = 90.0
GIST_CHARS: Final = 300
EVENTS_MAX: Final = 200_000


@dataclass(slots=True)
class Outcome:
    """What came of a schedule. `problems` is empty if every invariant held."""

    seed: int
    problems: list[str]
    fired: Counter[Fault]
    converged_s: float = 0.0
    deliveries: int = 0
    trace: list[str] = field(default_factory=list)


class World:
    """The nodes, the network between them, and the clock that they do not see."""

    def __init__(self, schedule: Schedule, tell: Callable[[str], None] | None = None) -> None:
        self.schedule = schedule
        self.now = 0.0
        self.ledger = Ledger()
        self.counts: Counter[Fault] = Counter()
        self.published: Counter[tuple[str, str]] = Counter()  # by node and topic
        self.deliveries = 0
        self.private_writes = 0
        self._tell = tell
        self._events: list[tuple[float, int, Callable[[], object]]] = []
        self._scheduled = 0
        self._random = Random(f"{schedule.seed} world")
        self._backups: dict[str, Tables] = {}
        self.nodes: dict[str, Node] = {}
        self.liars: dict[str, Liar] = {}
        for name in schedule.nodes:
            key = make_key(f"{schedule.seed} {name}", real=schedule.real_keys)
            random = Random(f"{schedule.seed} {name}")
            if name == schedule.liar:
                self.nodes[name] = self.liars[name] = Liar(self, name, key, random)
            else:
                self.nodes[name] = Node(self, name, key, random)
        self.network = Network(
            self, schedule.topology, schedule.weather, Random(f"{schedule.seed} network")
        )
        founders = [name for name in schedule.nodes if name != schedule.newcomer]
        self.membership = Membership(
            FEDERATION, COORDINATOR, {name: self._member(name) for name in founders}
        )
        self.calm = False

    def _member(self, name: str, expelled: dict[str, Cutoff] | None = None) -> Member:
        key = self.nodes[name].key.public
        return Member(name, "CN-YN", name, key, JOINED_AT, expelled=expelled)

    @property
    def honest(self) -> list[Node]:
        """Honest nodes that are members to the end."""
        return [
            node
            for name, node in self.nodes.items()
            if name not in self.liars and name != self.schedule.expelled
        ]

    # Events

    def at(self, moment: float, work: Callable[[], object]) -> None:
        self._scheduled += 1
        heapq.heappush(self._events, (moment, self._scheduled, work))

    def after(self, seconds: float, work: Callable[[], object]) -> None:
        self.at(self.now + seconds, work)

    def run_until(self, moment: float) -> None:
        while self._events and self._events[0][0] <= moment:
            self.now, number, work = heapq.heappop(self._events)
            if number > EVENTS_MAX:
                raise RuntimeError(f"more than {EVENTS_MAX} events: something goes round")
            work()
        self.now = moment

    # What nodes tell

    def fired(self, fault: Fault) -> None:
        self.counts[fault] += 1

    def note(self, who: str, what: str) -> None:
        if self._tell is not None:
            self._tell(f"{self.now:9.3f} {who:9} {what}")

    def publish(self, node: Node, routing_key: str, body: bytes) -> None:
        self.published[node.name, routing_key.partition(".")[0]] += 1
        if self._tell is not None:
            self.note(node.name, f"says {routing_key} {_gist(body)}")
        self.network.publish(Message(node.name, routing_key, body))

    def count_delivery(self) -> None:
        self.deliveries += 1

    def appended(self, node: Node, batch: Batch) -> None:
        header = batch.header
        if self._tell is not None:
            self.note(node.name, f"appends {header.feed} {header.first} to {header.last}")
        if node.name in self.liars or header.node != node.name:
            return
        if any(entry.op == "erase" for entry in header.entries):
            self.fired(Fault.ERASE)
        if header.hash in self.ledger.sealed[header.feed]:
            self.fired(Fault.TAIL_RECOVERED)
        else:
            self.ledger.commit(batch)

    def acknowledge(self, batch: Batch) -> None:
        header = batch.header
        for n, entry in enumerate(header.entries, header.first):
            self.ledger.acknowledged.append(Acknowledged(header.feed, n, entry.id, header.hash))

    # Actions

    def act(self, action: Action) -> None:
        if action.what not in ("write", "fuse"):
            self.note(action.node, f"{action.what} {action.fault or ''} {action.link[0]}")
        node = self.nodes.get(action.node)
        if action.what in ("cut", "mend"):
            self._link(action)
        elif node is not None:
            getattr(self, f"_{action.what}")(node, action)

    def _link(self, action: Action) -> None:
        if action.what == "cut":
            self.network.cut(action.link, waits=action.flag)
        else:
            self.network.mend(action.link)

    def _write(self, node: Node, action: Action) -> None:
        if action.write is not None:
            node.write(action.write)

    def _compact(self, node: Node, action: Action) -> None:
        node.compact()

    def _fuse(self, node: Node, action: Action) -> None:
        if action.fault is not None:
            node.light_fuse(action.fault, action.steps, action.seconds, keeps_inbox=action.flag)

    def _clock(self, node: Node, action: Action) -> None:
        node.skew_s += action.seconds
        self.fired(Fault.CLOCK_STEP)

    def _mischief(self, node: Node, action: Action) -> None:
        if isinstance(node, Liar) and action.fault is not None:
            node.misbehave(action.fault)

    def _backup(self, node: Node, action: Action) -> None:
        self._backups[node.name] = node.tables.copy()

    def _restore(self, node: Node, action: Action) -> None:
        backup = self._backups[node.name]
        lost = [
            batch
            for batch in node.tables.batches.get(node.feed, ())
            if batch not in backup.batches.get(node.feed, ())
        ]
        for batch in lost:
            header = batch.header
            others = [other for other in self.honest if other is not node]
            if not any(other.store.memory.find(header.feed, header.hash) for other in others):
                self.ledger.excused.add(header.hash)
        if lost:
            self.fired(Fault.RESTORED if action.flag else Fault.AMNESIA)
        node.restore(backup, with_positions=action.flag)

    # Membership

    def _believe(self, node: Node, action: Action) -> None:
        if node.name in self.membership.members:
            node.believe(self.membership)

    def _join(self, node: Node, action: Action) -> None:
        self._announce({**self.membership.members, node.name: self._member(node.name)})
        self.fired(Fault.JOIN)

    def _expel(self, node: Node, action: Action) -> None:
        held = self.nodes[COORDINATOR].store.memory.held_one(node.feed)
        cutoff = {node.feed: Cutoff(held.epoch, held.n, held.hash)} if held.n else {}
        member = self._member(node.name, expelled=cutoff)
        self._announce({**self.membership.members, node.name: member})
        self.fired(Fault.EXPULSION)

    def _announce(self, members: dict[str, Member]) -> None:
        """It reaches everybody, sooner or later; and him whom it expels, perhaps never."""
        membership = self.membership = Membership(FEDERATION, COORDINATOR, members)
        for name, node in self.nodes.items():
            if name == self.schedule.expelled:
                continue
            late = 0.0 if name == COORDINATOR else self._random.uniform(0, LATE_S_MAX)
            if late:
                self.fired(Fault.LATE_MEMBERSHIP)
            self.after(late, partial(node.believe, membership))

    # The whole

    def play(self) -> float:
        """Returns how long after the calm all was equal; LIVENESS_S if it never was."""
        schedule = self.schedule
        for name, node in self.nodes.items():
            node.skew_s = schedule.skews.get(name, 0.0)
            if node.skew_s:
                self.fired(Fault.SKEW)
            if name == schedule.liar or (schedule.seed + len(name)) % 2:
                node.software = 2
            node.start()
            self._tick(node, self._random.uniform(0, TICK_S))
        for action in schedule.actions:
            self.at(action.at, partial(self.act, action))
        self.run_until(schedule.calm_at)
        self._calm_down()
        return self.settle()

    def settle(self) -> float:
        start = self.now
        while self.now < start + LIVENESS_S:
            self.run_until(self.now + LOOK_EVERY_S)
            if invariants.settled(self):
                return self.now - start
        return LIVENESS_S

    def _tick(self, node: Node, seconds: float) -> None:
        def tick() -> None:
            node.tick()
            self.after(TICK_S, tick)

        self.after(seconds, tick)

    def _calm_down(self) -> None:
        self.calm = True
        self.note("", "all is calm")
        self.network.heal()
        for node in self.nodes.values():
            node.put_out_fuse()
            node.start()
            node.upgrade()


def _gist(body: bytes) -> str:
    if body[:4] == b"\x28\xb5\x2f\xfd":
        return f"(batch, {len(body)} bytes)"
    lines = body.split(b"\n", 2)
    if len(lines) > 1 and lines[1].startswith(b"{"):
        return lines[1][:GIST_CHARS].decode(errors="replace")
    return f"(no message, {len(body)} bytes)"


def run(schedule: Schedule, tell: Callable[[str], None] | None = None) -> Outcome:
    """Play a schedule, and hold every invariant against what is there at its end."""
    world = World(schedule, tell)
    try:
        converged_s = world.play()
    except Exception as error:  # noqa: BLE001  # whatever it is, it is told with its seed
        return Outcome(schedule.seed, [f"raised {error!r}"], world.counts)
    before = world.published.copy()
    world.run_until(world.now + QUIET_S)
    problems = list(invariants.quiet(world, world.published - before, QUIET_S))
    world.settle()  # a liar may have given in the meantime what he kept back before
    problems += invariants.broken(world)
    if converged_s >= LIVENESS_S:
        problems.append(f"nothing settled within {LIVENESS_S:.0f} s")
    return Outcome(schedule.seed, problems, world.counts, converged_s, world.deliveries)
