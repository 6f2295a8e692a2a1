"""Files follow their records to every node, and go with them. Real databases, real signatures."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import pytest

from hinterland.files.pieces import CHUNK_BYTES
from hinterland.files.serving import GIVE_BYTES_MAX
from hinterland.replica.messages import write_message
from tests.integration.files.conftest import Clock, OpenNode, prepared, reference, sha256
from tests.integration.files.federation import Federation, Letter

PHOTOS = [os.urandom(size) for size in (1, 70_000, CHUNK_BYTES, 3 * CHUNK_BYTES + 5)]
PACKAGE = os.urandom(5 * GIVE_BYTES_MAX)

NewFederation = Callable[[str], Federation]


@pytest.fixture
def new_federation(open_node: OpenNode, clock: Clock) -> NewFederation:
    return lambda names: Federation(open_node, clock, names)


def have(federation: Federation, *contents: bytes, but: str = "") -> bool:
    """Whether all nodes have these files. What is in them is compared once they have."""
    nodes = [node for name, node in federation.nodes.items() if name != but]
    hashes = {sha256(content) for content in contents}
    return all(node.library.bodies.here(hashes) == hashes for node in nodes) and all(
        node.holds(content) for node in nodes for content in contents
    )


def has_record(federation: Federation, name: str, record_id: str) -> bool:
    return bool(federation.nodes[name].records.get([record_id]))


def test_files_reach_every_node(new_federation: NewFederation) -> None:
    """After the records, whole, and then nothing more is asked for."""
    federation = new_federation("yunnan gansu national")
    federation.nodes["yunnan"].report(*PHOTOS)
    federation.nodes["gansu"].report(PACKAGE, scope="members")
    federation.run_until(lambda: have(federation, *PHOTOS, PACKAGE))
    asked = federation.sent["want-file"]
    federation.run(300)

    assert federation.sent["want-file"] == asked
    for node in federation.nodes.values():
        assert node.library.status()["missing"] == 0
        assert sum(map(len, PHOTOS)) + len(PACKAGE) == node.bytes_left()
    assert all(following.status()["drops"] == [] for following in federation.followings.values())


def test_files_get_through_a_lossy_network(new_federation: NewFederation) -> None:
    """A third of all messages is lost, others come twice."""
    federation = new_federation("yunnan gansu")

    def lossy(letter: Letter) -> Iterable[Letter]:
        federation.sent["lost"] += (copies := federation.random.choice([0, 1, 1, 2])) == 0
        return [letter] * copies

    federation.spoil = lossy
    federation.nodes["yunnan"].report(*PHOTOS)
    federation.run_until(lambda: have(federation, *PHOTOS), limit_s=7200)

    assert federation.sent["lost"] > 5


def test_a_lying_relay_changes_nothing(new_federation: NewFederation) -> None:
    """A member gives other bytes under his own good signature: he is found out by the hash."""
    federation = new_federation("yunnan gansu national")
    lies = 0

    def lying(letter: Letter) -> Iterable[Letter]:
        nonlocal lies
        message = letter.message
        if letter.sender != "national" or message is None or not message.rest:
            return [letter]
        if message.type != "give-file":
            return [letter]
        lies += 1
        fields = {name: message.fields[name] for name in message.fields if name != "v"}
        sign = federation.nodes["national"].key.sign
        other = bytes(len(message.rest))
        return [replace(letter, body=write_message(fields, sign, [other]))]

    federation.away = {"gansu"}
    federation.nodes["yunnan"].report(*PHOTOS)
    federation.run_until(lambda: have(federation, *PHOTOS, but="gansu"))
    federation.away = set()
    federation.spoil = lying
    # Only the liar can be asked at first.
    federation.away = {"yunnan"}
    federation.run_until(lambda: lies > 0)
    assert not any(federation.nodes["gansu"].holds(content) for content in PHOTOS)
    federation.away = set()
    federation.run_until(lambda: have(federation, *PHOTOS), limit_s=7200)

    senders = {drop["sender"] for drop in federation.followings["gansu"].status()["drops"]}
    assert senders == {"national"}


def test_any_holder_gives_what_the_home_cannot(new_federation: NewFederation) -> None:
    """The home is gone; who was there in time passes its files on."""
    federation = new_federation("yunnan gansu national")
    federation.away = {"gansu"}
    record_id = federation.nodes["yunnan"].report(*PHOTOS)
    federation.run_until(lambda: have(federation, *PHOTOS, but="gansu"))
    federation.away = {"yunnan"}

    federation.run_until(lambda: have(federation, *PHOTOS))
    assert has_record(federation, "gansu", record_id)


def test_a_restart_does_not_begin_again(new_federation: NewFederation) -> None:
    """After every piece the node is started anew, and goes on where it ended."""
    federation = new_federation("yunnan gansu")
    federation.letters_a_second = 2
    starts: list[int] = []

    def watch(letter: Letter) -> Iterable[Letter]:
        if letter.type == "want-file" and letter.message:
            starts.append(letter.message.fields["start"])
        return [letter]

    federation.spoil = watch
    federation.nodes["yunnan"].report(PACKAGE)
    gansu = federation.nodes["gansu"]
    while not gansu.holds(PACKAGE):
        got = gansu.bytes_left()
        federation.run_until(lambda node=gansu, got=got: node.bytes_left() > got)  # type: ignore[misc]
        gansu = federation.start("gansu")

    assert starts == sorted(starts)
    assert len(set(starts)) > 5


def test_an_erase_removes_a_file_everywhere(new_federation: NewFederation) -> None:
    """Where it is complete, where half of it is, and where it never came: no byte is left."""
    federation = new_federation("yunnan gansu national")
    federation.away = {"gansu", "national"}
    record_id = federation.nodes["yunnan"].report(PACKAGE)
    federation.run(5)
    federation.away = {"gansu"}
    federation.run_until(lambda: federation.nodes["national"].holds(PACKAGE))
    federation.away = set()
    gansu = federation.nodes["gansu"]
    federation.run_until(lambda: has_record(federation, "gansu", record_id))
    while not 0 < gansu.bytes_left() < len(PACKAGE):
        federation.deliver(1)
        federation.clock.advance(0.1)
        federation.followings["gansu"].tick(federation.clock().timestamp())
    federation.nodes["yunnan"].erase(record_id)
    federation.run_until(
        lambda: not any(has_record(federation, name, record_id) for name in federation.nodes)
    )

    for node in federation.nodes.values():
        assert node.bytes_left() == 0
        assert node.store.held_one("yunnan/map").n == 2
    federation.run(120)
    assert not any(node.bytes_left() for node in federation.nodes.values())


def test_a_file_that_two_nodes_have_published_outlives_one_of_them(
    new_federation: NewFederation,
) -> None:
    """It is the last record that takes it along, whoever wrote it."""
    federation = new_federation("yunnan gansu")
    ours = federation.nodes["yunnan"].report(PHOTOS[1])
    theirs = federation.nodes["gansu"].report(PHOTOS[1])
    federation.run_until(
        lambda: has_record(federation, "gansu", ours) and has_record(federation, "yunnan", theirs)
    )
    federation.nodes["yunnan"].erase(ours)
    federation.run_until(lambda: not has_record(federation, "gansu", ours))
    assert have(federation, PHOTOS[1])
    federation.nodes["gansu"].erase(theirs)
    federation.run_until(lambda: not has_record(federation, "yunnan", theirs))

    assert [0, 0] == [node.bytes_left() for node in federation.nodes.values()]


def test_a_new_version_brings_its_files_and_takes_the_old_ones(
    new_federation: NewFederation,
) -> None:
    """A follower has the files of what it shows, and no others."""
    federation = new_federation("yunnan gansu")
    record_id = federation.nodes["yunnan"].report(PHOTOS[1], PHOTOS[2])
    federation.run_until(lambda: have(federation, PHOTOS[1], PHOTOS[2]))
    federation.nodes["yunnan"].report(PHOTOS[2], PHOTOS[3], record_id=record_id)

    federation.run_until(lambda: have(federation, PHOTOS[2], PHOTOS[3]))
    assert not federation.nodes["gansu"].holds(PHOTOS[1])


def want(content: bytes) -> dict[str, Any]:
    return {
        "type": "want-file",
        "ask": 1,
        "sha256": sha256(content),
        "start": 0,
        "budget": GIVE_BYTES_MAX,
    }


def test_private_files_never_leave_their_node(new_federation: NewFederation) -> None:
    """A member that knows the hash is told the same as of a file that does not exist."""
    federation = new_federation("yunnan gansu")
    federation.nodes["yunnan"].report(PHOTOS[1], scope="private")
    federation.nodes["yunnan"].library.add(prepared(b"unused"))
    federation.nodes["yunnan"].report(PHOTOS[2])
    said: dict[bytes, tuple[list[str], bytes]] = {}
    for content in (PHOTOS[1], b"unused", b"no such file", PHOTOS[2]):
        federation.forge("gansu", "yunnan", want(content) | {"ask": len(said)})
        federation.deliver(1)
        [answer] = federation.answers("gansu")
        said[content] = sorted(answer.fields.keys() - {"v"}), answer.rest
        federation.deliver()

    nothing = said[b"no such file"]
    assert nothing == said[PHOTOS[1]] == said[b"unused"]
    assert said[PHOTOS[2]][1] == PHOTOS[2]


def test_only_members_are_answered(new_federation: NewFederation) -> None:
    """Who is none, and who signs for another, gets nothing and is counted."""
    federation = new_federation("yunnan gansu stranger")
    federation.nodes["yunnan"].report(PHOTOS[1])
    federation.expel("stranger")
    federation.forge("stranger", "yunnan", want(PHOTOS[1]))
    federation.forge("gansu", "yunnan", want(PHOTOS[1]), key_of="stranger")
    federation.deliver(2)

    assert federation.answers("stranger") + federation.answers("gansu") == []
    assert len(federation.followings["yunnan"].status()["drops"]) == 2


def test_files_of_hidden_records_go_with_them(new_federation: NewFederation) -> None:
    """What an expelled node wrote beyond its last position is hidden, and its photos are gone."""
    federation = new_federation("yunnan gansu hunan")
    record_id = federation.nodes["hunan"].report(PHOTOS[1])
    federation.run_until(lambda: have(federation, PHOTOS[1]))
    federation.expel("hunan")

    federation.run_until(lambda: not has_record(federation, "gansu", record_id))
    assert federation.nodes["gansu"].bytes_left() == 0


def test_a_restored_home_takes_its_files_back(new_federation: NewFederation) -> None:
    """The backup is older than a photo: record and photo come back from a peer."""
    federation = new_federation("yunnan gansu")
    yunnan = federation.nodes["yunnan"]
    yunnan.report(PHOTOS[1])
    database = yunnan.store.collection("records").database
    backup = {name: list(database[name].find()) for name in database.list_collection_names()}
    lost = yunnan.report(PHOTOS[2])
    federation.run_until(lambda: have(federation, PHOTOS[1], PHOTOS[2]))
    for name, documents in backup.items():
        database[name].delete_many({})
        if documents:
            database[name].insert_many(documents)
    assert not federation.start("yunnan").holds(PHOTOS[2])

    federation.run_until(lambda: have(federation, PHOTOS[1], PHOTOS[2]))
    assert has_record(federation, "yunnan", lost)


def test_a_record_is_written_on_while_its_file_is_still_coming(
    new_federation: NewFederation,
) -> None:
    """A reaction may point at a photo of another node before its bytes are here."""
    federation = new_federation("yunnan gansu")
    record_id = federation.nodes["yunnan"].report(PACKAGE)
    federation.followings["yunnan"].appended(federation.clock().timestamp())
    federation.spoil = lambda letter: [] if letter.type == "give-file" else [letter]
    federation.run_until(lambda: has_record(federation, "gansu", record_id))
    gansu = federation.nodes["gansu"]
    body = {"text": "merged", "files": [reference(PACKAGE)]}
    result = gansu.run(lambda changes: {"id": changes.put("report", body, "public")})
    federation.spoil = lambda letter: [letter]

    federation.run_until(lambda: have(federation, PACKAGE), limit_s=3600)
    federation.run_until(lambda: has_record(federation, "yunnan", result["id"]))
