"""One room reacts to another: soon, once, and also to what it was never told."""

from __future__ import annotations

from typing import Any

from pymongo import MongoClient

from hinterland.ground.process import poll
from hinterland.testing import NewNode
from tests.integration.service_process import LIMIT_S, ServiceProcess

from .conftest import StartNotes


def write(notes: ServiceProcess, text: str) -> str:
    return str(notes.call("write_note", command_id=text, text=text)["id"])


def wait_for_echoes(echoes: ServiceProcess, of: set[str]) -> None:
    poll(lambda: set(echoes.call("get_echoes")) == of, echoes.running, f"echoes of {of}", LIMIT_S)


def checkpoint(echoes: ServiceProcess) -> int | None:
    """How far its one reaction has come."""
    with MongoClient[dict[str, Any]](echoes.settings.mongo_uri) as client:
        kept = client[echoes.settings.database("echoes")]["reactions"].find_one()
        return kept["head"] if kept else None


def test_a_room_reacts_to_a_change_in_another(
    notes: ServiceProcess, start_notes: StartNotes
) -> None:
    """What is written there is answered here, each thing once."""
    echoes = start_notes(notes.settings, "echoes")
    first = write(notes, "one")
    wait_for_echoes(echoes, {first})
    second = write(notes, "two")
    wait_for_echoes(echoes, {first, second})

    assert sorted(echoes.call("get_echoes")) == sorted([first, second])


def test_a_reaction_makes_up_for_what_it_was_never_told(
    notes: ServiceProcess, start_notes: StartNotes
) -> None:
    """What was written before the reacting service first ran has no hint, and is seen anyway."""
    first = write(notes, "one")

    echoes = start_notes(notes.settings, "echoes")

    wait_for_echoes(echoes, {first})


def test_a_reaction_that_fails_runs_again(new_node: NewNode, start_notes: StartNotes) -> None:
    """Without the other service a reaction fails, keeps its checkpoint, and succeeds later."""
    settings = new_node("yunnan")
    echoes = start_notes(settings, "echoes")
    echoes.wait_until_it_says("is not running on this node")

    first = write(start_notes(settings), "one")

    wait_for_echoes(echoes, {first})


def test_a_reaction_goes_on_from_its_checkpoint(
    notes: ServiceProcess, start_notes: StartNotes
) -> None:
    """After a restart the reaction is told how far it had come."""
    echoes = start_notes(notes.settings, "echoes")
    first = write(notes, "one")
    wait_for_echoes(echoes, {first})
    head = notes.call("get_notes")["head"]
    poll(lambda: checkpoint(echoes) == head, echoes.running, "the checkpoint", LIMIT_S)
    echoes.stop()

    again = start_notes(notes.settings, "echoes")

    again.wait_until_it_says(f"1 notes since {head}")
