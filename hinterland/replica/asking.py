"""Whom to ask for what a feed lacks here, and when to ask again.

One want is outstanding for each feed. Who has left wants about a feed without use is asked about it
less and less often, and never while somebody better can be asked: so a liar costs little, and holds
up nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from random import Random
from typing import Final

from hinterland.batch import Position
from hinterland.replica.held import Held
from hinterland.replica.messages import BUDGET_BYTES_MAX, BUDGET_BYTES_START, Line
from hinterland.replica.peers import Peer, Setback

__all__ = ["PATIENCE_S_MAX", "PATIENCE_S_START", "Asking", "Need", "Want", "need_of"]

PATIENCE_S_START: Final = 5.0
PATIENCE_S_MAX: Final = 300.0
PATIENCE_JITTER: Final = 0.25
STRIKES_MAX: Final = 8


class Need(IntEnum):
    """What a peer could give of a feed, the most useful first."""

    MORE = 0  # what follows what is held
    PROOF = 1  # another header at our last position, if the home has signed two
    HOLES = 2  # payloads that are missing here


def need_of(held: Held, line: Line | None, *, open_: bool) -> Need | None:
    """What `line`, a claim, promises; `open_` says whether more of the feed would be accepted."""
    if line is None or held.frozen is not None:
        return None
    theirs = Position(line.epoch, line.n)
    if open_ and theirs > held.position:
        return Need.MORE
    if line.epoch != held.epoch:
        return None
    if open_ and held.n and line.n == held.n and line.hash != held.hash:
        return Need.PROOF
    if held.holes and line.n >= min(held.holes):
        return Need.HOLES
    return None


@dataclass(slots=True)
class Want:
    """What was asked for one feed, and how it goes. Without a `peer` it waits to ask again."""

    feed: str
    peer: str = ""
    need: Need = Need.MORE
    ask: int = 0  # which of our wants this is; the give repeats it
    asked_at: float = 0.0
    due_at: float = 0.0  # while `peer` is set: when to give up; else when to ask again
    budget: int = BUDGET_BYTES_START


class Asking:
    """Keeps the wants of all feeds. `peers` are those who may be asked, as they are at any time."""

    def __init__(self, peers: dict[str, Peer], random: Random) -> None:
        self.wants: dict[str, Want] = {}
        self._peers = peers
        self._random = random
        self._asks = random.getrandbits(48)

    def next_ask(self) -> int:
        self._asks += 1
        return self._asks

    def due(self, now: float) -> list[str]:
        """Feeds whose want was not answered in time, or may be asked for again."""
        return [feed for feed, want in self.wants.items() if want.due_at <= now]

    def hopeful(self) -> bool:
        """Whether anybody who has given nothing without use about a feed is to answer about it."""
        return any(
            want.peer in self._peers and not self._peers[want.peer].strikes(feed)
            for feed, want in self.wants.items()
        )

    def seek(self, held: Held, *, open_: bool, now: float) -> Want | None:
        """The want to send now for this feed, if any."""
        feed = held.feed
        want = self.wants.get(feed)
        candidates = [
            (peer, need)
            for peer in self._peers.values()
            if (need := need_of(held, peer.line(feed), open_=open_)) is not None
        ]
        ready = [
            (self._rank(peer, need, feed), peer, need)
            for peer, need in candidates
            if feed not in peer.setbacks or peer.setbacks[feed].until <= now
        ]
        if want is not None and want.peer:
            asked = self._peers.get(want.peer)
            strikes = asked.strikes(feed) if asked else STRIKES_MAX + 1
            # Somebody better has come: do not wait for one who has given nothing before.
            ready = [each for each in ready if each[1].strikes(feed) < strikes]
            if not ready:
                return None
        if not candidates:
            self.wants.pop(feed, None)
            return None
        want = self.wants.setdefault(feed, Want(feed))
        if not ready:
            want.peer = ""
            want.due_at = min(peer.setbacks[feed].until for peer, _ in candidates)
            return None
        _, peer, want.need = min(ready, key=lambda each: each[0])
        want.peer = peer.node
        want.ask = self.next_ask()
        want.asked_at = now
        want.due_at = now + self._patience(peer.strikes(feed)) * self._random.uniform(
            1, 1 + PATIENCE_JITTER
        )
        return want

    def _rank(self, peer: Peer, need: Need, feed: str) -> tuple[int, int, int, float, float]:
        """Who failed least comes first, then who has most to give, then who answers fastest.

        For a hole the home comes after those who say that they have none: a relay that blanked a
        payload must not make everybody turn to the home.
        """
        last = 0
        if need is Need.HOLES:
            line = peer.line(feed)
            at_home = feed.startswith(f"{peer.node}/")
            last = 1 if at_home else 2 if line is not None and line.holes else 0
        return peer.strikes(feed), need, last, peer.answer_s, self._random.random()

    def _patience(self, strikes: int) -> float:
        return min(PATIENCE_S_START * 2.0**strikes, PATIENCE_S_MAX)

    def fail(self, feed: str, now: float) -> None:
        """The want was left without use: its peer has to wait, for longer each time."""
        want = self.wants.get(feed)
        if want is None:
            return
        peer = self._peers.get(want.peer)
        if peer is not None:
            setback = peer.setbacks.setdefault(feed, Setback())
            pause = self._patience(setback.strikes) * self._random.uniform(
                1 - PATIENCE_JITTER, 1 + PATIENCE_JITTER
            )
            setback.strikes = min(setback.strikes + 1, STRIKES_MAX)
            setback.until = now + pause
        want.peer = ""
        want.due_at = now
        want.budget = BUDGET_BYTES_START

    def answered(
        self, held: Held, peer: Peer, ask: int, *, useful: bool, open_: bool, now: float
    ) -> bool:
        """Take note of a give; says whether its want is over, so that one may ask on.

        `useful` says whether it brought anything; a late answer to an older want may, too.
        """
        feed = held.feed
        if useful:
            peer.setbacks.pop(feed, None)
        want = self.wants.get(feed)
        if want is None or want.peer != peer.node or want.ask != ask:
            return False
        seconds = now - want.asked_at
        if useful:
            peer.answered_in(seconds)
            if seconds < PATIENCE_S_START / 2:
                want.budget = min(want.budget * 2, BUDGET_BYTES_MAX)
            want.peer = ""
            want.due_at = now
        elif need_of(held, peer.line(feed), open_=open_) is None:
            want.peer = ""  # it came another way in the meantime
            want.due_at = now
        else:
            self.fail(feed, now)
        return True

    def interrupt(self, now: float) -> None:
        """Ask again for everything: what was given may not have been kept."""
        for want in self.wants.values():
            want.peer = ""
            want.due_at = now
