"""What is held of every feed here, and what a batch does to it. Knows nothing of peers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from hinterland.batch import BATCH_PREFIX, BadBatch, Batch, Header, NeedsUpgrade, decode, read_newer
from hinterland.identity import Cutoff, Member, Membership, Verdict
from hinterland.replica.acceptance import Check, Judged, judge
from hinterland.replica.effects import Append, Compare, Effect, Fill, Freeze, Recover, Truncate
from hinterland.replica.held import UNKNOWN_END, Held
from hinterland.replica.messages import Line, Verify

__all__ = ["Holding"]

HOLES_HELD_MAX: Final = 1000


class Holding:
    """The ends of all feeds of one service, as they will be once the effects are performed."""

    def __init__(
        self,
        own_feed: str,
        *,
        check: Check,
        foreign_kinds: frozenset[str],
        verify: Verify,
    ) -> None:
        self.own_feed = own_feed
        self.held: dict[str, Held] = {}
        self.needs_upgrade: set[str] = set()
        self.membership: Membership | None = None
        self._service = own_feed.partition("/")[2]
        self._check = check
        self._foreign_kinds = foreign_kinds
        self._verify = verify

    def reload(self, held: Iterable[Held]) -> None:
        self.held = {state.feed: state for state in held}
        self.held.setdefault(self.own_feed, Held(self.own_feed))

    def believe(self, membership: Membership | None) -> None:
        self.membership = membership
        if membership is None:
            return
        # What is newer may lie beyond an expulsion.
        self.needs_upgrade = {feed for feed in self.needs_upgrade if not self._is_expelled(feed)}

    # What is here

    @property
    def own(self) -> Held:
        return self.held[self.own_feed]

    def of(self, feed: str) -> Held:
        return self.held.get(feed) or Held(feed)

    def lines(self) -> list[Line]:
        """What this node holds, its own feed included."""
        return [state.line for state in self.held.values() if state.n]

    def progress(self, feed: str) -> tuple[int, int, int]:
        """Grows with everything useful."""
        held = self.of(feed)
        return held.epoch, held.n, -held.hole_count

    def follows(self, feed: str) -> bool:
        """Whether it is a feed of this service, of a node that is or was a member."""
        return feed.partition("/")[2] == self._service and self._home(feed) is not None

    def is_open(self, held: Held) -> bool:
        """Whether more of this feed would be accepted: an expelled writer's ends at its cutoff."""
        member = self._home(held.feed)
        if member is None or member.expelled is None:
            return member is not None
        cutoff = member.expelled.get(held.feed)
        return cutoff is not None and held.position < cutoff[:2]

    def _is_complete(self, held: Held) -> bool:
        """Whether all of an expelled writer's feed is here that counts: no other branch does."""
        return self._is_expelled(held.feed) and held.n > 0 and not self.is_open(held)

    def _is_expelled(self, feed: str) -> bool:
        member = self._home(feed)
        return member is not None and member.expelled is not None

    def _home(self, feed: str) -> Member | None:
        return self._members().members.get(feed.partition("/")[0])

    def _members(self) -> Membership:
        if self.membership is None:
            raise RuntimeError("a node without a federation follows nobody")
        return self.membership

    # What comes

    def read(self, frame: bytes, expected: str | None = None) -> Batch:
        """The batch of a frame, if its home has written it for this federation.

        `expected` is the feed that was asked for. Raises BadBatch or NeedsUpgrade.
        """
        try:
            batch = decode(frame)
        except NeedsUpgrade:
            if expected is not None:
                # What follows our end cannot be read; a batch that just came by may be far ahead.
                self._pause(frame, expected)
            raise
        refusal = self._refuse(batch, expected)
        if refusal is not None:
            raise BadBatch(f"{batch.header.feed}: {refusal}")
        return batch

    def _pause(self, frame: bytes, expected: str) -> None:
        """Ask no more for a feed whose home, and nobody else, has written it in a newer format."""
        signature, line, feed = read_newer(frame)
        member = self._home(feed)
        if member is None or feed != expected:
            return
        if self._verify(member.key, signature, BATCH_PREFIX + line):
            self.needs_upgrade.add(feed)

    def _refuse(self, batch: Batch, expected: str | None) -> str | None:
        header = batch.header
        feed = header.feed
        membership = self._members()
        if feed.partition("/")[2] != self._service:
            return f"not a feed of {self._service}"
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

    def is_ahead(self, batch: Batch) -> bool:
        """Whether something lacks between our end and this batch of another home."""
        held = self.of(batch.header.feed)
        return (
            held.feed != self.own_feed
            and held.frozen is None
            and (held.n == 0 or held.epoch == batch.header.epoch)
            and batch.header.first > held.n + 1
        )

    def place(self, batch: Batch) -> list[Effect]:
        """What is to be done about a batch that its home has written; nothing for one ahead."""
        header = batch.header
        held = self.of(header.feed)
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
        effects: list[Effect] = []
        if held.feed == self.own_feed and not held.recover_to:
            # A copy of our own feed goes beyond its end: the database was restored unknown to us.
            held.recover_to = UNKNOWN_END
            effects.append(Recover(held.feed, header.last))
        if header.first > held.n + 1:
            return effects
        if header.first <= held.n or header.prev != held.hash:
            return self.forked(header)
        judged = tuple(self._judge(batch, n) for n in range(header.first, header.last + 1))
        self._advance(held, batch, judged)
        return [*effects, Append(batch, judged)]

    def _judge(self, batch: Batch, n: int) -> Judged:
        line = batch.payloads[n - batch.header.first]
        return judge(batch.header, n, line, foreign_kinds=self._foreign_kinds, check=self._check)

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

    # Forks and expulsions

    def forked(self, header: Header) -> list[Effect]:
        """Another batch is held here than this one, which its home has signed, too."""
        held = self.of(header.feed)
        if self._is_complete(held):
            return []
        held.frozen = f"two signed headers at {header.epoch}.{header.first}"
        self.held[held.feed] = held
        # Of an expelled writer's branches the one with the cutoff counts.
        return [Freeze(held.feed, held.frozen), *self.cut(held)]

    def cut(self, held: Held) -> list[Truncate]:
        """Take back what an expelled writer's feed holds that does not count; never our own.

        What is frozen may be on the wrong branch, and is asked for again after it was cut.
        """
        member = self._home(held.feed)
        if member is None or member.expelled is None or held.feed == self.own_feed:
            return []
        cutoff = member.expelled.get(held.feed)
        if held.frozen is None and (held.n == 0 or _counts_whole(held, cutoff)):
            return []
        return [Truncate(held.feed, cutoff)]


def _counts_whole(held: Held, cutoff: Cutoff | None) -> bool:
    if cutoff is None or held.position > cutoff[:2]:
        return False
    return held.position < cutoff[:2] or held.hash == cutoff.hash
