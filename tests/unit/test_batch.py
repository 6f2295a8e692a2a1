"""The batch format: what is written is read back, and nothing else is taken for a batch."""

from __future__ import annotations

import hashlib
import resource
from base64 import b64encode
from dataclasses import replace
from typing import Any, Final

import orjson
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from hinterland.batch import (
    BATCH_BYTES_MAX,
    BATCH_ENTRIES_MAX,
    BATCH_PREFIX,
    DIGEST_OF_NOTHING,
    ENTRY_BYTES_MAX,
    ENTRY_DEPTH_MAX,
    FRAME_BYTES_MAX,
    BadBatch,
    Batch,
    Draft,
    NeedsUpgrade,
    Position,
    decode,
    digest_add,
    digest_remove,
    elide,
    encode,
    home_of,
    kind_of,
    pack,
    payload_line,
    read_newer,
    read_payload,
    seal,
)
from hinterland.identity import NodeKey, verify

KEY: Final = NodeKey.generate()
AT: Final = "2026-01-31T08:05:00.000Z"
SALT: Final = bytes(range(16))
GIGABYTE: Final = 1 << 30
PEAK_MIB_MAX: Final = 64

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
bodies = st.dictionaries(st.text(), json_values, max_size=5)


def put(number: int = 1, body: dict[str, Any] | None = None) -> Draft:
    record_id = f"yunnan.ngo.{number:04d}"
    return Draft(
        record_id, "ngo", "put", "a1", payload_line(record_id, "ngo", "public", body or {}, SALT)
    )


def sealed(*drafts: Draft, first: int = 1, prev: str = "", **more: Any) -> Batch:
    return seal(
        drafts or (put(),),
        **{
            "federation": "china-0123456789abcdef",
            "key": KEY.public,
            "feed": "yunnan/directory",
            "epoch": 1,
            "first": first,
            "prev": prev,
            "digest": DIGEST_OF_NOTHING,
            "at": AT,
            "sign": KEY.sign,
            **more,
        },
    )


def frame_of(*lines: bytes) -> bytes:
    return zstandard.ZstdCompressor().compress(b"\n".join((*lines, b"")))


def changed(batch: Batch, **fields: Any) -> bytes:
    """The frame of a batch whose header says something else."""
    line = orjson.dumps(orjson.loads(batch.header.line) | fields)
    return frame_of(b64encode(KEY.sign(BATCH_PREFIX + line)), line, *batch.payloads)


@settings(deadline=None, max_examples=60)
@given(st.lists(bodies, min_size=1, max_size=5))
def test_a_batch_is_read_back_as_it_was_written(contents: list[dict[str, Any]]) -> None:
    """Header bytes, signature and payloads come back the same, whatever the bodies hold."""
    batch = sealed(*(put(i, body) for i, body in enumerate(contents)))

    again = decode(encode(batch))

    assert batch == again
    assert verify(again.header.key, again.signature, again.signed_bytes)
    assert contents == [read_payload(line).body for line in again.payloads]


def test_the_frame_is_text_that_zstdcat_shows() -> None:
    """Line 1 is the signature, line 2 the header, then one line for each entry."""
    batch = sealed(put(1), Draft("yunnan.ngo.0002", "ngo", "delete", None, b""))
    lines = zstandard.ZstdDecompressor().decompress(encode(batch)).split(b"\n")

    assert [b64encode(batch.signature), batch.header.line, *batch.payloads, b""] == lines
    assert lines[3] == b""


def test_one_changed_byte_of_the_header_breaks_the_signature() -> None:
    """What is signed is the exact bytes of line 2."""
    batch = sealed()
    forged = replace(batch.header, line=batch.header.line.replace(b"yunnan", b"hainan"))

    again = decode(encode(replace(batch, header=forged)))

    assert not verify(again.header.key, again.signature, again.signed_bytes)


def test_a_chain_hangs_on_the_header_line_alone() -> None:
    """The hash that the next batch names does not depend on payloads."""
    batch = sealed(put(1, {"name": "a"}))

    assert hashlib.sha256(batch.header.line).hexdigest() == batch.header.hash
    assert batch.header.hash == elide(batch, [1]).header.hash


def test_elision_leaves_the_header_bytes_and_the_signature() -> None:
    """A blanked payload is missing, and everything else is as it was."""
    batch = sealed(put(1), put(2), put(3), first=7, prev="ab" * 32)
    blanked = decode(encode(elide(batch, [8])))

    assert [] == batch.missing()
    assert [8] == blanked.missing()
    assert (batch.signature, batch.header) == (blanked.signature, blanked.header)
    assert (batch.payloads[0], b"", batch.payloads[2]) == blanked.payloads


def test_a_changed_payload_counts_as_elided() -> None:
    """A line that does not hash to its sum says nothing."""
    batch = sealed(put(1, {"name": "true"}), put(2))
    lie = batch.payloads[0].replace(b"true", b"lies")

    again = decode(encode(replace(batch, payloads=(lie, batch.payloads[1]))))

    assert [1] == again.missing()


def test_a_payload_where_none_belongs_is_dropped() -> None:
    """A delete has no payload, whatever a relay adds to it."""
    batch = sealed(Draft("yunnan.ngo.0001", "ngo", "delete", None, b""))

    assert (b"",) == decode(encode(replace(batch, payloads=(b'{"id":1}',)))).payloads


def test_a_bomb_of_a_gigabyte_costs_little() -> None:
    """Decoding stops at the limit: 33 KB of zstd do not become a gigabyte."""
    compressor = zstandard.ZstdCompressor(level=1).compressobj()
    chunk = bytes(1 << 24)
    bomb = b"".join(compressor.compress(chunk) for _ in range(GIGABYTE // len(chunk)))
    bomb += compressor.flush()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    with pytest.raises(BadBatch, match="more than"):
        decode(bomb)

    grown_mib = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    assert len(bomb) < 128 * 1024
    assert grown_mib < PEAK_MIB_MAX


def test_a_frame_may_not_ask_for_much_memory() -> None:
    """A window of 128 MiB is refused before any of it is reserved."""
    parameters = zstandard.ZstdCompressionParameters.from_level(3, window_log=27)
    wide = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    frame = wide.compress(encode(sealed())) + wide.flush()

    with pytest.raises(BadBatch, match="not zstd"):
        decode(frame)


def test_an_oversized_frame_is_not_even_opened() -> None:
    """Size is looked at first."""
    with pytest.raises(BadBatch, match=str(FRAME_BYTES_MAX)):
        decode(bytes(FRAME_BYTES_MAX + 1))


@settings(deadline=None, max_examples=60)
@given(st.binary(max_size=200))
def test_garbage_is_a_bad_batch(garbage: bytes) -> None:
    """Any bytes at all are either a batch or a BadBatch."""
    for frame in (garbage, zstandard.ZstdCompressor().compress(garbage)):
        with pytest.raises(BadBatch):
            decode(frame)


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_a_cut_or_altered_frame_raises_nothing_unforeseen(data: st.DataObject) -> None:
    """What a broken disk or link does to a frame is a BadBatch, or does not matter."""
    frame = bytearray(encode(sealed(put(1), put(2))))
    for _ in range(data.draw(st.integers(1, 4))):
        frame[data.draw(st.integers(0, len(frame) - 1))] = data.draw(st.integers(0, 255))
    end = data.draw(st.integers(0, len(frame)))

    for altered in (bytes(frame), bytes(frame[:end])):
        try:
            decode(altered)
        except (BadBatch, NeedsUpgrade):
            continue


BAD_FIELDS: Final[list[dict[str, Any]]] = [
    {"v": None},
    {"v": "1"},
    {"v": True},
    {"entries": []},
    {"entries": {}},
    {"entries": [1]},
    {"feed": "Yunnan/directory"},
    {"feed": "yunnan"},
    {"feed": "yunnan/directory/secret"},
    {"feed": "../yunnan/directory"},
    {"epoch": 0},
    {"epoch": 1.0},
    {"epoch": True},
    {"epoch": 2**53},
    {"first": 0},
    {"first": -1},
    {"first": 2},  # without the hash of what went before
    {"prev": "xy"},
    {"prev": None},
    {"digest": ""},
    {"digest": "0" * 63},
    {"federation": None},
    {"key": 7},
    {"key": "k" * 201},
]


@pytest.mark.parametrize("fields", BAD_FIELDS, ids=str)
def test_a_header_with_a_wrong_field_is_a_bad_batch(fields: dict[str, Any]) -> None:
    """Every field has one form."""
    with pytest.raises(BadBatch):
        decode(changed(sealed(), **fields))


@pytest.mark.parametrize(
    "fields",
    [
        {"id": None},
        {"id": "x" * 201},
        {"kind": 1},
        {"op": None},
        {"at": 5},
        {"by": 5},
        {"by": "x" * 201},
        {"sum": "short"},
        {"sum": None},
    ],
    ids=str,
)
def test_an_entry_with_a_wrong_field_is_a_bad_batch(fields: dict[str, Any]) -> None:
    """An entry whose form is wrong makes the batch unreadable, not only itself."""
    batch = sealed()
    entry = orjson.loads(batch.header.line)["entries"][0] | fields

    with pytest.raises(BadBatch):
        decode(changed(batch, entries=[entry]))


def test_fields_of_newer_nodes_are_borne() -> None:
    """Fields are only ever added: an unknown one changes nothing and stays in the bytes."""
    batch = sealed()
    entry = orjson.loads(batch.header.line)["entries"][0] | {"colour": "red"}

    again = decode(changed(batch, entries=[entry], mood="good"))

    assert b'"mood":"good"' in again.header.line
    assert batch.header.entries == again.header.entries


def test_more_or_fewer_payload_lines_than_entries_are_refused() -> None:
    """Which payload is whose must be beyond doubt."""
    batch = sealed(put(1), put(2))
    signature = b64encode(batch.signature)

    for payloads in (batch.payloads[:1], (*batch.payloads, b"")):
        with pytest.raises(BadBatch, match="another number"):
            decode(frame_of(signature, batch.header.line, *payloads))


def test_too_many_entries_are_refused() -> None:
    """At most 500 entries make a batch."""
    entries = orjson.loads(sealed().header.line)["entries"] * (BATCH_ENTRIES_MAX + 1)

    with pytest.raises(BadBatch, match=str(BATCH_ENTRIES_MAX)):
        decode(changed(sealed(), entries=entries))


def test_a_newer_format_says_who_wrote_it() -> None:
    """A batch of version 2 needs an upgrade, and its signature can be checked all the same."""
    frame = changed(sealed(), v=2)

    with pytest.raises(NeedsUpgrade):
        decode(frame)

    signature, line, feed = read_newer(frame)
    assert verify(KEY.public, signature, BATCH_PREFIX + line)
    assert feed == "yunnan/directory"


def test_a_payload_may_not_be_too_large() -> None:
    """A record of more than 256 KiB is refused where it is written."""
    with pytest.raises(BadBatch, match=str(ENTRY_BYTES_MAX)):
        payload_line("yunnan.ngo.1", "ngo", "public", {"text": "x" * ENTRY_BYTES_MAX}, SALT)


@pytest.mark.parametrize("deep", [{"a": {}}, {"a": []}], ids=["objects", "lists"])
def test_a_payload_may_not_be_too_deep(deep: dict[str, Any]) -> None:
    """32 levels are read and written; one more is refused, both when writing and when reading."""

    def nested(levels: int) -> dict[str, Any]:
        body: Any = {}
        for _ in range(levels - 1):
            body = [body] if isinstance(deep["a"], list) else {"a": body}
        return body if isinstance(body, dict) else {"a": body[0]}

    line = payload_line("yunnan.ngo.1", "ngo", "public", nested(ENTRY_DEPTH_MAX), SALT)
    too_deep = nested(ENTRY_DEPTH_MAX + 1)

    assert read_payload(line).id == "yunnan.ngo.1"
    with pytest.raises(BadBatch, match="nested"):
        payload_line("yunnan.ngo.1", "ngo", "public", too_deep, SALT)
    with pytest.raises(BadBatch, match="nested"):
        read_payload(orjson.dumps({"id": "a", "kind": "b", "scope": "c", "body": too_deep}))


@pytest.mark.parametrize(
    "line",
    [b"", b"{", b"[]", b"1", b"{}", b'{"id":1,"kind":2,"scope":3,"body":[]}', b'{"a":"\\ud800"}'],
)
def test_a_line_that_is_no_payload_is_refused(line: bytes) -> None:
    """Neither broken JSON nor a lone surrogate nor a body that is no object gets through."""
    with pytest.raises(BadBatch):
        read_payload(line)


def test_the_same_body_never_hashes_to_the_same_sum() -> None:
    """The salt keeps a header from confirming a guess about what was erased."""
    lines = {payload_line("yunnan.ngo.1", "ngo", "public", {}, bytes([i] * 16)) for i in range(2)}

    assert len({hashlib.sha256(line).hexdigest() for line in lines}) == 2


def test_drafts_are_packed_into_batches_that_can_be_sealed() -> None:
    """In order, none left out, and each group below both limits."""
    large = {"text": "x" * 200_000}
    drafts = [put(i, large if i % 40 == 0 else {"n": i}) for i in range(1200)]

    groups = pack(drafts)
    batches = [sealed(*group) for group in groups]

    assert drafts == [draft for group in groups for draft in group]
    assert all(len(group) <= BATCH_ENTRIES_MAX for group in groups)
    assert all(decode(encode(batch)) == batch for batch in batches)


def test_a_batch_that_would_not_be_read_is_not_sealed() -> None:
    """A home cannot sign what its followers would refuse for its size."""
    with pytest.raises(BadBatch, match=str(BATCH_BYTES_MAX)):
        sealed(*(put(i, {"text": "x" * 200_000}) for i in range(6)))


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.text(max_size=5), st.integers(1, 9), st.text(max_size=5))))
def test_the_digest_does_not_depend_on_the_order(parts: list[tuple[str, int, str]]) -> None:
    """Adding in one order and removing in another comes back to nothing."""
    digest = DIGEST_OF_NOTHING
    for record_id, n, payload_sum in parts:
        digest = digest_add(digest, record_id, Position(1, n), payload_sum)
    for record_id, n, payload_sum in reversed(parts):
        digest = digest_remove(digest, record_id, Position(1, n), payload_sum)

    assert digest == DIGEST_OF_NOTHING


def test_the_digest_tells_positions_apart() -> None:
    """The same record at another position is another state."""
    at_one = digest_add(DIGEST_OF_NOTHING, "yunnan.ngo.1", Position(1, 1), "ab" * 32)
    at_two = digest_add(DIGEST_OF_NOTHING, "yunnan.ngo.1", Position(1, 2), "ab" * 32)

    assert at_one != at_two
    assert len(at_one) == 64


@pytest.mark.parametrize(
    ("record_id", "home", "kind"),
    [
        ("yunnan.ngo.01J", "yunnan", "ngo"),
        ("yunnan.field.trip.01J", "yunnan", "field.trip"),
        ("yunnan", "yunnan", ""),
        ("", "", ""),
    ],
)
def test_an_id_names_its_home_and_kind(record_id: str, home: str, kind: str) -> None:
    """Everything before the first dot, and everything between the first and the last."""
    assert (home, kind) == (home_of(record_id), kind_of(record_id))
