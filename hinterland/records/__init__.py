"""Records: what a service sees. Put, delete, get and find, on a feed.

room.py       what a room declares, and a record
changes.py    what a handler sees and decides
commits.py    commands, grouped, decided and appended in one transaction
positions.py  the last appended position, kept outside the database
reindexing.py what an upgrade computes otherwise, computed again
"""

from hinterland.records.changes import PRIVATE, Changes, derived_id
from hinterland.records.commits import Command, Forked, Published, Records, Recovering
from hinterland.records.positions import Positions
from hinterland.records.reindexing import reindex
from hinterland.records.room import Record, Room

__all__ = [
    "PRIVATE",
    "Changes",
    "Command",
    "Forked",
    "Positions",
    "Published",
    "Record",
    "Records",
    "Recovering",
    "Room",
    "derived_id",
    "reindex",
]
