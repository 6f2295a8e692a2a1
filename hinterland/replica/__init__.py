"""The replication protocol, without I/O: a message or a tick goes in, messages and writes come out.

messages.py    heads, wants and gives: how they are written, signed and read
acceptance.py  whether an entry may touch the records here
effects.py     what the protocol wants done
held.py        where a feed ends here
holding.py     what a batch does to what is held
peers.py       what was heard of the others
tables.py      what the others hold, page by page
asking.py      whom to ask for what is missing, and when again
serving.py     what the wants of others may cost
recovery.py    how a restored home finds its feed again
drops.py       what was refused
protocol.py    the conversation itself

Clock and randomness are arguments. The same code runs in a service and in the simulator.
"""

from hinterland.replica.acceptance import SHARED_SCOPES, Check, Judged, judge
from hinterland.replica.drops import Drop, Drops
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
from hinterland.replica.messages import Line, Verify
from hinterland.replica.protocol import Replica

__all__ = [
    "SHARED_SCOPES",
    "UNKNOWN_END",
    "Append",
    "Check",
    "Compare",
    "Drop",
    "Drops",
    "Effect",
    "FileMessage",
    "Fill",
    "Freeze",
    "Held",
    "Judged",
    "Line",
    "Publish",
    "Recover",
    "Replica",
    "Resume",
    "Serve",
    "Truncate",
    "Verify",
    "judge",
]
