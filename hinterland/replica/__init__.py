"""The replication protocol, without I/O: a message or a tick goes in, messages and writes come out.

messages.py    heads, wants and gives: how they are written, signed and read
acceptance.py  whether an entry may touch the records here
effects.py     what the protocol wants done
peers.py       what was heard of the others
protocol.py    the conversation itself

Clock and randomness are arguments. The same code runs in a service and in the simulator.
"""

from hinterland.replica.acceptance import SHARED_SCOPES, Check, Judged, judge
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
from hinterland.replica.messages import Line, Verify
from hinterland.replica.protocol import Drop, Held, Replica

__all__ = [
    "SHARED_SCOPES",
    "Append",
    "Check",
    "Compare",
    "Drop",
    "Effect",
    "Fill",
    "Freeze",
    "Held",
    "Judged",
    "Line",
    "Publish",
    "Replica",
    "Resume",
    "Serve",
    "Truncate",
    "Verify",
    "judge",
]
