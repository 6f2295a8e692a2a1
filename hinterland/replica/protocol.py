"""The replication protocol: a message or a tick goes in, messages and writes come out.

One `Replica` speaks for one service of one node. It holds where every feed ends here, and what the
others claim; it never reads a clock, a socket or a database. If whoever performs its effects fails,
he throws the Replica away and makes another from what is stored: everything that must survive does.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

from hinterland.batch import (
    BATCH_PREFIX,
    DIGEST_OF_NOTHING,
    BadBatch,
    Batch,
    NeedsUpgrade,
    Position,
    decode,
    read_newer,
)
from hinterland.clock import from_us, rfc3339
from hinterland.identity import Membership, Verdict, verify
from hinterland.replica.acceptance import Check, Judged, judge
from hinterland.replica.effects import (
    Append,
    Compare,
    Effect,
    Fill,
    Freeze,
    Publish,
    Resume,
    Serve,
    Truncate,
)
from hinterland.replica.messages import (
    BUDGET_BYTES_MAX,
    BUDGET_BYTES_START,
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
from hinterland.replica.peers import Peer

__all__ = ["Drop", "Held", "Replica"]

HEADS_INTERVAL_S: Final = 30.0
HEADS_MEMBERS: Final = 32  # the interval grows with every so many members
HEADS_JITTER: Final = 0.25
OWN_DEBOUNCE_S: Final = 0.5
REST_DEBOUNCE_S: Final = 3.0
PATIENCE_S_START: Final = 5.0
PATIENCE_S_MAX: Final = 300.0
TABLE_INTERVAL_S: Final = 5.0
SERVED_INTERVAL_S: Final = 0.02  # between two answers to one asker about one feed
SERVED_AGAIN_S: Final = 2.0  # between two answers to the same want: nobody repeats one sooner
DROPS_KEPT: Final = 200
HOLES_HELD_MAX: Final = 1000
NUMBER_MAX: Final = 1 << 53
PAGES_MAX: Final = 1000


@dataclass(slots=True)
class Held:
    """Where a feed ends at this node. `holes` is a part of them, `hole_count` says of how many."""

    feed: str
    epoch: int = 1
    n: int = 0
    hash: str = ""
    digest: str = DIGEST_OF_NOTHING
    holes: dict[int, str] = field(default_factory=dict)  # number: record id
    hole_count: int = 0
    frozen: str | None = None
    recover_to: int = 0  # own feed only: what was appended before the database was restored

    @property
    def position(self) -> Position:
        return Position(self.epoch, self.n)

    @property
    def line(self) -> Line:
        return Line(self.feed, self.epoch, self.n, self.hash, self.digest, self.hole_count)


@dataclass(frozen=True, slots=True)
class Drop:
    """Something that was refused whole. `sender` is who signed it, or the routing key if nobody."""

    at: str
    sender: str
    reason: str


@dataclass(slots=True)
class _Want:
    """What was asked for one feed, and how it goes."""

    peer: str = ""
    asked_at: float = 0.0
    due_at: float = 0.0  # while `peer` is set: when to give up; else when to ask again
    ask: int = 0  # which of our wants this is; the give repeats it
    budget: int = BUDGET_BYTES_START
    patience_s: float = PATIENCE_S_START


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
        self.held = {state.feed: state for state in held}
        self.held.setdefault(self.own_feed, Held(self.own_feed))
        self.peers: dict[str, Peer] = {}
        self.drops: deque[Drop] = deque(maxlen=DROPS_KEPT)
        self.dropped: Counter[str] = Counter()
        self.needs_upgrade: set[str] = set()
        self._key = key
        self._verify = verify
        self._sign = sign
        self._check = check
        self._foreign_kinds = foreign_kinds
        self._random = random
        self._wants: dict[str, _Want] = {}
        self._served: dict[tuple[str, str], tuple[float, Serve]] = {}
        self._asks = random.getrandbits(48)
        self._heads_due_at = float("-inf")
        self._heads_sent_at = float("-inf")
        self._now = 0.0

    # What goes in

    def receive(self, routing_key: str, body: bytes, now: float) -> list[Effect]:
        """Take one message; `now` is in seconds. Rubbish is counted, and has no other effect."""
        self._now = now
        if self.membership is None:
            return []
        topic = routing_key.split(".", 1)[0]
        if topic == "feed":
            if routing_key == f"feed.{self.service}.{self.node}":
                return []  # our own, on its way out
            return self._take_frame(body, routing_key)
        try:
            message = open_message(body)
            return self._take_message(message, routing_key)
        except BadMessage as error:
            self._drop(routing_key, error)
            return []

    def tick(self, now: float) -> list[Effect]:
        """Let time pass: repeat wants that nobody answered, send heads when they are due."""
        self._now = now
        if self.membership is None:
            return []
        effects: list[Effect] = []
        for feed, want in list(self._wants.items()):
            if want.due_at > now:
                continue
            if want.peer:
                self._fail(want, feed)
            if want.due_at <= now:
                effects += self._ask(feed)
        own = self.held[self.own_feed]
        if own.recover_to and self._tail_is_lost(own):
            own.recover_to = 0
            effects.append(Resume(own.feed))
        if now >= self._heads_due_at:
            effects.append(self._heads())
        return effects

    def appended(self, line: Line, now: float) -> list[Effect]:
        """This node wrote to its own feed: remember the new end, and tell of it soon."""
        self._now = now
        own = self.held[self.own_feed]
        own.epoch, own.n, own.hash, own.digest = line.epoch, line.n, line.hash, line.digest
        self._heads_soon(OWN_DEBOUNCE_S)
        return []

    def reload(self, held: Iterable[Held]) -> None:
        """Forget what was remembered of the store, for what is stored; keep what was heard."""
        self.held = {state.feed: state for state in held}
        self.held.setdefault(self.own_feed, Held(self.own_feed))

    def set_membership(self, membership: Membership | None, now: float) -> list[Effect]:
        """Believe another membership: cut what no longer counts, ask again for what now does."""
        self._now = now
        if membership == self.membership:
            return []
        self.membership = membership
        if membership is None:
            return []
        for node in [node for node in self.peers if not membership.is_member(node)]:
            del self.peers[node]
        effects: list[Effect] = []
        for state in self.held.values():
            member = membership.members.get(state.feed.partition("/")[0])
            if member is None or member.expelled is None or not state.n:
                continue
            cutoff = member.expelled.get(state.feed)
            if cutoff is None or state.position > cutoff[:2]:
                effects.append(Truncate(state.feed, cutoff))
        self._heads_due_at = now
        return effects

    # Messages

    def _take_message(self, message: Message, routing_key: str) -> list[Effect]:
        sender = message.sender
        if sender == self.node:
            return []
        membership = self._members()
        key = membership.key_of(sender)
        if key is None or not membership.is_member(sender):
            raise BadMessage(f"{sender} is not a member.")
        if not message.signed_by(key, self._verify):
            raise BadMessage(f"The message says that it is from {sender}, who did not sign it.")
        if message.fields.get("federation") != membership.federation:
            raise BadMessage("The message is for another federation.")
        if message.fields.get("service") != self.service:
            return []  # heads of the node's other services come by the same routing key
        peer = self._peer(sender)
        peer.heard_at = self._now
        take = {"heads": self._on_heads, "want": self._on_want, "give": self._on_give}
        if message.type not in take:
            raise BadMessage(f"A message of type {message.type} is not known here.")
        if message.type == "give" and routing_key != f"give.{self.service}.{self.node}":
            return []
        try:
            return take[message.type](message, peer)
        except BadMessage as error:
            self._drop(sender, error)
            return []

    def _on_heads(self, message: Message, peer: Peer) -> list[Effect]:
        own = message.lines("own")
        if any(not line.feed == f"{peer.node}/{self.service}" for line in own):
            raise BadMessage("Heads speak of the sender's own feeds only.", field="own")
        rest = str(message.fields.get("rest"))[:64]
        peer.own = {line.feed: line for line in own}
        peer.rest = rest
        if message.fields.get("hello") is True:
            self._heads_soon(OWN_DEBOUNCE_S)
        effects: list[Effect] = []
        if rest == rest_hash(self.lines(), peer.node):
            peer.table_rest = rest
            peer.table = {
                line.feed: line
                for line in self.lines()
                if not line.feed.startswith(f"{peer.node}/")
            }
        elif rest != peer.table_rest:
            effects += self._ask_table(peer, 0)
        for line in own:
            effects += self._learn(peer, line)
        return effects

    def _on_want(self, message: Message, peer: Peer) -> list[Effect]:
        if "page" in message.fields:
            return [self._give_table(peer, message.count("page", PAGES_MAX))]
        feed = str(message.fields.get("feed"))
        held = self.held.get(feed)
        if held is None:
            return [self._give_nothing(peer, feed, message.count("ask", NUMBER_MAX))]
        serve = Serve(
            asker=peer.node,
            ask=message.count("ask", NUMBER_MAX),
            feed=feed,
            after=Position(message.count("epoch", NUMBER_MAX), message.count("after", NUMBER_MAX)),
            budget=min(message.count("budget", NUMBER_MAX), BUDGET_BYTES_MAX),
            numbers=tuple(message.numbers("numbers")),
        )
        served_at, served = self._served.get((peer.node, feed), (float("-inf"), None))
        wait = SERVED_AGAIN_S if serve == served else SERVED_INTERVAL_S
        if self._now - served_at < wait:
            return []  # repeated on the way, or a flood: one asker costs a bounded amount
        self._served[peer.node, feed] = (self._now, serve)
        return [serve]

    def _on_give(self, message: Message, peer: Peer) -> list[Effect]:
        if "table" in message.fields:
            return self._take_table(message, peer)
        feed = str(message.fields.get("feed"))
        want = self._wants.get(feed)
        frames = split_batches(message)
        before = self._progress(feed)
        effects: list[Effect] = []
        for frame in frames:
            effects += self._take_frame(frame, peer.node)
        if want is None or want.peer != peer.node or message.fields.get("re") != want.ask:
            return effects
        if self._progress(feed) == before:
            self._fail(want, feed)
        else:
            seconds = self._now - want.asked_at
            peer.answered(feed, seconds)
            if seconds < want.patience_s / 2:
                want.budget = min(want.budget * 2, BUDGET_BYTES_MAX)
            want.patience_s = PATIENCE_S_START
            want.peer = ""
            want.due_at = self._now
        if want.due_at <= self._now:
            effects += self._ask(feed)
        return effects

    # Tables

    def lines(self) -> list[Line]:
        """What this node holds, its own feed included."""
        return [state.line for state in self.held.values() if state.n]

    def _give_table(self, peer: Peer, page: int) -> Publish:
        lines = sorted(
            (line for line in self.lines() if not line.feed.startswith(f"{self.node}/")),
            key=lambda line: line.feed,
        )
        start = page * TABLE_LINES_MAX
        fields = {
            "type": "give",
            "table": [line.to_wire() for line in lines[start : start + TABLE_LINES_MAX]],
            "page": page,
            "more": len(lines) > start + TABLE_LINES_MAX,
            "rest": rest_hash(lines, self.node),
        }
        return self._publish(f"give.{self.service}.{peer.node}", fields)

    def _ask_table(self, peer: Peer, page: int) -> list[Effect]:
        if page == 0:
            if self._now - peer.table_asked_at < TABLE_INTERVAL_S * self._scale():
                return []
            peer.pages = {}
        peer.table_asked_at = self._now
        fields = {"type": "want", "page": page}
        return [self._publish(f"want.{self.service}.{peer.node}", fields)]

    def _take_table(self, message: Message, peer: Peer) -> list[Effect]:
        page = message.count("page", PAGES_MAX)
        if page != len(peer.pages):
            return []
        peer.pages[page] = message.lines("table")
        # A table larger than the membership can fill is not worth reading on.
        if message.fields.get("more") is True and page * TABLE_LINES_MAX < len(
            self._members().members
        ):
            return self._ask_table(peer, page + 1)
        suffix = f"/{self.service}"
        lines = [line for page_lines in peer.pages.values() for line in page_lines]
        peer.pages = {}
        peer.table = {
            line.feed: line
            for line in lines
            if line.feed.endswith(suffix) and not line.feed.startswith(f"{peer.node}/")
        }
        peer.table_rest = str(message.fields.get("rest"))[:64]
        effects: list[Effect] = []
        for line in peer.table.values():
            effects += self._learn(peer, line)
        return effects

    def _learn(self, peer: Peer, line: Line) -> list[Effect]:
        """Somebody claims to hold this: ask, if it is more than what we hold."""
        if not self._counts(line.feed):
            return []
        held = self.held.get(line.feed)
        held = held or Held(line.feed)
        if self._claims_more(peer.node, held) or held.hole_count:
            return self._ask_unless_asked(line.feed)
        return []

    def _counts(self, feed: str) -> bool:
        node, _, service = feed.partition("/")
        return service == self.service and node in self._members().members

    # Asking

    def _progress(self, feed: str) -> tuple[int, int, int]:
        held = self.held.get(feed)
        return (held.epoch, held.n, -held.hole_count) if held else (0, 0, 0)

    def _ask_unless_asked(self, feed: str) -> list[Effect]:
        want = self._wants.get(feed)
        if want is not None and (want.peer or want.due_at > self._now):
            return []
        return self._ask(feed)

    def _ask(self, feed: str) -> list[Effect]:
        want = self._wants.setdefault(feed, _Want())
        holder = self._best_holder(feed)
        if not holder:
            del self._wants[feed]
            return []
        held = self.held.get(feed) or Held(feed)
        self._asks += 1
        want.ask = self._asks
        want.peer = holder
        want.asked_at = self._now
        want.due_at = self._now + want.patience_s * self._random.uniform(1, 1 + HEADS_JITTER)
        fields: dict[str, Any] = {
            "type": "want",
            "ask": want.ask,
            "feed": feed,
            "epoch": held.epoch,
            "after": held.n,
            "budget": want.budget,
        }
        if not self._claims_more(holder, held):
            fields["numbers"] = sorted(held.holes)[:HOLES_ASKED_MAX]
        return [self._publish(f"want.{self.service}.{holder}", fields)]

    def _claims_more(self, node: str, held: Held) -> bool:
        line = self._peer(node).line(held.feed)
        return line is not None and (line.epoch, line.n) > held.position and self._open(held)

    def _open(self, held: Held) -> bool:
        """Whether more of this feed would be accepted: an expelled writer's ends at its cutoff."""
        member = self._members().members.get(held.feed.partition("/")[0])
        if member is None or member.expelled is None:
            return member is not None
        cutoff = member.expelled.get(held.feed)
        return cutoff is not None and held.position < cutoff[:2]

    def _best_holder(self, feed: str) -> str:
        """Whom to ask for what is missing of a feed; empty where nobody has more, or nothing lacks.

        Who failed least comes first, then who answers fastest; for holes the home comes last: a
        relay that blanked a payload must not make everybody turn to the home.
        """
        held = self.held.get(feed) or Held(feed)
        if held.frozen or feed in self.needs_upgrade:
            return ""
        home = feed.partition("/")[0]
        candidates = []
        for peer in self.peers.values():
            line = peer.line(feed)
            if line is None or line.epoch < held.epoch:
                continue
            more = self._claims_more(peer.node, held)
            if more or (held.holes and line.n >= min(held.holes)):
                strikes = peer.strikes.get(feed, 0)
                last = not more and peer.node == home
                candidates.append(
                    (strikes, not more, last, peer.answer_s, self._random.random(), peer.node)
                )
        return min(candidates)[-1] if candidates else ""

    def _fail(self, want: _Want, feed: str) -> None:
        """A want brought nothing: ask another holder at once, or the same one later, for less."""
        failed = want.peer
        self._peer(failed).struck(feed)
        want.peer = ""
        want.budget = BUDGET_BYTES_START
        want.due_at = self._now
        untried = self._best_holder(feed)
        if not untried or self._peer(untried).strikes.get(feed, 0):
            want.due_at += want.patience_s * self._random.uniform(
                1 - HEADS_JITTER, 1 + HEADS_JITTER
            )
            want.patience_s = min(want.patience_s * 2, PATIENCE_S_MAX)

    def _tail_is_lost(self, own: Held) -> bool:
        """Whether every other member was heard since the start, and none holds more of our feed.

        Then what the restored database lacks has reached nobody, and its numbers are free.
        """
        others = [node for node in self._members().members if node != self.node]
        for node in others:
            peer = self.peers.get(node)
            if not self._members().is_member(node):
                continue
            if peer is None or peer.rest != peer.table_rest or not peer.rest:
                return False
            line = peer.table.get(own.feed)
            if line is not None and (line.epoch, line.n) > own.position:
                return False
        return True

    # Batches

    def _take_frame(self, frame: bytes, sender: str) -> list[Effect]:
        try:
            batch = decode(frame)
        except NeedsUpgrade as error:
            self._pause(frame)
            self._drop(sender, error)
            return []
        except BadBatch as error:
            self._drop(sender, error)
            return []
        return self._take_batch(batch, sender)

    def _pause(self, frame: bytes) -> None:
        """Ask no more for a feed whose home, and nobody else, has written it in a newer format."""
        signature, line, feed = read_newer(frame)
        key = self._members().key_of(feed.partition("/")[0])
        if (
            key is not None
            and self._counts(feed)
            and self._verify(key, signature, BATCH_PREFIX + line)
        ):
            self.needs_upgrade.add(feed)

    def _take_batch(self, batch: Batch, sender: str) -> list[Effect]:
        header = batch.header
        feed = header.feed
        membership = self._members()
        if feed.partition("/")[2] != self.service:
            return self._refuse(sender, f"{feed} is not a feed of {self.service}")
        verdict = membership.accepts(feed, header.epoch, header.last, header.hash)
        if verdict is not Verdict.OK:
            return self._refuse(sender, f"{feed}: {verdict}")
        if header.key != membership.key_of(header.node):
            return self._refuse(sender, f"{feed}: signed with a key that is not the home's")
        # Written before the node joined a federation, a batch names none.
        if header.federation not in ("", membership.federation):
            return self._refuse(sender, f"{feed}: of another federation")
        if not self._verify(header.key, batch.signature, batch.signed_bytes):
            return self._refuse(sender, f"{feed}: the signature does not fit")
        held = self.held.get(feed)
        if held is None:
            held = Held(feed, epoch=header.epoch)
        return self._place(batch, held)

    def _place(self, batch: Batch, held: Held) -> list[Effect]:
        header = batch.header
        if held.frozen:
            return []
        if header.epoch != held.epoch:
            return []  # an epoch that replaces ours is asked for and swapped as a whole
        if header.last <= held.n:
            return self._place_held(batch, held)
        if header.first > held.n + 1:
            return self._place_ahead(batch, held)
        if header.first <= held.n or header.prev != held.hash:
            return self._freeze(held, f"two signed headers at {header.epoch}.{header.first}")
        if header.node == self.node and not held.recover_to:
            # A copy of our own feed beyond our end: this database was restored without our knowing.
            held.recover_to = header.last
        judged = tuple(
            judge(
                header,
                header.first + i,
                line,
                foreign_kinds=self._foreign_kinds,
                check=self._check,
            )
            for i, line in enumerate(batch.payloads)
        )
        self._advance(held, batch, judged)
        return [Append(batch, judged)]

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
            return self._freeze(held, f"two signed headers at {held.position}")
        filling = [
            judge(header, n, line, foreign_kinds=self._foreign_kinds, check=self._check)
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
        home = self._peer(header.node)
        known = home.own.get(header.feed)
        if known is None or (known.epoch, known.n) < (header.epoch, header.last):
            home.own[header.feed] = Line(
                header.feed, header.epoch, header.last, header.hash, header.digest
            )
        return self._ask_unless_asked(header.feed) if header.node != self.node else []

    def _freeze(self, held: Held, reason: str) -> list[Effect]:
        held.frozen = reason
        self.held[held.feed] = held
        return [Freeze(held.feed, reason)]

    # What goes out

    def give(self, serve: Serve, frames: list[bytes], more: bool) -> Publish:
        """The answer to a want, once its batches were read."""
        fields = {"type": "give", "re": serve.ask, "feed": serve.feed, "more": more}
        return self._publish(f"give.{self.service}.{serve.asker}", fields, frames)

    def _give_nothing(self, peer: Peer, feed: str, ask: int) -> Publish:
        fields = {"type": "give", "re": ask, "feed": feed[:64], "more": False}
        return self._publish(f"give.{self.service}.{peer.node}", fields)

    def _heads(self) -> Publish:
        """Own heads, and one hash of the rest. Asks for the others' while nobody was heard yet."""
        interval = HEADS_INTERVAL_S * self._scale()
        heard = any(self._now - peer.heard_at < 2 * interval for peer in self.peers.values())
        alone = len(self._members().members) < 2
        jitter = self._random.uniform(1 - HEADS_JITTER, 1 + HEADS_JITTER)
        self._heads_sent_at = self._now
        self._heads_due_at = self._now + jitter * (interval if heard or alone else PATIENCE_S_START)
        own = self.held[self.own_feed]
        fields = {
            "type": "heads",
            "at": rfc3339(from_us(round(self._now * 1_000_000))),
            "own": [own.line.to_wire()] if own.n else [],
            "rest": rest_hash(self.lines(), self.node),
            "hello": not heard,
        }
        return self._publish(f"heads.{self.node}", fields)

    def _heads_soon(self, seconds: float) -> None:
        self._heads_due_at = min(self._heads_due_at, max(self._now, self._heads_sent_at + seconds))

    def _publish(
        self, routing_key: str, fields: dict[str, Any], frames: Iterable[bytes] = ()
    ) -> Publish:
        sender = {
            "from": self.node,
            "federation": self._members().federation,
            "service": self.service,
        }
        return Publish(routing_key, write_message(sender | fields, self._sign, list(frames)))

    # Small change

    def _scale(self) -> int:
        return -(-len(self._members().members) // HEADS_MEMBERS) or 1

    def _members(self) -> Membership:
        if self.membership is None:
            raise RuntimeError("a node without a federation takes no messages")
        return self.membership

    def _peer(self, node: str) -> Peer:
        return self.peers.setdefault(node, Peer(node))

    def _refuse(self, sender: str, reason: str) -> list[Effect]:
        self._note(sender, reason)
        return []

    def _drop(self, sender: str, error: BadBatch | BadMessage | NeedsUpgrade) -> None:
        self._note(sender, error.message)

    def _note(self, sender: str, reason: str) -> None:
        at = rfc3339(from_us(round(self._now * 1_000_000)))
        self.drops.append(Drop(at, sender[:64], reason[:200]))
        if sender in self.dropped or len(self.dropped) < DROPS_KEPT:
            self.dropped[sender[:64]] += 1
