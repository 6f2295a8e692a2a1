"""The batch format: consecutive entries of one feed, signed once. Pure; no I/O.

A batch is a small text, compressed with zstd, and stored, sent, relayed and carried as the same
header bytes for ever (`zstdcat` shows it):

1. the signature, base64 Ed25519, over `BATCH_PREFIX` and line 2;
2. the header, JSON;
3. one payload line for each entry, JSON; empty where the payload was elided and for an entry that
   has none (delete and erase).

The signature covers exact bytes, so nothing needs a canonical form. A payload hangs on its entry by
`sum`, the SHA-256 of its line, and can be blanked without breaking the chain.
"""

from __future__ import annotations

import binascii
import hashlib
import re
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import orjson
import zstandard

from hinterland.errors import HinterlandError

__all__ = [
    "BATCH_BYTES_MAX",
    "BATCH_ENTRIES_MAX",
    "BATCH_PREFIX",
    "DIGEST_OF_NOTHING",
    "ENTRY_BYTES_MAX",
    "ENTRY_DEPTH_MAX",
    "FRAME_BYTES_MAX",
    "BadBatch",
    "Batch",
    "Draft",
    "Entry",
    "Header",
    "NeedsUpgrade",
    "Payload",
    "Position",
    "decode",
    "digest_add",
    "digest_remove",
    "elide",
    "encode",
    "home_of",
    "kind_of",
    "pack",
    "payload_line",
    "read_newer",
    "read_payload",
    "seal",
]

FORMAT_VERSION: Final = 1
# The same for every version of the format, so that an older node can tell who wrote a newer batch.
BATCH_PREFIX: Final = b"hinterland batch\n"
BATCH_ENTRIES_MAX: Final = 500
BATCH_BYTES_MAX: Final = 1024 * 1024
ENTRY_BYTES_MAX: Final = 256 * 1024
ENTRY_DEPTH_MAX: Final = 32
# A frame that does not compress at all, with zstd's own headers.
FRAME_BYTES_MAX: Final = BATCH_BYTES_MAX + 64 * 1024
# Level 3 needs 2 MiB for a megabyte of input; a sender cannot make us reserve more.
WINDOW_BYTES_MAX: Final = 8 * 1024 * 1024
ZSTD_LEVEL: Final = 3
SALT_BYTES: Final = 16
# What a header adds to each payload line, for packing batches below their limit.
HEADER_ENTRY_BYTES: Final = 360
HEADER_FIXED_BYTES: Final = 1024
ENTRY_TEXT_MAX: Final = 200
DIGEST_MODULUS: Final = 1 << 256
DIGEST_OF_NOTHING: Final = "0" * 64
PUT: Final = "put"

FEED_PATTERN: Final = re.compile(r"[a-z][a-z0-9-]{1,30}/[a-z]{2,30}(/private)?")
HASH_PATTERN: Final = re.compile(r"[0-9a-f]{64}")


class BadBatch(HinterlandError):
    """The batch is not what its format says; it is dropped and asked for elsewhere."""

    code = "BAD_BATCH"


class NeedsUpgrade(HinterlandError):
    """The batch has a newer format. Upgrade this node to read the feed again."""

    code = "NEEDS_UPGRADE"


class Position(NamedTuple):
    """A place in a feed: numbers 1, 2, 3 … without gaps within an epoch."""

    epoch: int
    n: int

    def __str__(self) -> str:
        return f"{self.epoch}.{self.n}"


@dataclass(frozen=True, slots=True)
class Entry:
    """One numbered line of a feed, as the header has it. `sum` is empty for delete and erase."""

    id: str
    kind: str
    op: str
    at: str
    by: str | None
    sum: str


@dataclass(frozen=True, slots=True)
class Header:
    """What the signature covers, beside the exact bytes that it was read from."""

    federation: str
    key: str
    feed: str
    epoch: int
    first: int
    prev: str
    digest: str
    entries: tuple[Entry, ...]
    line: bytes

    @property
    def last(self) -> int:
        return self.first + len(self.entries) - 1

    @property
    def hash(self) -> str:
        """The chain hash: SHA-256 of the header line, hexadecimal."""
        return hashlib.sha256(self.line).hexdigest()

    @property
    def node(self) -> str:
        return self.feed.split("/", 1)[0]


@dataclass(frozen=True, slots=True)
class Batch:
    """A header with its signature (64 bytes) and, for each entry, the payload line or b""."""

    signature: bytes
    header: Header
    payloads: tuple[bytes, ...]

    @property
    def signed_bytes(self) -> bytes:
        return BATCH_PREFIX + self.header.line

    def missing(self) -> list[int]:
        """Numbers of the puts whose payload is elided here."""
        header = self.header
        return [
            header.first + i
            for i, (entry, line) in enumerate(zip(header.entries, self.payloads, strict=True))
            if entry.sum and not line
        ]


@dataclass(frozen=True, slots=True)
class Draft:
    """An entry that its home is about to write; `payload` is the whole line, or b""."""

    id: str
    kind: str
    op: str
    by: str | None
    payload: bytes

    @property
    def sum(self) -> str:
        return hashlib.sha256(self.payload).hexdigest() if self.payload else ""


@dataclass(frozen=True, slots=True)
class Payload:
    """A payload line, read: what a put says about its record."""

    id: str
    kind: str
    scope: str
    body: dict[str, Any]


def home_of(record_id: str) -> str:
    """The node that may write `record_id`; only the acceptance of entries looks inside an id."""
    return record_id.split(".", 1)[0]


def kind_of(record_id: str) -> str:
    """The kind that `record_id` names; empty if it names none."""
    return record_id.partition(".")[2].rpartition(".")[0]


def digest_add(digest: str, record_id: str, position: Position, payload_sum: str) -> str:
    return _shift(digest, record_id, position, payload_sum, 1)


def digest_remove(digest: str, record_id: str, position: Position, payload_sum: str) -> str:
    return _shift(digest, record_id, position, payload_sum, -1)


def _shift(digest: str, record_id: str, position: Position, payload_sum: str, sign: int) -> str:
    line = f"{record_id}\n{position}\n{payload_sum}".encode()
    part = int.from_bytes(hashlib.sha256(line).digest(), "big")
    return f"{(int(digest, 16) + sign * part) % DIGEST_MODULUS:064x}"


def payload_line(record_id: str, kind: str, scope: str, body: dict[str, Any], salt: bytes) -> bytes:
    """The line of a put. The salt keeps a hash in the header from confirming a guessed content.

    Raises BadBatch if the line exceeds `ENTRY_BYTES_MAX` or `ENTRY_DEPTH_MAX`.
    """
    if len(salt) < SALT_BYTES:
        raise ValueError(f"a salt has {SALT_BYTES} bytes")
    line = orjson.dumps(
        {
            "id": record_id,
            "kind": kind,
            "scope": scope,
            "body": body,
            "salt": b64encode(salt[:SALT_BYTES]).decode().rstrip("="),
        }
    )
    if len(line) > ENTRY_BYTES_MAX:
        raise BadBatch(
            f"The record has {len(line)} bytes; at most {ENTRY_BYTES_MAX} fit. Shorten its texts.",
            field="body",
        )
    _check_depth(body)
    return line


def read_payload(line: bytes) -> Payload:
    """Raises BadBatch if the line is no payload; knows nothing about kinds."""
    try:
        fields = orjson.loads(line)
        payload = Payload(fields["id"], fields["kind"], fields["scope"], fields["body"])
    except (orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise BadBatch("The payload is not a JSON object with id, kind, scope and body.") from error
    if not isinstance(payload.body, dict):
        raise BadBatch("The body of the payload is not a JSON object.")
    _check_depth(payload.body)
    return payload


def _check_depth(body: dict[str, Any]) -> None:
    level: list[Any] = [body]
    for _ in range(ENTRY_DEPTH_MAX):
        level = [
            child
            for value in level
            for child in (value.values() if isinstance(value, dict) else value)
            if isinstance(child, dict | list)
        ]
        if not level:
            return
    raise BadBatch(f"The body is nested deeper than {ENTRY_DEPTH_MAX} levels.", field="body")


def pack(drafts: Sequence[Draft]) -> list[list[Draft]]:
    """Split drafts, in order, into groups that each fit one batch."""
    groups: list[list[Draft]] = []
    room = 0
    for draft in drafts:
        size = len(draft.payload) + len(draft.id) + HEADER_ENTRY_BYTES
        if not groups or size > room or len(groups[-1]) == BATCH_ENTRIES_MAX:
            groups.append([])
            room = BATCH_BYTES_MAX - HEADER_FIXED_BYTES
        groups[-1].append(draft)
        room -= size
    return groups


def seal(
    drafts: Sequence[Draft],
    *,
    federation: str,
    key: str,
    feed: str,
    epoch: int,
    first: int,
    prev: str,
    digest: str,
    at: str,
    sign: Callable[[bytes], bytes],
) -> Batch:
    """Make one signed batch of drafts that `pack` put together; `digest` is the one after it."""
    line = orjson.dumps(
        {
            "v": FORMAT_VERSION,
            "federation": federation,
            "key": key,
            "feed": feed,
            "epoch": epoch,
            "first": first,
            "prev": prev,
            "digest": digest,
            "entries": [
                {"id": d.id, "kind": d.kind, "op": d.op, "at": at, "by": d.by, "sum": d.sum}
                for d in drafts
            ],
        }
    )
    header = _read_header(line)
    batch = Batch(sign(BATCH_PREFIX + line), header, tuple(d.payload for d in drafts))
    size = len(line) + sum(len(d.payload) + 1 for d in drafts)
    if size + HEADER_FIXED_BYTES // 2 > BATCH_BYTES_MAX:
        raise BadBatch(f"The batch has {size} bytes; at most {BATCH_BYTES_MAX} fit.")
    return batch


def elide(batch: Batch, numbers: Iterable[int]) -> Batch:
    """The same batch without the payloads of these numbers."""
    blank = {n - batch.header.first for n in numbers}
    payloads = tuple(b"" if i in blank else line for i, line in enumerate(batch.payloads))
    return Batch(batch.signature, batch.header, payloads)


def encode(batch: Batch) -> bytes:
    """The zstd frame of a batch, for the wire and the disk."""
    lines = (b64encode(batch.signature), batch.header.line, *batch.payloads, b"")
    return zstandard.ZstdCompressor(level=ZSTD_LEVEL).compress(b"\n".join(lines))


def decode(frame: bytes) -> Batch:
    """Read a frame, holding at most `BATCH_BYTES_MAX` of text, whatever it claims to hold.

    Does not check the signature, which needs a key (`hinterland.identity`). A payload that does not
    hash to its sum was changed on the way and counts as elided.

    Raises BadBatch if the frame is not a batch, NeedsUpgrade if its version is unknown.
    """
    if len(frame) > FRAME_BYTES_MAX:
        raise BadBatch(f"The frame has more than {FRAME_BYTES_MAX} bytes.")
    lines = _decompress(frame).split(b"\n")
    if len(lines) < 3 or lines[-1]:
        raise BadBatch("The text of the batch is incomplete.")
    try:
        signature = b64decode(lines[0], validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadBatch("The signature is not base64.") from error
    header = _read_header(lines[1])
    payloads = lines[2:-1]
    if len(payloads) != len(header.entries):
        raise BadBatch("The batch has another number of payload lines than entries.")
    return Batch(
        signature,
        header,
        tuple(
            line
            if line
            and hashlib.sha256(line).hexdigest() == entry.sum
            and len(line) <= ENTRY_BYTES_MAX
            else b""
            for line, entry in zip(payloads, header.entries, strict=True)
        ),
    )


def read_newer(frame: bytes) -> tuple[bytes, bytes, str]:
    """Signature, header line and claimed feed of a batch for which `decode` raised NeedsUpgrade."""
    signature, line = _decompress(frame).split(b"\n", 2)[:2]
    return b64decode(signature), line, str(orjson.loads(line).get("feed"))


def _decompress(frame: bytes) -> bytes:
    reader = zstandard.ZstdDecompressor(max_window_size=WINDOW_BYTES_MAX).stream_reader(frame)
    chunks: list[bytes] = []
    size = 0
    try:
        # Reads of one buffer each: a frame that expands for ever is left after the limit.
        while chunk := reader.read(64 * 1024):
            size += len(chunk)
            if size > BATCH_BYTES_MAX:
                raise BadBatch(f"The batch has more than {BATCH_BYTES_MAX} bytes of text.")
            chunks.append(chunk)
    except (zstandard.ZstdError, MemoryError) as error:
        raise BadBatch("The frame is not zstd.") from error
    return b"".join(chunks)


def _read_header(line: bytes) -> Header:
    try:
        fields = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise BadBatch("The header is not JSON.") from error
    if not isinstance(fields, dict):
        raise BadBatch("The header is not a JSON object.")
    version = fields.get("v")
    if type(version) is not int:
        raise BadBatch("The header has no version.", field="v")
    if version != FORMAT_VERSION:
        raise NeedsUpgrade(f"The batch has format {version}; this node reads {FORMAT_VERSION}.")
    entries = fields.get("entries")
    if not isinstance(entries, list) or not 1 <= len(entries) <= BATCH_ENTRIES_MAX:
        raise BadBatch(f"A batch has 1 to {BATCH_ENTRIES_MAX} entries.", field="entries")
    header = Header(
        federation=_text(fields, "federation"),
        key=_text(fields, "key"),
        feed=_text(fields, "feed"),
        epoch=_count(fields, "epoch"),
        first=_count(fields, "first"),
        prev=_text(fields, "prev"),
        digest=_text(fields, "digest"),
        entries=tuple(_read_entry(entry) for entry in entries),
        line=line,
    )
    if not FEED_PATTERN.fullmatch(header.feed):
        raise BadBatch("The feed's name is not <node>/<service>.", field="feed")
    if not HASH_PATTERN.fullmatch(header.digest):
        raise BadBatch("The digest is not 64 hexadecimal digits.", field="digest")
    if not HASH_PATTERN.fullmatch(header.prev) and not (header.first == 1 and not header.prev):
        raise BadBatch("The previous hash is not 64 hexadecimal digits.", field="prev")
    return header


def _read_entry(fields: Any) -> Entry:
    if not isinstance(fields, dict):
        raise BadBatch("An entry is not a JSON object.", field="entries")
    by = fields.get("by")
    if by is not None and (not isinstance(by, str) or len(by) > ENTRY_TEXT_MAX):
        raise BadBatch("An entry's account is not a short text.", field="by")
    entry = Entry(
        id=_text(fields, "id"),
        kind=_text(fields, "kind"),
        op=_text(fields, "op"),
        at=_text(fields, "at"),
        by=by,
        sum=_text(fields, "sum"),
    )
    if entry.sum and not HASH_PATTERN.fullmatch(entry.sum):
        raise BadBatch("An entry's sum is not 64 hexadecimal digits.", field="sum")
    return entry


def _text(fields: dict[str, Any], name: str) -> str:
    value = fields.get(name)
    if not isinstance(value, str) or len(value) > ENTRY_TEXT_MAX:
        raise BadBatch(f"Not a text of at most {ENTRY_TEXT_MAX} characters.", field=name)
    return value


def _count(fields: dict[str, Any], name: str) -> int:
    value = fields.get(name)
    if type(value) is not int or not 1 <= value < 1 << 53:
        raise BadBatch("Not a whole number from 1.", field=name)
    return value
