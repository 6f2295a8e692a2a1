"""What happens when, made from a seed alone: a story, the weather, and a list of timed actions."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import Final, Literal

from tests.simulation.faults import Fault
from tests.simulation.liar import MISCHIEF
from tests.simulation.network import Topology, Weather, topology
from tests.simulation.node import Write
from tests.simulation.signing import REAL_EVERY

__all__ = ["Action", "Schedule", "Story", "make_schedule"]

Story = Literal["weather", "restored", "amnesia", "liar", "fork", "expelled", "joined"]

NAMES: Final = ("national", "yunnan", "gansu", "hunan", "tibet")
COORDINATOR: Final = NAMES[0]
STORIES: Final[tuple[Story, ...]] = (
    "weather",
    "weather",
    "restored",
    "amnesia",
    "liar",
    "liar",
    "fork",
    "expelled",
    "expelled",
    "joined",
)
WRITES_MAX: Final = 6
RECORDS: Final = 4  # few, so that they are often written again
BULK_MAX: Final = 6
SKEW_S_MAX: Final = 7200.0


@dataclass(frozen=True, slots=True)
class Action:
    """At `at` seconds, `what` is done by or to `node`; the rest is what it needs to know."""

    at: float
    what: str
    node: str = ""
    write: Write | None = None
    fault: Fault | None = None
    steps: int = 0
    seconds: float = 0.0
    link: tuple[str, str] = ("", "")
    flag: bool = False


@dataclass(frozen=True, slots=True)
class Schedule:
    """Faults end at `calm_at`. `liar` signs with its own key and otherwise does as it likes."""

    seed: int
    story: Story
    nodes: tuple[str, ...]
    topology: Topology
    weather: Weather
    calm_at: float
    real_keys: bool
    liar: str | None = None
    forks: bool = False
    newcomer: str | None = None
    expelled: str | None = None
    restored: str | None = None
    skews: dict[str, float] = field(default_factory=dict)
    actions: tuple[Action, ...] = ()

    def describe(self) -> str:
        roles = [
            f"{word} {name}"
            for word, name in (
                ("liar", self.liar),
                ("newcomer", self.newcomer),
                ("expelled", self.expelled),
                ("restored", self.restored),
            )
            if name
        ]
        return (
            f"seed {self.seed}: {self.story}, {self.topology.name} of {len(self.nodes)}, "
            f"{self.weather}, {', '.join(roles) or 'no roles'}, calm at {self.calm_at:.0f} s"
        )


def make_schedule(seed: int) -> Schedule:
    random = Random(seed)
    story = random.choice(STORIES)
    names = NAMES[: random.choice((3, 3, 4, 4, 5))]
    calm_at = random.uniform(20, 70)
    others = list(names[1:])
    liar = newcomer = expelled = restored = None
    if story in ("liar", "fork"):
        liar = random.choice(others)
    elif story == "restored" or story == "amnesia":
        restored = random.choice(others)
    elif story == "joined":
        newcomer = random.choice(others)
    elif story == "expelled":
        expelled = random.choice(others)
        if random.random() < 0.5:
            liar = expelled
    forks = story == "fork" or (story == "expelled" and liar is not None and random.random() < 0.5)
    # What was lost can only be known to be lost if every link keeps its messages in order.
    in_order = restored is not None
    # In a ring a neighbour that has frozen a forked feed may be the only way to the other branch.
    shapes = ("star", "mesh", "chain") if in_order or forks else ("star", "mesh", "chain", "ring")
    shape = topology(random.choice(shapes), list(names))
    weather = Weather(
        loss=random.choice((0.0, 0.02, 0.1, 0.3)),
        repeat=0.0 if in_order else random.choice((0.0, 0.05, 0.2)),
        reorder=0.0 if in_order else random.choice((0.0, 0.1, 0.3)),
        delay_s=random.choice((0.001, 0.02, 0.2, 1.0)),
        late=0.0 if in_order else random.choice((0.0, 0.02, 0.1)),
    )
    actions = [
        *_writes(random, names, calm_at),
        *_troubles(random, names, shape, calm_at, in_order),
        *_roles(random, names, calm_at, liar, newcomer, expelled, restored, story, forks),
    ]
    return Schedule(
        seed=seed,
        story=story,
        nodes=names,
        topology=shape,
        weather=weather,
        calm_at=calm_at,
        real_keys=seed % REAL_EVERY == 0,
        liar=liar,
        forks=forks,
        newcomer=newcomer,
        expelled=expelled,
        restored=restored,
        skews={
            name: random.uniform(-SKEW_S_MAX, SKEW_S_MAX) for name in names if random.random() < 0.3
        },
        actions=tuple(sorted(actions, key=lambda action: action.at)),
    )


def _writes(random: Random, names: tuple[str, ...], calm_at: float) -> list[Action]:
    actions = []
    for name in names:
        for _ in range(random.randint(1, WRITES_MAX)):
            count = random.choice((1, 1, 1, 2, BULK_MAX))
            entries = tuple(
                (
                    random.choices(("put", "delete", "erase"), (6, 1, 2))[0],
                    random.randrange(RECORDS),
                )
                for _ in range(count)
            )
            scope = random.choices(("public", "members", "private"), (6, 2, 1))[0]
            since = random.choices((1, 2), (8, 1))[0]
            at = random.uniform(0, calm_at)
            actions.append(Action(at, "write", name, write=Write(entries, scope, since)))
        for _ in range(random.choice((0, 1))):
            actions.append(Action(random.uniform(0, calm_at), "compact", name))
    return actions


def _troubles(
    random: Random, names: tuple[str, ...], shape: Topology, calm_at: float, in_order: bool
) -> list[Action]:
    actions = []
    fuses = (Fault.CRASH, Fault.CRASH_WRITING, Fault.STORE_DOWN, Fault.STORE_UNSURE)
    for _ in range(random.randint(0, 6)):
        actions.append(
            Action(
                random.uniform(0, calm_at),
                "fuse",
                random.choice(names),
                fault=random.choice(fuses),
                steps=random.randint(1, 25),
                seconds=random.uniform(0.5, 20),
                flag=random.random() < 0.7,
            )
        )
    for _ in range(random.randint(0, 3)):
        link = random.choice(shape.links)
        start = random.uniform(0, calm_at)
        end = start + random.uniform(1, 40)
        actions.append(Action(start, "cut", link=link, flag=in_order or random.random() < 0.5))
        actions.append(Action(min(end, calm_at), "mend", link=link))
    if random.random() < 0.3:
        jump = random.choice((-3600.0, -60.0, 3600.0))
        at = random.uniform(0, calm_at)
        actions.append(Action(at, "clock", random.choice(names), seconds=jump))
    return actions


def _roles(
    random: Random,
    names: tuple[str, ...],
    calm_at: float,
    liar: str | None,
    newcomer: str | None,
    expelled: str | None,
    restored: str | None,
    story: Story,
    forks: bool,
) -> list[Action]:
    actions = []
    for name in names:
        at = 0.0 if name != newcomer and newcomer is None else random.uniform(0, calm_at / 2)
        actions.append(Action(0.0 if name != newcomer else at, "believe", name))
    if newcomer is not None:
        joined_at = random.uniform(calm_at * 0.2, calm_at * 0.8)
        actions.append(Action(joined_at, "join", newcomer))
    if expelled is not None:
        actions.append(Action(random.uniform(calm_at * 0.3, calm_at), "expel", expelled))
    if restored is not None:
        backup_at = random.uniform(0, calm_at * 0.6)
        restored_at = random.uniform(backup_at, calm_at * 0.9)
        actions.append(Action(backup_at, "backup", restored))
        actions.append(Action(restored_at, "restore", restored, flag=story == "restored"))
    if liar is not None:
        kinds = MISCHIEF[:-1] if random.random() < 0.8 else MISCHIEF
        for _ in range(random.randint(2, 8)):
            at = random.uniform(0, calm_at)
            actions.append(Action(at, "mischief", liar, fault=random.choice(kinds)))
        if forks:
            for _ in range(random.randint(1, 3)):
                at = random.uniform(0, calm_at)
                actions.append(Action(at, "mischief", liar, fault=Fault.FORK))
    return actions
