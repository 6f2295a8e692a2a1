"""A little service with a room of its own, so that the bus is tested without any other.

It runs as services do, in a process of its own: eventlet patches the standard library there, and
not under pytest.
"""

from __future__ import annotations

from hinterland import serve  # isort: skip  # first, because it patches the standard library

import logging
import os
import sys
from base64 import b64encode
from typing import Any

import eventlet
from pydantic import Base64Bytes, BaseModel, Field

from hinterland.actors import Actor
from hinterland.bus.room import RoomService
from hinterland.bus.rpc import rpc
from hinterland.config import Settings
from hinterland.errors import Inapplicable
from hinterland.files.process import prepare_in_process
from hinterland.files.reference import FileReference
from hinterland.kinds import Kind
from hinterland.records import Room

log = logging.getLogger("notes")

# An older version of this service knew shorter notes only.
TEXT_CHARS_MAX = int(os.environ.get("NOTES_TEXT_CHARS_MAX", "1000"))


class Note(BaseModel):
    """A text, and files."""

    text: str = Field(max_length=TEXT_CHARS_MAX)
    files: list[FileReference] = []


class WriteNote(BaseModel):
    """Writes one note; `attachment` is a file in base64."""

    command_id: str
    text: str = Field(max_length=TEXT_CHARS_MAX)
    scope: str = "public"
    attachment: Base64Bytes = b""


class GetNotes(BaseModel):
    """All notes that are held here."""


class GetFile(BaseModel):
    """The bytes of a file, in base64, or None while they are elsewhere."""

    sha256: str


class Wait(BaseModel):
    """Answers after `seconds`; the log says when it begins and ends."""

    name: str
    seconds: float


ROOM = Room("notes", {"note": Kind("note", Note, frozenset({"private", "members", "public"}))})


class Notes(RoomService):
    """Writes notes, and fails in every way in which a method can."""

    name = "notes"
    room = ROOM

    @rpc
    def write_note(self, actor: Actor, params: WriteNote) -> dict[str, Any]:
        log.info("writing %s", params.command_id)
        body: dict[str, Any] = {"text": params.text}
        if params.attachment:
            prepared = prepare_in_process(params.attachment)
            self.records.store.library.add(prepared)
            body["files"] = [FileReference.of(prepared).model_dump()]
        return self.records.execute(
            params.command_id,
            actor.account,
            lambda changes: {"id": changes.put("note", body, params.scope)},
        )

    @rpc
    def get_notes(self, actor: Actor, params: GetNotes) -> dict[str, Any]:
        head = self.records.head()
        found = self.records.collection.find({"kind": "note"}, sort={"_id": 1})
        texts = {document["_id"]: document["body"]["text"] for document in found}
        return {"head": head, "notes": texts}

    @rpc
    def get_file(self, actor: Actor, params: GetFile) -> str | None:
        library = self.records.store.library
        body = library.open(params.sha256)
        return None if body is None else b64encode(b"".join(library.stream(body))).decode()

    @rpc
    def who(self, actor: Actor, params: dict[str, Any]) -> dict[str, Any]:
        return {"account": actor.account, "roles": sorted(actor.roles), "params": params}

    @rpc
    def add(self, one: int, two: int = 1) -> int:
        return one + two

    @rpc
    def refuse(self, actor: Actor, params: dict[str, Any]) -> None:
        raise Inapplicable("Not in this state.", field="state", tries=3)

    @rpc
    def fail(self, actor: Actor, params: dict[str, Any]) -> None:
        raise KeyError("a secret of the service")

    @rpc
    def return_nonsense(self, actor: Actor, params: dict[str, Any]) -> Any:
        return {"object": object()}

    @rpc
    def wait(self, actor: Actor, params: Wait) -> dict[str, Any]:
        log.info("waiting for %s", params.name)
        eventlet.sleep(params.seconds)
        log.info("waited for %s", params.name)
        return {"waited": params.seconds}

    @rpc
    def ask(self, actor: Actor, params: dict[str, Any]) -> Any:
        """Calls another service of this node."""
        return self.calls.call(params["service"], params["method"], params["params"])


if __name__ == "__main__":
    serve.run(Notes, Settings.load(sys.argv[1]))
