"""A body is here as long as a record refers to it, and no longer. On a real mongod."""

from __future__ import annotations

import contextlib
import os
import threading
from typing import Any

import pytest
from bson import ObjectId
from gridfs import GridFSBucket

from hinterland.errors import Unavailable
from hinterland.files import bodies
from hinterland.files.bodies import BUCKET, BodyGone
from hinterland.files.errors import FileNotHere
from hinterland.files.library import UNREFERENCED_KEPT_S
from hinterland.files.pieces import CHUNK_BYTES
from hinterland.files.process import prepare_in_process
from hinterland.files.reference import FileReference
from hinterland.records import Changes, Command
from tests.integration.files.conftest import Clock, Node, OpenNode, prepared, reference, sha256
from tests.unit.files.samples import photo

LARGE = os.urandom(3 * CHUNK_BYTES + 1000)
SMALL = b"a photo"


def test_what_was_added_is_read_back(node: Node) -> None:
    """All of it, and any part of it, across chunks."""
    node.library.add(prepared(LARGE))
    body = node.library.open(sha256(LARGE))
    assert body is not None

    assert len(LARGE) == body.size
    assert b"".join(node.library.stream(body)) == LARGE
    edges = [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 2 * CHUNK_BYTES, len(LARGE)]
    for start in edges:
        for end in [*edges, len(LARGE) + 5]:
            assert b"".join(node.library.stream(body, start, end)) == LARGE[start:end]


def test_every_gridfs_tool_reads_the_bodies(node: Node) -> None:
    """The layout is GridFS's own."""
    node.library.add(prepared(LARGE))
    bucket = GridFSBucket(node.store.collection("records").database, BUCKET)

    assert bucket.open_download_stream_by_name(sha256(LARGE)).read() == LARGE


def test_adding_again_changes_nothing(node: Node) -> None:
    """Even at the same time, from several requests."""
    threads = [threading.Thread(target=node.library.add, args=(prepared(LARGE),)) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    node.library.add(prepared(LARGE))

    assert node.holds(LARGE)
    assert len(LARGE) == node.bytes_left()
    assert {"bodies": 1, "bytes": len(LARGE), "missing": 0, "missing_bytes": 0, "full": []} == (
        node.library.status()
    )


def test_a_record_refers_to_nothing_that_was_not_uploaded(node: Node) -> None:
    """The command is refused, by field, and nothing is written."""
    with pytest.raises(FileNotHere) as caught:
        node.report(SMALL, upload=False)

    assert caught.value.field == "files"
    assert node.records.head() == 0


def test_a_file_stays_with_its_record(node: Node, clock: Clock) -> None:
    """However long ago it was uploaded."""
    node.report(SMALL)
    clock.advance(10 * UNREFERENCED_KEPT_S)

    assert node.library.sweep() == 0
    assert node.holds(SMALL)


def test_an_upload_that_nothing_refers_to_is_swept(node: Node, clock: Clock) -> None:
    """After a day; adding it again starts the day anew."""
    node.library.add(prepared(SMALL))
    node.library.add(prepared(LARGE))
    clock.advance(UNREFERENCED_KEPT_S - 1)
    assert node.library.sweep() == 0
    node.library.add(prepared(LARGE))
    clock.advance(2)

    assert node.library.sweep() == 1
    assert (False, True) == (node.holds(SMALL), node.holds(LARGE))
    assert len(LARGE) == node.bytes_left()


def test_what_a_crash_leaves_of_an_upload_is_swept(node: Node, clock: Clock) -> None:
    """An upload that was never completed takes no space for long."""
    write = node.library.bodies.write

    def crash(key: ObjectId, start: int, data: bytes, session: Any = None) -> None:
        write(key, start, data, session)
        raise KeyboardInterrupt

    node.library.bodies.write = crash  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        node.library.add(prepared(LARGE))
    assert node.bytes_left() > 0
    clock.advance(UNREFERENCED_KEPT_S + 1)

    assert node.library.sweep() == 1
    assert node.bytes_left() == 0


@pytest.mark.parametrize("end", ["erase", "delete", "change"])
@pytest.mark.parametrize("scope", ["public", "members", "private"])
def test_a_file_goes_with_the_last_version_that_referred_to_it(
    node: Node, end: str, scope: str
) -> None:
    """Erased, deleted or replaced: no byte of it is left."""
    first = node.report(SMALL, LARGE, scope=scope)
    second = node.report(LARGE, scope=scope)

    def finish(record_id: str) -> None:
        if end == "change":
            node.report(scope=scope, record_id=record_id)
        else:
            getattr(node, end)(record_id)

    finish(first)
    assert (False, True) == (node.holds(SMALL), node.holds(LARGE))
    finish(second)
    assert node.library.open(sha256(LARGE)) is None
    assert node.bytes_left() == 0
    assert node.library.status()["bytes"] == 0


def test_an_erase_of_very_much_is_over_when_it_returns(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is too much for one transaction goes right after it, before anybody is told."""
    monkeypatch.setattr(bodies, "CHUNKS_REMOVED_IN_TRANSACTION_MAX", 2)
    record_id = node.report(SMALL, LARGE)
    node.erase(record_id)

    assert node.bytes_left() == 0
    assert node.library.status()["bytes"] == 0


def test_a_crash_in_an_erase_of_very_much_is_made_up_for(
    open_node: OpenNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next start removes what is left before it says a word."""
    monkeypatch.setattr(bodies, "CHUNKS_REMOVED_IN_TRANSACTION_MAX", 2)
    node = open_node()
    record_id = node.report(SMALL, LARGE)

    def crash() -> None:
        raise Unavailable

    monkeypatch.setattr(node.library, "bury", crash)
    with pytest.raises(Unavailable):
        node.erase(record_id)
    assert node.library.open(sha256(LARGE)) is None
    assert node.bytes_left() > 0

    assert open_node().bytes_left() == 0


def test_a_file_stays_while_a_newer_version_refers_to_it(node: Node) -> None:
    """Changing the text does not lose the photo, nor ask for it again."""
    record_id = node.report(SMALL)
    node.report(SMALL, upload=False, record_id=record_id)

    assert node.holds(SMALL)


def test_a_version_that_no_reader_ever_saw_leaves_no_file(node: Node) -> None:
    """A command that writes a record twice, over several batches, keeps the last one's files."""
    for content in (SMALL, LARGE):
        node.library.add(prepared(content))

    def handler(changes: Changes) -> dict[str, Any]:
        record_id = changes.put("report", {"text": "", "files": [reference(SMALL)]}, "public")
        for _ in range(10):
            changes.put("report", {"text": "x" * 200_000}, "public")
        changes.put("report", {"text": "", "files": [reference(LARGE)]}, "public", record_id)
        return {}

    node.run(handler)

    assert len(node.published) > 1
    assert (False, True) == (node.holds(SMALL), node.holds(LARGE))


def test_one_command_may_take_over_what_another_lets_go(node: Node) -> None:
    """In one batch a record ends and another one begins with the same file: it stays."""
    old = node.report(SMALL)

    def delete(changes: Changes) -> dict[str, Any]:
        changes.delete(old)
        return {}

    def put(changes: Changes) -> dict[str, Any]:
        return {"id": changes.put("report", {"text": "", "files": [reference(SMALL)]}, "public")}

    node.records.execute_many([Command("delete", None, delete), Command("put", None, put)])

    assert node.holds(SMALL)


def test_a_file_removed_between_decision_and_commit_is_not_referred_to(
    node: Node, clock: Clock
) -> None:
    """The command is decided again, and refused."""
    node.library.add(prepared(SMALL))
    runs = 0

    def handler(changes: Changes) -> dict[str, Any]:
        nonlocal runs
        record_id = changes.put("report", {"text": "", "files": [reference(SMALL)]}, "public")
        runs += 1
        clock.advance(UNREFERENCED_KEPT_S + 1)
        node.library.sweep()
        return {"id": record_id}

    with pytest.raises(FileNotHere):
        node.run(handler)

    assert runs == 1  # the second time, `put` refuses
    assert node.store.held_one("yunnan/map").n == 0


def test_a_record_never_refers_to_a_file_that_just_went(open_node: OpenNode) -> None:
    """Two instances: one ends the last record with a photo, one begins another. Whoever is first,
    a record that was acknowledged has its photo."""
    instances = [open_node(), open_node()]
    for _ in range(15):
        old = instances[0].report(SMALL)
        erasing = threading.Thread(target=instances[0].erase, args=(old,))
        erasing.start()
        new = ""
        with contextlib.suppress(FileNotHere):
            new = instances[1].report(SMALL, upload=False)
        erasing.join()

        assert instances[1].holds(SMALL) == bool(new)
        if new:
            instances[1].erase(new)
        assert instances[1].bytes_left() == 0


def test_a_reader_is_told_when_the_file_goes_away(node: Node) -> None:
    """A download that is under way during an erase ends with an error, not with half a file."""
    record_id = node.report(LARGE)
    body = node.library.open(sha256(LARGE))
    assert body is not None
    node.erase(record_id)

    with pytest.raises(BodyGone):
        list(node.library.stream(body))


def test_private_files_are_not_for_other_nodes(node: Node) -> None:
    """Nor are uploads that nothing refers to; a file in both is shared."""
    node.library.add(prepared(b"unused"))
    node.report(b"mine", scope="private")
    node.report(b"ours", scope="members")
    both = node.report(b"both", scope="private")
    node.report(b"both")

    shared = {c: node.library.is_shared(sha256(c)) for c in (b"unused", b"mine", b"ours", b"both")}
    assert {b"unused": False, b"mine": False, b"ours": True, b"both": True} == shared
    assert {"private", "public"} == node.library.scopes(sha256(b"both"))
    node.erase(both)
    assert {"public"} == node.library.scopes(sha256(b"both"))


def test_a_restart_changes_nothing(open_node: OpenNode) -> None:
    """Bodies and what refers to them are in the database alone."""
    record_id = open_node().report(LARGE)
    again = open_node()

    assert again.holds(LARGE)
    again.erase(record_id)
    assert again.bytes_left() == 0


def test_a_photo_goes_all_the_way(node: Node) -> None:
    """Uploaded, prepared, kept, referred to with its thumbnail, read back without its place."""
    made = prepare_in_process(photo())
    node.library.add(made)
    about = FileReference.of(made, "诊所.jpg").model_dump(exclude_none=True)
    node.run(
        lambda changes: {
            "id": changes.put("report", {"text": "a clinic", "files": [about]}, "public")
        }
    )
    body = node.library.open(about["sha256"])

    assert body is not None
    assert (body.size, body.type) == (about["size"], "image/jpeg")
    assert b"Exif" not in b"".join(node.library.stream(body))
    assert about["thumbnail"]
