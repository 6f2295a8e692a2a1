"""The replication protocol: a message or a tick goes in, messages and writes come out.

One `Replica` speaks for one service of one node. It holds where every feed ends here, and what the
others claim; it never reads a clock, a socket or a database. If whoever performs its effects fails,
he has it `reload` what is stored: everything that must survive is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import partial
from random import Random
from typing import Any, Final

from hinterland.batch import (
    BadBatch,
    Header,
    NeedsUpgrade,
    Position,
)
from hinterland.clock import from_us, rfc3339
from hinterland.identity import Membership, verify
from hinterland.replica.acceptance import Check
from hinterland.replica.asking import PATIENCE_S_START, Asking, Need, Want, need_of
from hinterland.replica.drops import Drops
from hinterland.replica.effects import (
    Append,
    Effect,
    FileMessage,
    Publish,
    Resume,
    Serve,
    Truncate,
)
from hinterland.replica.held import Held
from hinterland.replica.holding import Holding
from hinterland.replica.messages import (
    BUDGET_BYTES_MAX,
    FILE_MESSAGES,
    HOLES_ASKED_MAX,
    BadMessage,
    Line,
    Message,
    Verify,
    open_message,
    rest_hash,
    split_batches,
    write_message,
)
from hinterland.replica.peers import Peer
from hinterland.replica.recovery import Recovery
from hinterland.replica.serving import Serving
from hinterland.replica.tables import PAGES_MAX, REST_CHARS, Page, Table, table_page

__all__ = ["Replica"]

HEADS_INTERVAL_S: Final = 30.0
HEADS_MEMBERS: Final = 32  # the interval grows with every so many members
HEADS_JITTER: Final = 0.25
# Heads from the past are passed over, unless their sender has not been heard for so many intervals:
# then it is his clock that was put back.
HEADS_OLD_INTERVALS: Final = 1.5
SILENCE_INTERVALS: Final = 2
HELLO_INTERVAL_S: Final = 4.0  # between two answers to one newcomer
OWN_DEBOUNCE_S: Final = 0.5
REST_DEBOUNCE_S: Final = 3.0
TABLE_INTERVAL_S: Final = 5.0
TABLE_BYTES: Final = 64 * 1024  # what a page of a table costs its asker
# A restored node without a federation has told nobody; but it may be about to hear of one.
ALONE_S: Final = 60.0
RECOVERY_BUDGET_BYTES: Final = 1  # a single batch: whether there is one is the question
NUMBER_MAX: Final = 1 << 53
FEED_CHARS_MAX: Final = 64
TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


class Replica:
    """One service's part of the conversation between nodes."""

    def __init__(
        self,
        *,
        node: str,
        service: str,
        membership: Membership | None,
        sign: Callable[[bytes], bytes],
        check: Check,
        foreign_kinds: frozenset[str],
        held: Iterable[Held],
        random: Random,
        verify: Verify = verify,
    ) -> None:
        """`held` are the shared feeds that are stored here."""
        self.node = node
        self.service = service
        self.own_feed = f"{node}/{service}"
        self.membership = membership
        self.peers: dict[str, Peer] = {}
        self.drops = Drops()
        self._sign = sign
        self._verify = verify
        self._random = random
        self._holding = Holding(
            self.own_feed, check=check, foreign_kinds=foreign_kinds, verify=verify
        )
        self._holding.believe(membership)
        self._asking = Asking(self.peers, random)
        self._serving = Serving()
        self._recovery = Recovery()
        self._look_again = False
        self._heads_due_at = float("-inf")
        self._heads_sent_at = float("-inf")
        self._now = 0.0
        self._wall = 0.0
        self._put_back_s = 0.0
        self._started_at: float | None = None
        self.reload(held)

    # What goes in

    def receive(self, routing_key: str, body: bytes, now: float) -> list[Effect]:
        """Take one message; `now` is in seconds. Rubbish is counted, and has no other effect."""
        self._read_clock(now)
        if self.membership is None:
            return []
        if routing_key.startswith("feed."):
            if routing_key == f"feed.{self.service}.{self.node}":
                return []  # our own, on its way out
            take: Callable[[], list[Effect]] = partial(self._take_frame, body)
        else:
            take = partial(self._take_message, body, routing_key)
        try:
            return take()
        except (BadMessage, BadBatch, NeedsUpgrade) as error:
            self.note(routing_key, error.message)
            return []

    def tick(self, now: float) -> list[Effect]:
        """Let time pass: repeat wants that nobody answered, send heads when they are due."""
        self._read_clock(now)
        if self.membership is None:
            return self._recover_alone()
        effects: list[Effect] = []
        if self._look_again:
            effects += self._look_around()
        for feed in self._asking.due(self._now):
            want = self._asking.wants.get(feed)
            if want is not None and want.peer:
                self._asking.fail(feed, self._now)
            effects += self._seek(feed)
        effects += self._recover()
        if self._now >= self._heads_due_at:
            effects.append(self._heads())
        return effects

    def heads_are_due(self, now: float) -> bool:
        """Whether the next tick tells where our own feed ends."""
        self._read_clock(now)
        return self.membership is not None and self._now >= self._heads_due_at

    def appended(self, line: Line, now: float) -> list[Effect]:
        """This node wrote to its own feed: remember the new end, and tell of it soon."""
        self._read_clock(now)
        own = self._holding.own
        if own.line != line:
            own.epoch, own.n, own.hash, own.digest = line.epoch, line.n, line.hash, line.digest
            self._heads_soon(OWN_DEBOUNCE_S)
        return []

    def reload(self, held: Iterable[Held]) -> None:
        """Forget what was remembered of the store, for what is stored; keep what was heard."""
        self._holding.reload(held)
        self._asking.interrupt(self._now)
        self._look_again = True

    def set_membership(self, membership: Membership | None, now: float) -> list[Effect]:
        """Believe another membership: cut what no longer counts, ask again for what now does."""
        self._read_clock(now)
        if membership == self.membership:
            return []
        self.membership = membership
        self._holding.believe(membership)
        if membership is None:
            return []
        for node in [node for node in self.peers if not membership.is_member(node)]:
            del self.peers[node]
            self._serving.forget(node)
        for peer in self.peers.values():
            peer.table_rest = ""  # it was read by an older membership
        self._heads_due_at = self._now
        return self._look_around()

    def _read_clock(self, now: float) -> None:
        """A wall clock may be put back; ours goes on from where it was."""
        if now < self._wall:
            self._put_back_s += self._wall - now
        self._wall = now
        self._now = now + self._put_back_s
        if self._started_at is None:
            self._started_at = self._now

    def _look_around(self) -> list[Effect]:
        """After a start, a failure or a change of membership: cut, and ask for what is claimed."""
        self._look_again = False
        effects: list[Effect] = []
        for held in self.held.values():
            effects += self._holding.cut(held)
        for feed in {line.feed: None for peer in self.peers.values() for line in peer.lines()}:
            effects += self._seek(feed)
        return self._noted(effects)

    def _noted(self, effects: list[Effect]) -> list[Effect]:
        """Effects whose consequences for the conversation were seen to."""
        if any(isinstance(effect, Append) for effect in effects):
            self._heads_soon(REST_DEBOUNCE_S * self._scale())
        if any(isinstance(effect, Truncate) for effect in effects):
            self._look_again = True  # it may be the right branch that is wanted now
        return effects

    @property
    def held(self) -> dict[str, Held]:
        """Where every feed ends here; whoever performs an effect puts in what came of it."""
        return self._holding.held

    @property
    def needs_upgrade(self) -> set[str]:
        """Feeds that go on in a way that this version cannot read."""
        return self._holding.needs_upgrade

    # For the exchange of files

    @property
    def now(self) -> float:
        """Our clock, in seconds: it goes on where a wall clock is put back."""
        return self._now

    @property
    def catching_up(self) -> bool:
        """Whether batches are on their way, as far as one may hope."""
        return self._asking.hopeful()

    def heard_within(self, seconds: float) -> set[str]:
        """Other members of whom something was heard so lately."""
        return {peer.node for peer in self.peers.values() if self._now - peer.seen_at < seconds}

    # Messages

    def _take_message(self, body: bytes, routing_key: str) -> list[Effect]:
        message = open_message(body)
        sender = message.sender
        # Heads of a node's other services come by the same routing key.
        if sender == self.node or message.fields.get("service") != self.service:
            return []
        membership = self._members()
        key = membership.key_of(sender)
        if key is None or not membership.is_member(sender):
            raise BadMessage(f"{sender} is not a member.")
        if not message.signed_by(key, self._verify):
            raise BadMessage(f"The message says that it is from {sender}, who did not sign it.")
        if message.fields.get("federation") != membership.federation:
            raise BadMessage("The message is for another federation.")
        take = {"heads": self._on_heads, "want": self._on_want, "give": self._on_give}
        take |= dict.fromkeys(FILE_MESSAGES, self._on_files)
        if message.type not in take:
            raise BadMessage(f"A message of type {message.type} is not known here.")
        # What was said to somebody else is not for us, whoever says it again.
        to_us = f"{message.type.partition('-')[0]}.{self.service}.{self.node}"
        if routing_key != (f"heads.{sender}" if message.type == "heads" else to_us):
            return []
        try:
            return take[message.type](message, self._peer(sender))
        except BadMessage as error:
            self.note(sender, error.message)
            return []

    def _heard(self, peer: Peer) -> None:
        silence_s = SILENCE_INTERVALS * HEADS_INTERVAL_S * self._scale()
        if self._now - peer.seen_at > silence_s:
            # He was out of reach, not at fault.
            peer.setbacks.clear()
            self._recovery.heard_again(peer.node)
        peer.seen_at = self._now
        peer.heard_at = self._wall

    def _on_heads(self, message: Message, peer: Peer) -> list[Effect]:
        own = message.lines("own")
        if any(line.feed != f"{peer.node}/{self.service}" for line in own):
            raise BadMessage("Heads speak of the sender's own feeds only.", field="own")
        at = message.text("at", TIME)
        old_s = HEADS_OLD_INTERVALS * HEADS_INTERVAL_S * self._scale()
        if at <= peer.heads_at and self._now - peer.heads_taken_at < old_s:
            return []  # repeated, overtaken, or said again by somebody else
        peer.heads_at = at
        peer.heads_taken_at = self._now
        self._heard(peer)
        peer.own = {line.feed: line for line in own}
        peer.rest = str(message.fields.get("rest"))[:REST_CHARS]
        effects: list[Effect] = []
        if message.fields.get("hello") is True and self._now - peer.hello_at > HELLO_INTERVAL_S:
            peer.hello_at = self._now
            self._heads_soon(OWN_DEBOUNCE_S)
        lines = self._holding.lines()
        if peer.rest == rest_hash(lines, peer.node):
            peer.table_rest = peer.rest
            peer.table = {
                line.feed: line for line in lines if not line.feed.startswith(f"{peer.node}/")
            }
        elif peer.rest != peer.table_rest:
            effects += self._ask_table(peer)
        return effects + self._learn(peer)

    def _on_want(self, message: Message, peer: Peer) -> list[Effect]:
        self._heard(peer)
        give_key = f"give.{self.service}.{peer.node}"
        ask = message.count("ask", NUMBER_MAX)
        if "page" in message.fields:
            page = message.count("page", PAGES_MAX)
            if not self._serving.charge(peer.node, TABLE_BYTES, self._now):
                return []
            table = table_page(self._holding.lines(), self.node, page)
            return [self.say(give_key, {"type": "give", "re": ask, **table})]
        feed = str(message.fields.get("feed"))
        if feed not in self.held:
            nothing = {"type": "give", "re": ask, "feed": feed[:FEED_CHARS_MAX], "more": False}
            return [self.say(give_key, nothing)]
        serve = Serve(
            asker=peer.node,
            ask=ask,
            feed=feed,
            after=Position(message.count("epoch", NUMBER_MAX), message.count("after", NUMBER_MAX)),
            budget=min(message.count("budget", NUMBER_MAX), BUDGET_BYTES_MAX),
            numbers=tuple(message.numbers("numbers")),
        )
        return [serve] if self._serving.admits(serve, self._now) else []

    def _on_give(self, message: Message, peer: Peer) -> list[Effect]:
        self._heard(peer)
        ask = message.count("re", NUMBER_MAX)
        if "table" in message.fields:
            return self._take_table(message, peer, ask)
        feed = str(message.fields.get("feed"))
        if not self._holding.follows(feed):
            return []
        before = self._holding.progress(feed)
        effects: list[Effect] = []
        try:
            for frame in split_batches(message):
                effects += self._take_frame(frame, feed)
        except (BadBatch, NeedsUpgrade) as error:
            self.note(peer.node, error.message)  # the rest is not worth reading
        useful = self._holding.progress(feed) > before
        if not useful and feed == self.own_feed:
            self._recovery.said_nothing_more(peer.node, ask)
        held = self._holding.of(feed)
        open_ = self._holding.is_open(held)
        over = self._asking.answered(held, peer, ask, useful=useful, open_=open_, now=self._now)
        return effects + (self._seek(feed) if over else [])

    def _on_files(self, message: Message, peer: Peer) -> list[Effect]:
        self._heard(peer)
        return [FileMessage(message)]

    # Tables

    def _ask_table(self, peer: Peer) -> list[Effect]:
        if self._now - peer.coming.asked_at < TABLE_INTERVAL_S * self._scale():
            return []
        peer.coming = Table()
        return [self._ask_page(peer)]

    def _ask_page(self, peer: Peer) -> Publish:
        fields = peer.coming.asked(self._asking.next_ask(), self._now)
        return self.say(f"want.{self.service}.{peer.node}", fields)

    def _take_table(self, message: Message, peer: Peer, ask: int) -> list[Effect]:
        coming = peer.coming
        members = len(self._members().members)
        page = coming.take(message, ask, follows=self._holding.follows, members=members)
        if page is Page.ONE_OF_MANY:
            return [self._ask_page(peer)]
        if page is Page.PASSED_OVER:
            return []
        peer.table = {
            line.feed: line for line in coming.lines if not line.feed.startswith(f"{peer.node}/")
        }
        peer.table_rest = coming.rest
        peer.coming = Table(asked_at=coming.asked_at)
        return self._learn(peer)

    # Asking

    def _learn(self, peer: Peer) -> list[Effect]:
        """Ask for whatever this peer claims to have and we lack."""
        effects: list[Effect] = []
        for line in list(peer.lines()):
            held = self._holding.of(line.feed)
            if need_of(held, line, open_=True) is not None:
                effects += self._seek(line.feed)
        return effects

    def _seek(self, feed: str) -> list[Effect]:
        """Ask for what a feed lacks here, if anybody claims to have it and none was asked."""
        if not self._holding.follows(feed) or feed in self.needs_upgrade:
            self._asking.wants.pop(feed, None)
            return []
        held = self._holding.of(feed)
        open_ = self._holding.is_open(held)
        want = self._asking.seek(held, open_=open_, now=self._now)
        return [] if want is None else [self._send_want(want, held)]

    def _send_want(self, want: Want, held: Held) -> Publish:
        numbers: list[int] = []
        if want.need is Need.HOLES:
            numbers = sorted(held.holes)
            if len(numbers) > HOLES_ASKED_MAX and self.peers[want.peer].strikes(want.feed):
                numbers = self._random.sample(numbers, HOLES_ASKED_MAX)
        elif want.need is Need.PROOF:
            numbers = [held.n]
        return self._want(held, want.peer, want.ask, want.budget, numbers[:HOLES_ASKED_MAX])

    def _want(
        self, held: Held, peer: str, ask: int, budget: int, numbers: Iterable[int] = ()
    ) -> Publish:
        fields: dict[str, Any] = {
            "type": "want",
            "ask": ask,
            "feed": held.feed,
            "epoch": held.epoch,
            "after": held.n,
            "budget": budget,
        }
        if numbers:
            fields["numbers"] = sorted(numbers)
        return self.say(f"want.{self.service}.{peer}", fields)

    # Recovering our own feed

    def _others(self) -> list[str]:
        members = self._members()
        return [node for node in members.members if node != self.node and members.is_member(node)]

    def _recover(self) -> list[Effect]:
        own = self._holding.own
        if not own.recover_to or own.frozen:
            return []
        self._recovery.at(own.position)
        if self._recovery.complete(self._others()):
            own.recover_to = 0
            return [Resume(own.feed)]
        want = self._asking.wants.get(own.feed)
        if want is not None and want.peer:
            return []  # more is on its way
        effects: list[Effect] = []
        for node in self._recovery.due(self._others(), self._now):
            ask = self._asking.next_ask()
            self._recovery.asked(node, ask, self._now)
            effects.append(self._want(own, node, ask, RECOVERY_BUDGET_BYTES))
        return effects

    def _recover_alone(self) -> list[Effect]:
        own = self._holding.own
        waited = self._now - (self._started_at or 0.0) > ALONE_S
        if not own.recover_to or not waited:
            return []
        own.recover_to = 0
        return [Resume(own.feed)]

    # Batches

    def _take_frame(self, frame: bytes, expected: str | None = None) -> list[Effect]:
        """Raises BadBatch or NeedsUpgrade."""
        batch = self._holding.read(frame, expected)
        if self._holding.is_ahead(batch):
            return self._chase(batch.header)
        return self._noted(self._holding.place(batch))

    def _chase(self, header: Header) -> list[Effect]:
        """Something lacks before this batch. Its home signed it, so it exists: ask for it."""
        if not self._members().is_member(header.node):
            return []
        home = self._peer(header.node)
        known = home.own.get(header.feed)
        if known is None or (known.epoch, known.n) < (header.epoch, header.last):
            home.own[header.feed] = Line(
                header.feed, header.epoch, header.last, header.hash, header.digest
            )
        return self._seek(header.feed)

    def forked(self, header: Header) -> list[Effect]:
        """The store holds another batch than this one, which its home has signed, too."""
        return self._noted(self._holding.forked(header))

    # What goes out

    def give(self, serve: Serve, frames: list[bytes], more: bool) -> Publish:
        """The answer to a want, once its batches were read."""
        self._serving.refund(serve, sum(map(len, frames)))
        fields = {"type": "give", "re": serve.ask, "feed": serve.feed, "more": more}
        return self.say(f"give.{self.service}.{serve.asker}", fields, frames)

    def _heads(self) -> Publish:
        """Own heads, and one hash of the rest. Asks for the others' while nobody was heard yet."""
        interval = HEADS_INTERVAL_S * self._scale()
        silence_s = SILENCE_INTERVALS * interval
        heard = any(self._now - peer.seen_at < silence_s for peer in self.peers.values())
        alone = not self._others()
        jitter = self._random.uniform(1 - HEADS_JITTER, 1 + HEADS_JITTER)
        self._heads_sent_at = self._now
        self._heads_due_at = self._now + jitter * (interval if heard or alone else PATIENCE_S_START)
        own = self._holding.own
        fields = {
            "type": "heads",
            "at": self._time(),
            "own": [own.line.to_wire()] if own.n else [],
            "rest": rest_hash(self._holding.lines(), self.node),
            "hello": not heard,
        }
        return self.say(f"heads.{self.node}", fields)

    def _heads_soon(self, seconds: float) -> None:
        self._heads_due_at = min(self._heads_due_at, max(self._now, self._heads_sent_at + seconds))

    def say(
        self, routing_key: str, fields: dict[str, Any], frames: Iterable[bytes] = ()
    ) -> Publish:
        """A message of this service, signed."""
        sender = {
            "from": self.node,
            "federation": self._members().federation,
            "service": self.service,
        }
        return Publish(routing_key, write_message(sender | fields, self._sign, list(frames)))

    # Small change

    def _time(self) -> str:
        return rfc3339(from_us(round(self._wall * 1_000_000)))

    def _scale(self) -> int:
        return -(-len(self._members().members) // HEADS_MEMBERS) or 1

    def _members(self) -> Membership:
        if self.membership is None:
            raise RuntimeError("a node without a federation takes no messages")
        return self.membership

    def _peer(self, node: str) -> Peer:
        return self.peers.setdefault(node, Peer(node))

    def note(self, sender: str, reason: str) -> None:
        """Something that `sender` sent was refused: count it, and show it."""
        self.drops.add(self._time(), sender, reason)
