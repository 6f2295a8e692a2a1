"""What nodes say to each other beside batches: heads, wants and gives, each signed by its sender.

A message is two lines, the signature (base64 Ed25519 over `MESSAGE_PREFIX` and line 2) and a JSON
object; a give has bytes after them, whole batches one after the other, that its line names by size
and hash. A relay can neither change a message nor say it in another's name.
"""

from __future__ import annotations

import binascii
import hashlib
import re
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from hinterland.batch import FEED_PATTERN, FRAME_BYTES_MAX, HASH_PATTERN
from hinterland.errors import HinterlandError
from hinterland.identity import NODE_ID

__all__ = [
    "BUDGET_BYTES_MAX",
    "BUDGET_BYTES_START",
    "FILE_MESSAGES",
    "GIVE_BYTES_MAX",
    "HOLES_ASKED_MAX",
    "TABLE_LINES_MAX",
    "BadMessage",
    "Line",
    "Message",
    "Verify",
    "open_message",
    "rest_hash",
    "split_batches",
    "write_message",
]

MESSAGE_VERSION: Final = 1
MESSAGE_PREFIX: Final = b"hinterland message v1\n"
LINE_BYTES_MAX: Final = 256 * 1024
BUDGET_BYTES_START: Final = 128 * 1024
BUDGET_BYTES_MAX: Final = 4 * 1024 * 1024
# A budget is reached, not kept: the last batch may go over it.
GIVE_BYTES_MAX: Final = BUDGET_BYTES_MAX + FRAME_BYTES_MAX
GIVE_BATCHES_MAX: Final = 10_000
TABLE_LINES_MAX: Final = 200
HOLES_ASKED_MAX: Final = 200

Verify = Callable[[str, bytes, bytes], bool]
"""`verify(public key, signature, message)`: `hinterland.identity.verify`, but in a simulation."""

# About the files of a service's records: `hinterland.files.exchange` says and takes these.
FILE_MESSAGES: Final = ("want-file", "give-file")
SIGNATURE_LINE: Final = re.compile(rb"[A-Za-z0-9+/]{86}==")


class BadMessage(HinterlandError):
    """The message is not what the protocol says; it is dropped and counted."""

    code = "BAD_MESSAGE"


@dataclass(frozen=True, slots=True)
class Line:
    """What a node says that it holds of a feed. A claim: it decides whom to ask, not what is so."""

    feed: str
    epoch: int
    n: int
    hash: str
    digest: str
    holes: int = 0

    def to_wire(self) -> list[Any]:
        return [self.feed, self.epoch, self.n, self.hash, self.digest, self.holes]

    @classmethod
    def from_wire(cls, wire: Any) -> Line:
        """Raises BadMessage."""
        match wire:
            case [str(feed), int(epoch), int(n), str(hash_), str(digest), int(holes)] if (
                FEED_PATTERN.fullmatch(feed)
                and 0 < epoch < 1 << 53
                and 0 <= n < 1 << 53
                and HASH_PATTERN.fullmatch(digest)
                and (HASH_PATTERN.fullmatch(hash_) or (n == 0 and not hash_))
                and 0 <= holes < 1 << 53
            ):
                return cls(feed, epoch, n, hash_, digest, holes)
        raise BadMessage("A line of a table is not [feed, epoch, n, hash, digest, holes].")


@dataclass(frozen=True, slots=True)
class Message:
    """A message whose signature is still to be checked: `fields` is line 2, `rest` what follows."""

    signature: bytes
    line: bytes
    fields: dict[str, Any]
    rest: bytes

    @property
    def type(self) -> str:
        return str(self.fields.get("type"))

    @property
    def sender(self) -> str:
        return str(self.fields["from"])

    def signed_by(self, public: str, verify: Verify) -> bool:
        return verify(public, self.signature, MESSAGE_PREFIX + self.line)

    def count(self, name: str, most: int) -> int:
        """A whole number of the message, at least 0. Raises BadMessage beyond `most`."""
        value = self.fields.get(name)
        if type(value) is not int or not 0 <= value <= most:
            raise BadMessage(f"Not a whole number from 0 to {most}.", field=name)
        return value

    def text(self, name: str, pattern: re.Pattern[str]) -> str:
        value = self.fields.get(name)
        if not isinstance(value, str) or not pattern.fullmatch(value):
            raise BadMessage(f"Not of the form {pattern.pattern}.", field=name)
        return value

    def lines(self, name: str) -> list[Line]:
        value = self.fields.get(name)
        if not isinstance(value, list) or len(value) > TABLE_LINES_MAX:
            raise BadMessage(f"Not a list of at most {TABLE_LINES_MAX} lines.", field=name)
        return [Line.from_wire(line) for line in value]

    def numbers(self, name: str) -> list[int]:
        value = self.fields.get(name, [])
        if (
            not isinstance(value, list)
            or len(value) > HOLES_ASKED_MAX
            or not all(type(n) is int and 0 < n < 1 << 53 for n in value)
        ):
            raise BadMessage(f"Not a list of at most {HOLES_ASKED_MAX} positions.", field=name)
        return value


def write_message(
    fields: dict[str, Any], sign: Callable[[bytes], bytes], frames: Sequence[bytes] = ()
) -> bytes:
    """Sign `fields` (type, from, federation, service …) and, with a give, the batches after it."""
    rest = b"".join(frames)
    if frames:
        fields = fields | {
            "sizes": [len(frame) for frame in frames],
            "sum": hashlib.sha256(rest).hexdigest(),
        }
    line = orjson.dumps({"v": MESSAGE_VERSION, **fields})
    return b64encode(sign(MESSAGE_PREFIX + line)) + b"\n" + line + b"\n" + rest


def open_message(body: bytes) -> Message:
    """Read a message and check its form, not its signature. Raises BadMessage."""
    if len(body) > GIVE_BYTES_MAX + LINE_BYTES_MAX:
        raise BadMessage("The message is larger than any that is allowed.")
    first, newline, after = body.partition(b"\n")
    if not newline or not SIGNATURE_LINE.fullmatch(first):
        raise BadMessage("The message does not begin with a signature.")
    end = after.find(b"\n", 0, LINE_BYTES_MAX)
    if end < 0:
        raise BadMessage("The message has no second line, or a very long one.")
    line, rest = after[:end], after[end + 1 :]
    try:
        fields = orjson.loads(line)
        signature = b64decode(first, validate=True)
    except (orjson.JSONDecodeError, binascii.Error) as error:
        raise BadMessage("The second line is not JSON.") from error
    if not isinstance(fields, dict) or fields.get("v") != MESSAGE_VERSION:
        raise BadMessage("The message is of a version that this node does not know.", field="v")
    message = Message(signature, line, fields, rest)
    message.text("from", NODE_ID)
    return message


def split_batches(message: Message) -> list[bytes]:
    """The frames of a give. Raises BadMessage where they are not what its line says."""
    sizes = message.fields.get("sizes", [])
    if (
        not isinstance(sizes, list)
        or len(sizes) > GIVE_BATCHES_MAX
        or not all(type(size) is int and 0 < size <= FRAME_BYTES_MAX for size in sizes)
        or sum(sizes) != len(message.rest)
    ):
        raise BadMessage("The sizes are not those of the batches.", field="sizes")
    if sizes and hashlib.sha256(message.rest).hexdigest() != message.fields.get("sum"):
        raise BadMessage("The batches are not those that were signed.", field="sum")
    frames = []
    start = 0
    for size in sizes:
        frames.append(message.rest[start : start + size])
        start += size
    return frames


def rest_hash(lines: Iterable[Line], without: str) -> str:
    """One hash of everything in a table but the feeds of the node `without`."""
    text = "\n".join(
        f"{line.feed} {line.epoch} {line.n} {line.digest} {line.holes}"
        for line in sorted(lines, key=lambda line: line.feed)
        if not line.feed.startswith(f"{without}/")
    )
    return hashlib.sha256(text.encode()).hexdigest()
