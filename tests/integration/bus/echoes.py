"""A second little service: for every note of `notes` it writes an echo, once."""

from __future__ import annotations

from hinterland import serve  # isort: skip  # first, because it patches the standard library

import logging
import sys
from functools import partial
from typing import Any

from pydantic import BaseModel

from hinterland.actors import Actor
from hinterland.bus.reactions import reacts_to
from hinterland.bus.room import RoomService
from hinterland.bus.rpc import rpc
from hinterland.config import Settings
from hinterland.kinds import Kind
from hinterland.records import Changes, Room, derived_id

log = logging.getLogger("echoes")


class Echo(BaseModel):
    """Which note it is an echo of."""

    note: str


class GetEchoes(BaseModel):
    """All echoes."""


class Echoes(RoomService):
    """Reacts to `notes`."""

    name = "echoes"
    room = Room("echoes", {"echo": Kind("echo", Echo, frozenset({"private"}))})

    @reacts_to("notes", kinds=("note",))
    def echo_notes(self, since: int) -> int:
        found = self.calls.call("notes", "get_notes", {})
        log.info("%d notes since %d", len(found["notes"]), since)
        for note in found["notes"]:
            self.records.execute(f"echo {note}", None, partial(self._echo, note))
        head: int = found["head"]
        return head

    @staticmethod
    def _echo(note: str, changes: Changes) -> dict[str, Any]:
        echo = derived_id(changes.node, "echo", "echo_notes", note)
        if changes.get(echo) is None:
            changes.put("echo", {"note": note}, "private", record_id=echo)
        return {"id": echo}

    @rpc
    def get_echoes(self, actor: Actor, params: GetEchoes) -> list[str]:
        found = self.records.collection.find({"kind": "echo"}, sort={"_id": 1})
        return [document["body"]["note"] for document in found]


if __name__ == "__main__":
    serve.run(Echoes, Settings.load(sys.argv[1]))
