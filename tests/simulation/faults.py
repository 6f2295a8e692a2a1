"""What can go wrong. Each fault is counted where it takes effect, and tests see that it did."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["Fault"]


class Fault(StrEnum):
    # The network
    LOSS = "a message is lost"
    REPEAT = "a message arrives twice"
    REORDER = "a message overtakes another"
    DELAY = "a message is seconds late"
    PARTITION = "a message meets a broken link"
    # The node
    CRASH = "a process dies between two effects"
    CRASH_WRITING = "a process dies after its commit, before it says so"
    STORE_DOWN = "the store refuses"
    STORE_UNSURE = "the store commits and reports a failure"
    RESTORED = "a database is restored, the position file is there"
    TAIL_RECOVERED = "a home takes back what its restored database lacks"
    TAIL_LOST = "a home learns that nobody has what it lost"
    AMNESIA = "a database is restored, the position file is lost"
    SKEW = "a clock is wrong"
    CLOCK_STEP = "a clock jumps"
    # Traffic that must not matter
    ERASE = "a record is erased"
    COMPACTION = "superseded payloads are elided"
    BAD_ENTRY = "an entry cannot be read here yet"
    # Membership
    JOIN = "a node joins"
    EXPULSION = "a node is expelled"
    LATE_MEMBERSHIP = "nodes believe different memberships"
    HIDDEN = "what an expelled node wrote is taken back"
    # Homes that break the rules
    FORK = "a home signs two headers of one position"
    FROZEN = "a forked feed is frozen"
    NEWER_FORMAT = "a home writes a format of the future"
    PRIVATE_SHARED = "a home shares what says that it is private"
    FOREIGN_ID = "a home writes an id of another home"
    # Relays and peers that lie
    BLANKED = "payloads are blanked on the way"
    RELAY_DROPS = "a relay drops what it should pass on"
    REPLAYED = "an old message is said again"
    SILENCE = "a peer claims and does not give"
    FALSE_HEADS = "heads that do not exist are claimed"
    FORGED_HEADS = "heads are said in another's name"
    FORGED_BATCH = "a batch is signed with a key that is not the home's"
    PAYLOAD_ALTERED = "a payload is changed on the way"
    ALTERED = "bytes are changed on the way"
    GARBAGE = "what arrives is no message"
    OVERSIZED = "a frame is larger than any may be"
    BOMB = "a small frame expands to a gigabyte"
    FLOOD = "wants and hellos come in great number"
