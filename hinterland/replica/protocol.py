"""The replication protocol: a message or a tick goes in, messages and writes come out.

One `Replica` speaks for one service of one node. It holds where every feed ends here, and what the
others claim; it never reads a clock, a socket or a database. If whoever performs its effects fails,
he has it `reload` what is stored: everything that must survive is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from random import Random
from typing import Any, Final

from hinterland.batch import (
    BATCH_PREFIX,
    BadBatch,
    Batch,
    Header,
    NeedsUpgrade,
    Position,
    decode,
    read_newer,
)
from hinterland.clock import from_us, rfc3339
from hinterland.identity import Cutoff, Member, Membership, Verdict, verify
from hinterland.replica.acceptance import Check, Judged, judge
from hinterland.replica.asking import PATIENCE_S_START, Asking, Need, Want, need_of
from hinterland.replica.drops import Drops
from hinterland.replica.effects import (
    Append,
    Compare,
    Effect,
    FileMessage,
    Fill,
    Freeze,
    Publish,
    Recover,
    Resume,
    Serve,
    Truncate,
)
from hinterland.replica.held import UNKNOWN_END, Held
from hinterland.replica.messages import (
    BUDGET_BYTES_MAX,
    FILE_MESSAGES,
    HOLES_ASKED_MAX,
    TABLE_LINES_MAX,
    BadMessage,
    Line,
    Message,
    Verify,
    open_message,
    rest_hash,
    split_batches,
    write_message,
)
from hinterland.replica.peers import Peer, Table
from hinterland.replica.recovery import Recovery
from hinterland.replica.serving import Serving

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
HOLES_HELD_MAX: Final = 1000
NUMBER_MAX: Final = 1 << 53
PAGES_MAX: Final = 1000
REST_CHARS: Final = 64
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
        key: str,
        sign: Callable[[bytes], bytes],
        check: Check,
        foreign_kinds: frozenset[str],
        held: Iterable[Held],
        random: Random,
        verify: Verify = verify,
    ) -> None:
        """`held` are the shared feeds that are stored here; `key` is this node's public key."""
        self.node = node
        self.service = service
        self.own_feed = f"{node}/{service}"
        self.membership = membership
        self.held: dict[str, Held] = {}
        self.peers: dict[str, Peer] = {}
        self.drops = Drops()
        self.needs_upgrade: set[str] = set()
        self._key = key
        self._sign = sign
        self._verify = verify
        self._check = check
        self._foreign_kinds = foreign_kinds
        self._random = random
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
            return self._take_frame(body, routing_key)[1]
        try:
            return self._take_message(open_message(body), routing_key)
        except BadMessage as error:
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
        own = self.held[self.own_feed]
        if own.line != line:
            own.epoch, own.n, own.hash, own.digest = line.epoch, line.n, line.hash, line.digest
            self._heads_soon(OWN_DEBOUNCE_S)
        return []

    def reload(self, held: Iterable[Held]) -> None:
        """Forget what was remembered of the store, for what is stored; keep what was heard."""
        self.held = {state.feed: state for state in held}
        self.held.setdefault(self.own_feed, Held(self.own_feed))
        self._asking.interrupt(self._now)
        self._look_again = True

    def set_membership(self, membership: Membership | None, now: float) -> list[Effect]:
        """Believe another membership: cut what no longer counts, ask again for what now does."""
        self._read_clock(now)
        if membership == self.membership:
            return []
        self.membership = membership
        if membership is None:
            return []
        for node in [node for node in self.peers if not membership.is_member(node)]:
            del self.peers[node]
            self._serving.forget(node)
        for peer in self.peers.values():
            peer.table_rest = ""  # it was read by an older membership
        # What is newer may lie beyond an expulsion.
        self.needs_upgrade = {feed for feed in self.needs_upgrade if not self._expelled(feed)}
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
            effects += self._cut(held)
        feeds = {line.feed: None for peer in self.peers.values() for line in peer.lines()}
        for feed in feeds:
            effects += self._seek(feed)
        return effects

    def _cut(self, held: Held) -> list[Effect]:
        """Take back what an expelled writer's feed holds that does not count; never our own."""
        member = self._home(held.feed)
        if member is None or member.expelled is None or held.feed == self.own_feed:
            return []
        cutoff = member.expelled.get(held.feed)
        if held.frozen is None and (held.n == 0 or _counts_whole(held, cutoff)):
            return []
        self._look_again = True  # it may be on the wrong branch: then the right one is wanted
        return [Truncate(held.feed, cutoff)]

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

    def _take_message(self, message: Message, routing_key: str) -> list[Effect]:
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
        if peer.rest == rest_hash(self.lines(), peer.node):
            peer.table_rest = peer.rest
            peer.table = {
                line.feed: line
                for line in self.lines()
                if not line.feed.startswith(f"{peer.node}/")
            }
        elif peer.rest != peer.table_rest:
            effects += self._ask_table(peer)
        return effects + self._learn(peer)

    def _on_want(self, message: Message, peer: Peer) -> list[Effect]:
        self._heard(peer)
        ask = message.count("ask", NUMBER_MAX)
        if "page" in message.fields:
            page = message.count("page", PAGES_MAX)
            if not self._serving.charge(peer.node, TABLE_BYTES, self._now):
                return []
            return [self._give_table(peer, page, ask)]
        feed = str(message.fields.get("feed"))
        if feed not in self.held:
            return [self._give_nothing(peer, feed, ask)]
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
        if not self._follows(feed):
            return []
        before = self._progress(feed)
        effects: list[Effect] = []
        for frame in split_batches(message):
            taken, wanted = self._take_frame(frame, peer.node, feed)
            effects += wanted
            if not taken:
                break  # the rest is not worth reading
        useful = self._progress(feed) > before
        if not useful and feed == self.own_feed:
            self._recovery.said_nothing_more(peer.node, ask)
        over = self._asking.answered(
            self._held(feed),
            peer,
            ask,
            useful=useful,
            open_=self._open(self._held(feed)),
            now=self._now,
        )
        return effects + (self._seek(feed) if over else [])

    def _on_files(self, message: Message, peer: Peer) -> list[Effect]:
        self._heard(peer)
        return [FileMessage(message)]

    # Tables

    def lines(self) -> list[Line]:
        """What this node holds, its own feed included."""
        return [state.line for state in self.held.values() if state.n]

    def _give_table(self, peer: Peer, page: int, ask: int) -> Publish:
        lines = sorted(
            (line for line in self.lines() if not line.feed.startswith(f"{self.node}/")),
            key=lambda line: line.feed,
        )
        start = page * TABLE_LINES_MAX
        fields = {
            "type": "give",
            "re": ask,
            "table": [line.to_wire() for line in lines[start : start + TABLE_LINES_MAX]],
            "page": page,
            "more": len(lines) > start + TABLE_LINES_MAX,
            "rest": rest_hash(lines, self.node),
        }
        return self.say(f"give.{self.service}.{peer.node}", fields)

    def _ask_table(self, peer: Peer) -> list[Effect]:
        if self._now - peer.coming.asked_at < TABLE_INTERVAL_S * self._scale():
            return []
        peer.coming = Table()
        return [self._ask_page(peer)]

    def _ask_page(self, peer: Peer) -> Publish:
        coming = peer.coming
        coming.ask = self._asking.next_ask()
        coming.asked_at = self._now
        fields = {"type": "want", "ask": coming.ask, "page": coming.page}
        return self.say(f"want.{self.service}.{peer.node}", fields)

    def _take_table(self, message: Message, peer: Peer, ask: int) -> list[Effect]:
        coming = peer.coming
        if not coming.ask or ask != coming.ask:
            return []
        coming.ask = 0
        rest = str(message.fields.get("rest"))[:REST_CHARS]
        if coming.page and rest != coming.rest:
            return []  # it has changed from page to page; the next heads say so
        coming.rest = rest
        # A table larger than the membership can fill is not worth reading on.
        coming.lines += [line for line in message.lines("table") if self._follows(line.feed)]
        coming.page += 1
        if message.fields.get("more") is True and len(coming.lines) < len(self._members().members):
            return [self._ask_page(peer)] if coming.page <= self._pages_max() else []
        peer.table = {
            line.feed: line for line in coming.lines if not line.feed.startswith(f"{peer.node}/")
        }
        peer.table_rest = rest
        coming.lines = []
        return self._learn(peer)

    def _pages_max(self) -> int:
        return len(self._members().members) // TABLE_LINES_MAX + 1

    # Asking

    def _follows(self, feed: str) -> bool:
        """Whether it is a feed of this service, of a node that is or was a member."""
        return feed.partition("/")[2] == self.service and self._home(feed) is not None

    def _home(self, feed: str) -> Member | None:
        return self._members().members.get(feed.partition("/")[0])

    def _held(self, feed: str) -> Held:
        return self.held.get(feed) or Held(feed)

    def _progress(self, feed: str) -> tuple[int, int, int]:
        """Grows with everything useful."""
        held = self._held(feed)
        return held.epoch, held.n, -held.hole_count

    def _open(self, held: Held) -> bool:
        """Whether more of this feed would be accepted: an expelled writer's ends at its cutoff."""
        member = self._home(held.feed)
        if member is None or member.expelled is None:
            return member is not None
        cutoff = member.expelled.get(held.feed)
        return cutoff is not None and held.position < cutoff[:2]

    def _learn(self, peer: Peer) -> list[Effect]:
        """Ask for whatever this peer claims to have and we lack."""
        effects: list[Effect] = []
        for line in list(peer.lines()):
            held = self._held(line.feed)
            if need_of(held, line, open_=True) is not None:
                effects += self._seek(line.feed)
        return effects

    def _expelled(self, feed: str) -> bool:
        member = self._home(feed)
        return member is not None and member.expelled is not None

    def _is_complete(self, held: Held) -> bool:
        """Whether all of an expelled writer's feed is here that counts: no other branch does."""
        return self._expelled(held.feed) and held.n > 0 and not self._open(held)

    def _seek(self, feed: str) -> list[Effect]:
        """Ask for what a feed lacks here, if anybody claims to have it and none was asked."""
        if not self._follows(feed) or feed in self.needs_upgrade:
            self._asking.wants.pop(feed, None)
            return []
        held = self._held(feed)
        want = self._asking.seek(held, open_=self._open(held), now=self._now)
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
        own = self.held[self.own_feed]
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
        own = self.held[self.own_feed]
        waited = self._now - (self._started_at or 0.0) > ALONE_S
        if not own.recover_to or not waited:
            return []
        own.recover_to = 0
        return [Resume(own.feed)]

    # Batches

    def _take_frame(
        self, frame: bytes, sender: str, expected: str | None = None
    ) -> tuple[bool, list[Effect]]:
        """Whether it was a batch that one may send, and what is to be done about it."""
        try:
            batch = decode(frame)
        except NeedsUpgrade as error:
            if expected is not None:
                # What follows our end cannot be read; a batch that just came by may be far ahead.
                self._pause(frame, expected)
            self.note(sender, error.message)
            return False, []
        except BadBatch as error:
            self.note(sender, error.message)
            return False, []
        refusal = self._refuse(batch, expected)
        if refusal is not None:
            self.note(sender, f"{batch.header.feed}: {refusal}")
            return False, []
        return True, self._place(batch, self._held(batch.header.feed))

    def _pause(self, frame: bytes, expected: str) -> None:
        """Ask no more for a feed whose home, and nobody else, has written it in a newer format."""
        signature, line, feed = read_newer(frame)
        member = self._home(feed)
        if member is None or feed != expected:
            return
        if self._verify(member.key, signature, BATCH_PREFIX + line):
            self.needs_upgrade.add(feed)

    def _refuse(self, batch: Batch, expected: str | None) -> str | None:
        """Why a batch counts for nothing here; None for one that its home has written."""
        header = batch.header
        feed = header.feed
        membership = self._members()
        if feed.partition("/")[2] != self.service:
            return f"not a feed of {self.service}"
        if expected is not None and feed != expected:
            return f"given for {expected}"
        verdict = membership.accepts(feed, header.epoch, header.last, header.hash)
        if verdict is not Verdict.OK:
            return str(verdict)
        if header.key != membership.key_of(header.node):
            return "signed with a key that is not the home's"
        # Written before the node joined a federation, a batch names none.
        if header.federation not in ("", membership.federation):
            return "of another federation"
        if not self._verify(header.key, batch.signature, batch.signed_bytes):
            return "the signature does not fit"
        return None

    def _place(self, batch: Batch, held: Held) -> list[Effect]:
        header = batch.header
        if held.frozen is not None:
            return []
        if held.n == 0:
            held.epoch = header.epoch
        if header.epoch > held.epoch:
            self.needs_upgrade.add(held.feed)  # this version cannot swap epochs
        if header.epoch != held.epoch:
            return []
        if header.last <= held.n:
            return self._place_held(batch, held)
        if header.first > held.n + 1:
            return self._place_ahead(batch, held)
        if header.first <= held.n or header.prev != held.hash:
            return self.forked(header)
        effects: list[Effect] = []
        if held.feed == self.own_feed and not held.recover_to:
            effects.append(self._find_lost(held, header.last))
        judged = tuple(self._judge(batch, n) for n in range(header.first, header.last + 1))
        self._advance(held, batch, judged)
        return [*effects, Append(batch, judged)]

    def _judge(self, batch: Batch, n: int) -> Judged:
        line = batch.payloads[n - batch.header.first]
        return judge(batch.header, n, line, foreign_kinds=self._foreign_kinds, check=self._check)

    def _find_lost(self, own: Held, seen: int) -> Recover:
        """A copy of our own feed goes beyond its end: the database was restored unknown to us."""
        own.recover_to = UNKNOWN_END
        return Recover(own.feed, seen)

    def _advance(self, held: Held, batch: Batch, judged: tuple[Judged, ...]) -> None:
        header = batch.header
        self.held[header.feed] = held
        held.n, held.hash, held.digest = header.last, header.hash, header.digest
        if held.recover_to and held.n >= held.recover_to:
            held.recover_to = 0
        latest = {item.entry.id: item for item in judged}
        for n in [n for n, record_id in held.holes.items() if record_id in latest]:
            del held.holes[n]
            held.hole_count -= 1
        for item in latest.values():
            if item.hole:
                held.hole_count += 1
                if len(held.holes) < HOLES_HELD_MAX:
                    held.holes[item.n] = item.entry.id
        self._heads_soon(REST_DEBOUNCE_S * self._scale())

    def _place_held(self, batch: Batch, held: Held) -> list[Effect]:
        header = batch.header
        if header.last == held.n and header.hash != held.hash:
            return self.forked(header)
        filling = [
            self._judge(batch, n)
            for n, line in enumerate(batch.payloads, header.first)
            if n in held.holes and line
        ]
        if not filling:
            return [] if header.last == held.n else [Compare(batch)]
        for item in filling:
            del held.holes[item.n]
            held.hole_count -= 1
        return [Fill(batch, tuple(filling))]

    def _place_ahead(self, batch: Batch, held: Held) -> list[Effect]:
        """Something between is missing. The home signed this, so it exists: ask for it."""
        header = batch.header
        if held.feed == self.own_feed:
            return [] if held.recover_to else [self._find_lost(held, header.last)]
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
        held = self._held(header.feed)
        if self._is_complete(held):
            return []
        return self._freeze(held, f"two signed headers at {header.epoch}.{header.first}")

    def _freeze(self, held: Held, reason: str) -> list[Effect]:
        held.frozen = reason
        self.held[held.feed] = held
        # Of an expelled writer's branches the one with the cutoff counts.
        return [Freeze(held.feed, reason), *self._cut(held)]

    # What goes out

    def give(self, serve: Serve, frames: list[bytes], more: bool) -> Publish:
        """The answer to a want, once its batches were read."""
        self._serving.refund(serve, sum(map(len, frames)))
        fields = {"type": "give", "re": serve.ask, "feed": serve.feed, "more": more}
        return self.say(f"give.{self.service}.{serve.asker}", fields, frames)

    def _give_nothing(self, peer: Peer, feed: str, ask: int) -> Publish:
        fields = {"type": "give", "re": ask, "feed": feed[:FEED_CHARS_MAX], "more": False}
        return self.say(f"give.{self.service}.{peer.node}", fields)

    def _heads(self) -> Publish:
        """Own heads, and one hash of the rest. Asks for the others' while nobody was heard yet."""
        interval = HEADS_INTERVAL_S * self._scale()
        silence_s = SILENCE_INTERVALS * interval
        heard = any(self._now - peer.seen_at < silence_s for peer in self.peers.values())
        alone = not self._others()
        jitter = self._random.uniform(1 - HEADS_JITTER, 1 + HEADS_JITTER)
        self._heads_sent_at = self._now
        self._heads_due_at = self._now + jitter * (interval if heard or alone else PATIENCE_S_START)
        own = self.held[self.own_feed]
        fields = {
            "type": "heads",
            "at": self._time(),
            "own": [own.line.to_wire()] if own.n else [],
            "rest": rest_hash(self.lines(), self.node),
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


def _counts_whole(held: Held, cutoff: Cutoff | None) -> bool:
    if cutoff is None or held.position > cutoff[:2]:
        return False
    return held.position < cutoff[:2] or held.hash == cutoff.hash
