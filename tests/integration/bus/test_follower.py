"""Two nodes follow each other through a real federation link, whatever happens to one of them."""

from __future__ import annotations

import hashlib
from base64 import b64decode, b64encode
from typing import Any

import pika
import pytest

from hinterland.bus.names import FEEDS_EXCHANGE, follow_queue_name
from hinterland.ground.process import poll
from tests.integration.service_process import LIMIT_S, ServiceProcess

from .conftest import Pair, StartNotes


def wait_for_notes(service: ServiceProcess, texts: set[str]) -> None:
    """Until the service holds exactly these."""
    poll(lambda: notes_of(service) == texts, service.running, f"{texts}", LIMIT_S)


def notes_of(service: ServiceProcess) -> set[str]:
    return set(service.call("get_notes")["notes"].values())


def write(service: ServiceProcess, text: str, **more: Any) -> dict[str, Any]:
    written: dict[str, Any] = service.call("write_note", command_id=text, text=text, **more)
    return written


def digests(service: ServiceProcess) -> dict[str, str]:
    return {line["feed"]: line["digest"] for line in service.call("feed_status")["feeds"]}


def test_what_is_written_here_is_seen_there(pair: Pair, start_notes: StartNotes) -> None:
    """Each node shows both nodes' shared notes, and the digests are equal; private ones stay."""
    yunnan, gansu = start_notes(pair.yunnan), start_notes(pair.gansu)
    write(yunnan, "from yunnan")
    write(yunnan, "for yunnan alone", scope="private")
    write(gansu, "from gansu", scope="members")

    wait_for_notes(gansu, {"from yunnan", "from gansu"})
    wait_for_notes(yunnan, {"from yunnan", "from gansu", "for yunnan alone"})

    assert digests(yunnan) == digests(gansu)
    assert set(digests(yunnan)) == {"yunnan/notes", "gansu/notes"}


def test_a_service_that_was_off_catches_up(pair: Pair, start_notes: StartNotes) -> None:
    """What was written before the first start arrives, although its messages are gone."""
    yunnan = start_notes(pair.yunnan)
    for text in ("one", "two", "three"):
        write(yunnan, text)

    gansu = start_notes(pair.gansu)

    wait_for_notes(gansu, {"one", "two", "three"})
    assert digests(gansu) == digests(yunnan)


def test_another_instance_takes_over(pair: Pair, start_notes: StartNotes) -> None:
    """Of two instances one follows; when it is killed, the other does."""
    yunnan = start_notes(pair.yunnan)
    active, standby = start_notes(pair.gansu), start_notes(pair.gansu)
    write(yunnan, "before")
    wait_for_notes(standby, {"before"})

    active.kill()
    write(yunnan, "after")

    wait_for_notes(standby, {"before", "after"})
    assert digests(standby) == digests(yunnan)


def test_two_instances_write_one_feed(pair: Pair, start_notes: StartNotes) -> None:
    """Commands land on either instance; the numbers of the feed have neither gap nor repeat."""
    first, second = start_notes(pair.yunnan), start_notes(pair.yunnan)
    gansu = start_notes(pair.gansu)
    texts = {f"note {i}" for i in range(30)}

    for text in texts:
        write(first, text)

    wait_for_notes(gansu, texts)
    [line] = gansu.call("feed_status")["feeds"]
    assert (line["feed"], line["n"]) == ("yunnan/notes", len(texts))
    assert min(first.count("writing"), second.count("writing")) > 0


@pytest.mark.parametrize("key", ["feed.notes.yunnan", "heads.yunnan", "give.notes.gansu", "tick"])
def test_rubbish_stops_nothing_but_itself(pair: Pair, start_notes: StartNotes, key: str) -> None:
    """Garbage in the follow queue is counted; what comes after it is applied."""
    yunnan, gansu = start_notes(pair.yunnan), start_notes(pair.gansu)
    connection = pika.BlockingConnection(pika.URLParameters(pair.gansu.amqp_uri))
    channel = connection.channel()
    for body in (b"", b"\xff" * 1_000, b"{}", b"[" * 10_000, b"\x28\xb5\x2f\xfd" + b"\0" * 100):
        channel.basic_publish(FEEDS_EXCHANGE, key, body)
        channel.basic_publish("", follow_queue_name("notes"), body, pika.BasicProperties(type=key))
    connection.close()

    write(yunnan, "after the rubbish")

    wait_for_notes(gansu, {"after the rubbish"})
    assert gansu.count("Traceback") == 0


def test_a_room_verifies_its_replica(pair: Pair, start_notes: StartNotes) -> None:
    """The records here are recomputed from the feed, and are what their home signed."""
    yunnan, gansu = start_notes(pair.yunnan), start_notes(pair.gansu)
    write(yunnan, "one")
    wait_for_notes(gansu, {"one"})

    found = gansu.call("verify_replica", feed="yunnan/notes")

    assert (found["equal"], found["records"], found["problems"]) == (True, 1, [])


def test_what_an_old_version_cannot_read_waits_for_the_upgrade(
    pair: Pair, start_notes: StartNotes
) -> None:
    """It is quarantined alone, shown with its reason, and applied when a newer version starts."""
    yunnan = start_notes(pair.yunnan)
    old = start_notes(pair.gansu, NOTES_TEXT_CHARS_MAX="8")
    write(yunnan, "before")
    write(yunnan, "too long for the old version")
    write(yunnan, "after")
    wait_for_notes(old, {"before", "after"})
    [quarantined] = old.call("quarantine_list")["items"]
    retried = old.call("quarantine_retry", ids=[quarantined["id"]])
    old.stop()

    new = start_notes(pair.gansu)

    wait_for_notes(new, {"before", "too long for the old version", "after"})
    assert (quarantined["feed"], quarantined["n"]) == ("yunnan/notes", 2)
    assert quarantined["reason"].startswith("text: ")
    assert retried["applied"] == 0
    assert new.call("quarantine_list")["items"] == []
    assert digests(new) == digests(yunnan)


def test_files_follow_the_records_that_refer_to_them(pair: Pair, start_notes: StartNotes) -> None:
    """A body that was uploaded here can be read there, after its record."""
    yunnan, gansu = start_notes(pair.yunnan), start_notes(pair.gansu)
    content = "会议记录：二〇二六年三月\n".encode() * 1_000
    sha256 = hashlib.sha256(content).hexdigest()
    write(yunnan, "with minutes", attachment=b64encode(content).decode())

    wait_for_notes(gansu, {"with minutes"})
    poll(lambda: gansu.call("get_file", sha256=sha256), gansu.running, "the file", LIMIT_S)

    assert b64decode(gansu.call("get_file", sha256=sha256)) == content
    assert gansu.call("feed_status")["files"]["missing"] == 0
