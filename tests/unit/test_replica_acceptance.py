"""Each rule by which an entry is accepted, with an entry that breaks it and nothing else."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import orjson
import pytest

from hinterland.batch import (
    DIGEST_OF_NOTHING,
    ENTRY_DEPTH_MAX,
    Batch,
    Draft,
    Payload,
    decode,
    elide,
    encode,
    seal,
)
from hinterland.identity import NodeKey
from hinterland.replica import Judged, judge

KEY: Final = NodeKey.generate()
AT: Final = "2026-01-31T08:05:00.000Z"
ID: Final = "yunnan.ngo.01J0000000000000000000000A"


def payload(**changes: Any) -> bytes:
    fields = {"id": ID, "kind": "ngo", "scope": "public", "body": {"name": "云南"}, "salt": "x"}
    return orjson.dumps(fields | changes)


def batch(
    line: bytes | None = None,
    *,
    feed: str = "yunnan/directory",
    at: str = AT,
    **changes: Any,
) -> Batch:
    draft = Draft(ID, "ngo", "put", None, payload() if line is None else line)
    drafts = [replace(draft, **changes)]
    return decode(
        encode(
            seal(
                drafts,
                federation="",
                key=KEY.public,
                feed=feed,
                epoch=1,
                first=1,
                prev="",
                digest=DIGEST_OF_NOTHING,
                at=at,
                sign=KEY.sign,
            )
        )
    )


def judged(given: Batch, check: str | None = None) -> Judged:
    return judge(
        given.header,
        1,
        given.payloads[0],
        foreign_kinds=frozenset({"course"}),
        check=lambda payload: check,
    )


def test_a_good_put_is_accepted_with_what_it_says() -> None:
    """Nothing stands against it, and its payload is what is to be written."""
    item = judged(batch())

    assert Payload(ID, "ngo", "public", {"name": "云南"}) == item.payload
    assert (item.reason, item.hole) == (None, False)


@pytest.mark.parametrize("op", ["delete", "erase"])
def test_an_end_needs_no_payload(op: str) -> None:
    """A delete or an erase is complete without any line."""
    item = judged(batch(b"", op=op))

    assert (None, None, False) == (item.payload, item.reason, item.hole)


def test_a_missing_payload_is_a_hole_and_no_fault() -> None:
    """Elision is not proof: the entry waits for its payload."""
    item = judged(elide(batch(), [1]))

    assert (True, None) == (item.hole, item.reason)


def test_unknown_kinds_and_fields_are_kept() -> None:
    """What a newer node writes is passed on without being understood."""
    record_id = "yunnan.ferry.01J"
    line = payload(id=record_id, kind="ferry", body={"from": 1}, mood="good")

    item = judged(batch(line, id=record_id, kind="ferry"))

    assert item.payload is not None
    assert {"from": 1} == item.payload.body


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (batch(feed="gansu/directory"), "another home"),
        (batch(kind="partner"), "another kind"),
        (
            batch(payload(id="yunnan.course.1"), id="yunnan.course.1", kind="course"),
            "another service",
        ),
        (batch(op="merge"), "not known"),
        (batch(b""), "a put has a sum"),
        (batch(op="delete"), "a put has a sum"),
        (batch(at="yesterday"), "RFC 3339"),
        (batch(at="2026-01-31T08:05:00"), "RFC 3339"),
        (batch(at="0001-01-01T00:00:00+14:00"), "RFC 3339"),
        (batch(payload(id="yunnan.ngo.another")), "another record's"),
        (batch(payload(kind="partner")), "another record's"),
        (batch(payload(scope="private")), "scope 'private'"),
        (batch(payload(scope="secret")), "scope 'secret'"),
        (batch(payload(scope=["public"])), "scope"),
        (batch(payload(scope={"public": 1})), "scope"),
        (batch(payload(), feed="yunnan/directory/private"), "scope 'public'"),
        (batch(payload(body=[])), "not a JSON object"),
        (batch(payload(body=None)), "not a JSON object"),
        (batch(b"[]"), "not a JSON object"),
        (batch(b"not json"), "not a JSON object"),
        (batch(payload(body={"a\x00b": 1})), "cannot be stored"),
        (batch(payload(body={"in": {"deep": {"a\x00b": 1}}})), "cannot be stored"),
        (batch(payload(body={"see": {"$ref": "a", "$id": 1}})), "read back as a reference"),
        (batch(payload(body={"n": 2**63})), "cannot be stored"),
        (batch(payload(body={"n": 2**64 - 1})), "cannot be stored"),
        (batch(payload().replace("云南".encode(), b"\\ud800")), "not a JSON object"),
    ],
)
def test_an_entry_that_breaks_a_rule_is_refused_alone(given: Batch, reason: str) -> None:
    """The entry goes into quarantine, and says why."""
    item = judged(given)

    assert item.payload is None
    assert item.reason is not None
    assert reason in item.reason


def test_a_whole_number_beyond_64_bits_is_read_as_a_double() -> None:
    """JSON knows no sizes: what the reader makes a float of can be stored."""
    item = judged(batch(payload().replace('"云南"'.encode(), str(2**64).encode())))

    assert item.payload is not None
    assert {"name": float(2**64)} == item.payload.body


def test_a_body_that_is_too_deep_is_refused() -> None:
    """A home of another make may sign what this one would not write."""
    body: dict[str, Any] = {}
    for _ in range(ENTRY_DEPTH_MAX):
        body = {"a": body}

    item = judged(batch(payload(body=body)))

    assert item.reason is not None
    assert "nested" in item.reason


def test_what_the_room_cannot_read_is_refused_with_its_reason() -> None:
    """A room's own check has the last word on its own kinds."""
    item = judged(batch(), check="name: too short")

    assert ("name: too short", None) == (item.reason, item.payload)


def test_a_reason_does_not_grow_with_what_it_refuses() -> None:
    """A quarter of a megabyte of scope is quoted in part."""
    item = judged(batch(payload(scope="x" * 200_000)))

    assert item.reason is not None
    assert len(item.reason) <= 300
