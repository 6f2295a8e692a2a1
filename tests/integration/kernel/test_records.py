"""A service's own writes, on a real mongod."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from hinterland.batch import decode
from hinterland.errors import BadInput, HinterlandError, Inapplicable, NotFound, StaleVersion
from hinterland.identity import Membership
from hinterland.records import Changes, Command, Forked, Published, Records, Recovering
from tests.integration.kernel.conftest import OpenRecords

FEED = "yunnan/notes"


def write(records: Records, command_id: str, text: str, **more: Any) -> dict[str, Any]:
    scope = more.pop("scope", "public")
    record_id = more.pop("record_id", None)

    def handler(changes: Changes) -> dict[str, Any]:
        return {"id": changes.put("note", {"text": text, **more}, scope, record_id)}

    return records.execute(command_id, None, handler)


def test_a_record_is_readable_once_its_command_has_returned(open_records: OpenRecords) -> None:
    """What `execute` acknowledges is in the records, at the version that it names."""
    records = open_records()
    result = write(records, "c1", "云南")

    [record] = records.get([result["id"]]).values()
    assert ({"text": "云南"}, "1.1", records.head()) == (
        record.body,
        result["version"],
        result["head"],
    )


def test_a_repeated_command_returns_its_first_result(open_records: OpenRecords) -> None:
    """A phone that retries does not write twice, even through another instance."""
    first = write(open_records(), "c1", "first")
    again = write(open_records(), "c1", "second")

    assert first == again


def test_a_repeat_that_would_be_refused_by_now_returns_its_first_result(
    open_records: OpenRecords,
) -> None:
    """What has happened since, this command included, does not matter."""
    records = open_records()
    made = write(records, "c1", "first")

    def delete(changes: Changes) -> dict[str, Any]:
        changes.delete(made["id"])
        return {"id": made["id"]}

    first = records.execute("c2", None, delete)
    again = records.execute("c2", None, delete)

    assert first == again


def test_commands_that_come_together_share_a_batch(
    open_records: OpenRecords, published: list[Published]
) -> None:
    """A group of commands is one batch, one signature and one commit."""
    records = open_records()
    results = records.execute_many(
        [
            Command(
                f"c{i}", None, lambda changes: {"id": changes.put("note", {"text": "x"}, "public")}
            )
            for i in range(50)
        ]
    )

    assert [f"1.{n}" for n in range(1, 51)] == [
        result["version"] for result in results if isinstance(result, dict)
    ]
    assert len(published) == 1


def test_two_commands_on_one_record_never_share_a_decision(open_records: OpenRecords) -> None:
    """Of two changes to the same version, the second one sees the first and is refused."""
    records = open_records()
    made = write(records, "c0", "start")

    def change(text: str) -> Any:
        def handler(changes: Changes) -> dict[str, Any]:
            old = changes.get(made["id"])
            if old is None or old.version != made["version"]:
                raise StaleVersion()
            return {"id": changes.put("note", {"text": text}, "public", made["id"])}

        return handler

    results = records.execute_many(
        [Command("a", None, change("a")), Command("b", None, change("b"))]
    )

    assert isinstance(results[1], StaleVersion)
    assert records.get([made["id"]])[made["id"]].body["text"] == "a"


def test_two_instances_never_write_one_number(open_records: OpenRecords) -> None:
    """Instances that write at once make one chain: every number once, every command done."""
    instances = [open_records() for _ in range(2)]
    failures: list[BaseException] = []

    def work(records: Records, name: str) -> None:
        try:
            for i in range(25):
                write(records, f"{name}-{i}", name)
        except HinterlandError as error:
            failures.append(error)

    threads = [
        threading.Thread(target=work, args=(records, f"i{k}-{t}"))
        for k, records in enumerate(instances)
        for t in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    batches = instances[0].store.collection("batches").find(sort={"_id": 1})
    chain = [decode(bytes(found["frame"])).header for found in batches]
    assert ["", *[header.hash for header in chain[:-1]]] == [header.prev for header in chain]
    assert chain[-1].last == 100
    assert instances[0].collection.count_documents({}) == 100


def test_a_private_record_goes_into_the_private_feed_alone(
    open_records: OpenRecords, published: list[Published]
) -> None:
    """Nothing of a private record is handed to other nodes."""
    records = open_records()
    result = write(records, "c1", "secret", scope="private")

    assert f"{FEED}/private" == records.get([result["id"]])[result["id"]].feed
    assert [each.frame for each in published] == [None]
    assert records.store.held_one(FEED).n == 0


def test_a_record_never_moves_between_private_and_shared(open_records: OpenRecords) -> None:
    """Publishing writes a second record; the first one stays where it is."""
    records = open_records()
    made = write(records, "c1", "secret", scope="private")

    with pytest.raises(Inapplicable):
        write(records, "c2", "secret", scope="public", record_id=made["id"])


def test_a_body_that_its_kind_does_not_allow_is_refused_by_field(
    open_records: OpenRecords,
) -> None:
    """The error names the field, and nothing is written."""
    records = open_records()

    def handler(changes: Changes) -> dict[str, Any]:
        return {"id": changes.put("note", {"more": "no text"}, "public")}

    with pytest.raises(BadInput) as caught:
        records.execute("c1", None, handler)
    assert caught.value.field == "text"
    assert records.head() == 0


def test_an_erased_record_leaves_no_payload_behind(open_records: OpenRecords) -> None:
    """Erase elides every earlier payload of the record in the same commit."""
    records = open_records()
    made = write(records, "c1", "first-secret")
    write(records, "c2", "second-secret", record_id=made["id"])

    def erase(changes: Changes) -> dict[str, Any]:
        changes.erase(made["id"])
        return {}

    records.execute("c3", None, erase)

    text = b"".join(
        line
        for found in records.store.collection("batches").find()
        for line in decode(bytes(found["frame"])).payloads
    )
    assert text == b""
    assert records.store.held_one(FEED).digest == "0" * 64


def test_a_deleted_record_is_gone_and_can_be_written_again(open_records: OpenRecords) -> None:
    """After a delete nothing is found, and deleting again says so."""
    records = open_records()
    made = write(records, "c1", "x")

    def delete(changes: Changes) -> dict[str, Any]:
        changes.delete(made["id"])
        return {}

    records.execute("c2", None, delete)
    assert records.get([made["id"]]) == {}
    with pytest.raises(NotFound):
        records.execute("c3", None, delete)
    write(records, "c4", "again", record_id=made["id"])
    assert records.get([made["id"]])[made["id"]].body["text"] == "again"


def backup(records: Records) -> Callable[[], None]:
    """Copies the database; what is returned puts the copy in its place."""
    names = ("feeds", "batches", "records", "commands", "meta")
    kept = {name: list(records.store.collection(name).find()) for name in names}

    def put_back() -> None:
        for name, documents in kept.items():
            records.store.collection(name).delete_many({})
            if documents:
                records.store.collection(name).insert_many(documents)

    return put_back


def test_a_restored_database_refuses_writes_until_its_tail_is_back(
    open_records: OpenRecords,
) -> None:
    """The node folder remembers what was appended; writing on would fork the feed."""
    records = open_records()
    write(records, "c1", "kept")
    put_back = backup(records)
    write(records, "c2", "lost")
    put_back()

    restored = open_records()

    assert restored.store.held_one(FEED).recover_to == 2
    with pytest.raises(Recovering):
        write(restored, "c3", "new")


def test_an_operator_may_write_on_without_what_was_lost(open_records: OpenRecords) -> None:
    """A member that is away for weeks does not keep a restored home from writing."""
    records = open_records()
    put_back = backup(records)
    write(records, "c1", "lost")
    put_back()
    restored = open_records()

    assert restored.resume()
    write(restored, "c2", "new")
    write(open_records(), "c3", "newer")
    assert not restored.resume()
    assert 2 == restored.store.held_one(FEED).n


def test_a_database_that_is_put_back_under_a_running_service_is_not_written_on(
    open_records: OpenRecords,
) -> None:
    """The service notices without being started again."""
    records = open_records()
    write(records, "c1", "kept")
    put_back = backup(records)
    write(records, "c2", "lost")
    put_back()

    with pytest.raises(Recovering):
        write(records, "c3", "new")


def test_what_is_written_after_a_node_has_joined_names_its_federation(
    open_records: OpenRecords, published: list[Published]
) -> None:
    """Also where another instance has heard of it."""
    records = open_records()
    write(records, "c1", "alone")
    open_records().store.set_membership(Membership("cn-1", "national", {}))
    write(records, "c2", "joined")

    assert ["", "cn-1"] == [each.applied.batch.header.federation for each in published]


def test_a_forked_feed_is_not_written_on(open_records: OpenRecords) -> None:
    """Nobody would follow it; that is said to the caller instead."""
    records = open_records()
    write(records, "c1", "kept")
    records.store.freeze(FEED, "two signed headers at 1.1")

    with pytest.raises(Forked):
        write(records, "c2", "new")


def test_two_failing_commands_do_not_fail_the_third(open_records: OpenRecords) -> None:
    """Bad input stops nothing but itself."""
    records = open_records()

    def broken(changes: Changes) -> dict[str, Any]:
        raise StaleVersion()

    def crash(changes: Changes) -> dict[str, Any]:
        raise BadInput(field="x")

    def good(changes: Changes) -> dict[str, Any]:
        return {"id": changes.put("note", {"text": "ok"}, "public")}

    results = records.execute_many(
        [Command("a", None, broken), Command("b", None, crash), Command("c", None, good)]
    )
    assert [type(result).__name__ for result in results] == ["StaleVersion", "BadInput", "dict"]
