"""What must hold at the end of every schedule, whatever went wrong in it.

Each function yields sentences about what does not hold. `state` is what has to come to be, given
time; the others must hold at any time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from hinterland.batch import DIGEST_OF_NOTHING, Position, digest_add, home_of
from hinterland.feeds.plan import Standing
from hinterland.replica import Held
from tests.simulation.liar import FORGED
from tests.simulation.node import SERVICE, Node

if TYPE_CHECKING:
    from tests.simulation.world import World

__all__ = ["broken", "quiet", "settled"]

# What one node may say in a minute when nothing is to be said, and what it may ask of liars.
HEADS_PER_MINUTE: Final = 6
WANTS_PER_MINUTE: Final = 2
WANTS_OF_LIARS_PER_MINUTE: Final = 4  # of each feed


def settled(world: World) -> bool:
    return next(state(world), None) is None


def broken(world: World) -> list[str]:
    return [
        problem
        for check in (state, acknowledged, nothing_forged, nothing_private, forgotten, bounded)
        for problem in check(world)
    ]


# What comes to be


def state(world: World) -> Iterator[str]:
    for node in world.honest:
        if node.following is None:
            yield f"{node.name} is down"
            return
    for name in world.membership.members:
        feed = f"{name}/{SERVICE}"
        held = {node.name: node.store.memory.held_one(feed) for node in world.honest}
        if name == world.schedule.expelled:
            yield from _ends_at_cutoff(world, feed, held)
        elif name in world.liars or (_amnesia(world) and any(h.frozen for h in held.values())):
            yield from _agree(world, feed, held)
        else:
            yield from _equal_to_home(world, feed, held)
            continue
        yield from _whole(world, feed, held)


def _amnesia(world: World) -> bool:
    return world.schedule.story == "amnesia"


def _equal_to_home(world: World, feed: str, held: dict[str, Held]) -> Iterator[str]:
    home = world.nodes[feed.partition("/")[0]]
    end = held[home.name]
    if end.recover_to:
        yield f"{feed} still recovers to {end.recover_to}"
    for name, each in held.items():
        if each.frozen:
            yield f"{name} has frozen {feed}: {each.frozen}"
        elif (each.position, each.hash) != (end.position, end.hash):
            yield f"{name} holds {feed} up to {each.position}, its home up to {end.position}"
        elif each.hole_count:
            yield from _holes(world, feed, each, name)
        else:
            yield from _same_records(world.nodes[name], home, feed)


def _same_records(node: Node, home: Node, feed: str) -> Iterator[str]:
    signed = node.store.memory.batches(feed)
    digest = signed[-1].header.digest if signed else DIGEST_OF_NOTHING
    held = node.store.memory.held_one(feed)
    counted = _digest(node.store.memory.standings(feed))
    if not digest == held.digest == counted:
        yield f"{node.name} has another digest of {feed} than its home signed"
    if any(quarantined == feed for quarantined, _ in node.store.memory.quarantined()):
        yield f"{node.name} has entries of {feed} in quarantine"
    elif _shown(node, feed) != _shown(home, feed):
        yield f"{node.name} shows other records of {feed} than its home"


def _digest(standings: dict[str, Standing]) -> str:
    digest = DIGEST_OF_NOTHING
    for record_id, standing in standings.items():
        counted = standing.counted
        if counted is not None:
            position = Position(counted.epoch, counted.n)
            digest = digest_add(digest, record_id, position, counted.sum)
    return digest


def _shown(node: Node, feed: str) -> dict[str, object]:
    return {
        record_id: (shown.n, shown.payload)
        for record_id, shown in node.tables.records.items()
        if shown.feed == feed
    }


def _ends_at_cutoff(world: World, feed: str, held: dict[str, Held]) -> Iterator[str]:
    member = world.membership.members[feed.partition("/")[0]]
    if member.expelled is None:  # the schedule was calm before it came to that
        yield from _agree(world, feed, held)
        return
    cutoff = member.expelled.get(feed)
    expected = (cutoff.n, cutoff.hash) if cutoff else (0, "")
    for name, each in held.items():
        if (each.n, each.hash) != expected:
            yield f"{name} holds {feed} up to {each.position}, which ends at {expected[0]}"
        if each.frozen:
            yield f"{name} has frozen {feed}, of which the rest counts: {each.frozen}"


def _agree(world: World, feed: str, held: dict[str, Held]) -> Iterator[str]:
    """Whoever follows the feed of a home that breaks the rules is on one branch with the others.

    Only where there are several branches may one be behind: a frozen feed passes nothing on.
    """
    following = sorted(
        (each.position, each.hash, name)
        for name, each in held.items()
        if not each.frozen and feed not in _replica_needs_upgrade(world.nodes[name])
    )
    may_fork = world.schedule.forks or _amnesia(world)
    for (position, end, name), (longer, _, other) in pairwise(following):
        if position < longer and not may_fork:
            yield f"{name} holds {feed} up to {position}, {other} up to {longer}"
        elif end and world.nodes[other].store.memory.find(feed, end) is None:
            yield f"{name} and {other} hold two branches of {feed}, and neither knows"
    if not may_fork and any(each.frozen for each in held.values()):
        yield f"{feed} is frozen, and was never forked"


def _replica_needs_upgrade(node: Node) -> set[str]:
    return node.following.replica.needs_upgrade if node.following else set()


def _whole(world: World, feed: str, held: dict[str, Held]) -> Iterator[str]:
    for name, each in held.items():
        if not each.frozen and feed not in _replica_needs_upgrade(world.nodes[name]):
            yield from _holes(world, feed, each, name)


def _holes(world: World, feed: str, held: Held, name: str) -> Iterator[str]:
    for n in held.holes:
        for other in world.honest:
            for batch in other.store.memory.batches(feed):
                header = batch.header
                if header.first <= n <= header.last and batch.payloads[n - header.first]:
                    own = world.nodes[name].store.memory.find(feed, header.hash)
                    if own is not None:
                        yield f"{name} lacks {feed} {n}, which {other.name} has"


# What must never be


def acknowledged(world: World) -> Iterator[str]:
    """Every acknowledged write is at its home, and so, if all are equal, everywhere."""
    forgetful = world.schedule.restored if world.schedule.story == "amnesia" else None
    for write in world.ledger.acknowledged:
        home = world.nodes[home_of(write.record_id)]
        if home in world.honest and home.name != forgetful:
            found = home.store.memory.find(write.feed, write.header)
            if found is None and write.header not in world.ledger.excused:
                yield f"{write.feed} {write.n} was acknowledged and is lost"


def nothing_forged(world: World) -> Iterator[str]:
    for node in world.honest:
        tables = node.tables
        for record_id, shown in tables.records.items():
            if home_of(record_id) != shown.feed.partition("/")[0]:
                yield f"{node.name} shows {record_id} out of {shown.feed}"
            home = world.nodes[home_of(record_id)]
            forged = str(shown.payload.body["text"]).startswith(FORGED)
            if forged and home.name not in world.liars:
                yield f"{node.name} shows a forged {record_id}"
        for feed, batches in tables.batches.items():
            if feed.partition("/")[0] in world.liars or feed.endswith("/private"):
                continue
            for batch in batches:
                if batch.header.hash not in world.ledger.sealed[feed]:
                    yield f"{node.name} holds a batch of {feed} that its home never wrote"


def nothing_private(world: World) -> Iterator[str]:
    for node in world.nodes.values():
        for feed, batches in node.tables.batches.items():
            if feed.endswith("/private"):
                if not feed.startswith(f"{node.name}/"):
                    yield f"{node.name} holds {feed}"
            elif feed.partition("/")[0] not in world.liars and any(
                b'"scope":"private"' in line for batch in batches for line in batch.payloads
            ):
                yield f"{node.name} holds a private payload in {feed}"
        for record_id, shown in node.tables.records.items():
            if shown.payload.scope == "private" and not record_id.startswith(f"{node.name}."):
                yield f"{node.name} shows {record_id}, which is private"


def forgotten(world: World) -> Iterator[str]:
    """Who has passed an erase holds nothing of what it ends."""
    for node in world.honest:
        for feed, erased in world.ledger.erased.items():
            if node.store.memory.held_one(feed).frozen:
                continue
            batches = node.store.memory.batches(feed)
            passed = {
                n: batch.header.entries[n - batch.header.first]
                for batch in batches
                for n in range(batch.header.first, batch.header.last + 1)
            }
            gone = {
                payload_sum
                for n, sums in erased.items()
                if n in passed and passed[n].op == "erase"
                for payload_sum in sums
            }
            for batch in (*batches, *node.tables.hidden.get(feed, ())):
                for entry, line in zip(batch.header.entries, batch.payloads, strict=True):
                    if line and entry.sum in gone:
                        yield f"{node.name} remembers an erased payload of {entry.id} in {feed}"


def bounded(world: World) -> Iterator[str]:
    members = len(world.membership.members)
    for node in world.honest:
        if node.following is None:
            continue
        replica = node.following.replica
        if len(replica.peers) >= members or len(replica.held) > members:
            yield f"{node.name} remembers more peers or feeds than there are"


def quiet(world: World, published: Counter[tuple[str, str]], seconds: float) -> Iterator[str]:
    """When all is equal, little is said; and liars make nobody ask much.

    `published` is what was said, by node and topic, in so many seconds.
    """
    minutes = seconds / 60
    bad = bool(world.liars) or world.schedule.story == "amnesia" or world.schedule.expelled
    wants = WANTS_PER_MINUTE + bool(bad) * WANTS_OF_LIARS_PER_MINUTE * len(world.nodes)
    for node in world.honest:
        for topic, most in (("heads", HEADS_PER_MINUTE), ("want", wants), ("feed", 0)):
            said = published[node.name, topic]
            if said > most * minutes:
                yield f"{node.name} said {topic} {said} times in {seconds:.0f} quiet s"
