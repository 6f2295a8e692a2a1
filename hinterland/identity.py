"""Who a node is, and whom it believes: keys, the root statement, and membership.

Three things hang on each other. A federation's *root key*, kept offline, signs one statement: which
node coordinates. The coordinator's `federation` feed says who is a member, with which key. A
member's key signs his feeds. So whoever holds the root's public key can check everything else,
whichever way it came.

Everything here is a value; only `NodeKey.load` and `NodeKey.save` touch a file.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, NamedTuple, Self

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from hinterland.errors import HinterlandError

__all__ = [
    "FEDERATION_SERVICE",
    "NODE_ID",
    "REGION",
    "BadRootStatement",
    "BadSigningKey",
    "Cutoff",
    "KeyExposed",
    "Member",
    "Membership",
    "NodeKey",
    "RootStatement",
    "Verdict",
    "federation_id",
    "federation_name",
    "is_public_key",
    "verify",
]

NODE_ID: Final = re.compile(r"[a-z][a-z0-9-]{1,30}")
REGION: Final = re.compile(r"[A-Z]{2}(-[A-Z0-9]{1,3})?")  # ISO 3166-1 alpha-2 or ISO 3166-2
FEDERATION_SERVICE: Final = "federation"

KEY_FILE_BYTES_MAX: Final = 4096
PUBLIC_KEY_BYTES: Final = 32
PARSED_KEYS_MAX: Final = 1024
NAME_CHARS_MAX: Final = 31
FINGERPRINT_HEX: Final = 16
SECRET_BYTES: Final = 24
SECRET_PURPOSE: Final = "hinterland secret v1"
STATEMENT_BYTES_MAX: Final = 4096
STATEMENT_VERSION: Final = 1
STATEMENT_PREFIX: Final = b"hinterland root statement v1\n"


class BadSigningKey(HinterlandError):
    """The file holds no Ed25519 private key in PEM. Restore it from the node folder's backup."""

    code = "BAD_SIGNING_KEY"


class KeyExposed(HinterlandError):
    """Others on this machine can read the private key. Run `chmod 600` on the file."""

    code = "KEY_EXPOSED"


class BadRootStatement(HinterlandError):
    """The root statement is not signed by the federation's root key. Ask the coordinator again."""

    code = "BAD_ROOT_STATEMENT"


@dataclass(frozen=True, slots=True)
class NodeKey:
    """An Ed25519 private key (RFC 8032): a node's own, or a federation's root."""

    _private: Ed25519PrivateKey = field(repr=False)

    @classmethod
    def generate(cls) -> Self:
        return cls(Ed25519PrivateKey.generate())

    @classmethod
    def load(cls, path: Path) -> Self:
        """Raises OSError, KeyExposed or BadSigningKey."""
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_mode & 0o077:
                raise KeyExposed(f"Others can read {path}. Run: chmod 600 {path}")
            return cls.from_pem(file.read(KEY_FILE_BYTES_MAX))

    @classmethod
    def from_pem(cls, pem: bytes) -> Self:
        try:
            private = load_pem_private_key(pem, password=None)
        except (ValueError, TypeError) as error:
            raise BadSigningKey() from error
        if not isinstance(private, Ed25519PrivateKey):
            raise BadSigningKey()
        return cls(private)

    def to_pem(self) -> bytes:
        """PKCS #8, unencrypted, as `openssl pkey` reads it."""
        return self._private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    def save(self, path: Path) -> None:
        """Writes a new file that its owner alone can read; never overwrites: FileExistsError."""
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(self.to_pem())
            file.flush()
            os.fsync(file.fileno())

    @property
    def public(self) -> str:
        """Base64 of the 32 raw bytes of the public key."""
        return base64.b64encode(self._private.public_key().public_bytes_raw()).decode()

    def sign(self, message: bytes) -> bytes:
        """64 bytes. What is signed begins with a prefix that says what it is."""
        return self._private.sign(message)

    def secret(self, *purpose: str) -> str:
        """A secret that only this key can make, and makes again: 32 URL-safe characters, 192 bits.

        By HKDF-SHA256 (RFC 5869); what need not be kept cannot be read by who should not.
        """
        info = "\n".join((SECRET_PURPOSE, *purpose)).encode()
        derive = HKDF(SHA256(), SECRET_BYTES, salt=None, info=info)
        return base64.urlsafe_b64encode(derive.derive(self._private.private_bytes_raw())).decode()


def verify(public: str, signature: bytes, message: bytes) -> bool:
    """Whether the holder of `public` signed exactly these bytes; False for a broken key."""
    key = _parse_public(public)
    if key is None:
        return False
    try:
        key.verify(signature, message)
    except InvalidSignature:
        return False
    return True


@lru_cache(maxsize=PARSED_KEYS_MAX)
def _parse_public(public: str) -> Ed25519PublicKey | None:
    try:
        raw = base64.b64decode(public, validate=True)
        return Ed25519PublicKey.from_public_bytes(raw)
    except ValueError:
        return None


def is_public_key(text: str) -> bool:
    """Whether `text` is a public key as `NodeKey.public` writes it, and in no other spelling."""
    try:
        raw = base64.b64decode(text, validate=True)
    except ValueError:
        return False
    return len(raw) == PUBLIC_KEY_BYTES and base64.b64encode(raw).decode() == text


def federation_name(title: str) -> str:
    """The first part of a federation's id, out of its title for people: `Hinterland demo` makes
    `hinterland-demo`; of a title without Latin letters nothing is left but `federation`."""
    words = re.findall(r"[a-z0-9]+", title.lower())
    name = "-".join(words)[:NAME_CHARS_MAX].rstrip("-")
    return name if NODE_ID.fullmatch(name) else FEDERATION_SERVICE


def federation_id(name: str, root_public: str) -> str:
    """`<name>-<first 16 hex of SHA-256 of the root public key>`: no other key can claim it."""
    digest = hashlib.sha256(base64.b64decode(root_public, validate=True)).hexdigest()
    return f"{name}-{digest[:FINGERPRINT_HEX]}"


class Cutoff(NamedTuple):
    """The last position of a feed that counts. `hash` is the chain hash at (epoch, n), in hex."""

    epoch: int
    n: int
    hash: str


class Verdict(StrEnum):
    """What membership says about a position of a feed."""

    OK = "ok"
    UNKNOWN_WRITER = "unknown writer"
    BEYOND_EXPULSION = "beyond expulsion"


@dataclass(frozen=True, slots=True)
class RootStatement:
    """What the root key signs: who coordinates. Text form: two lines, signature and JSON.

    A statement with a higher `serial` replaces one with a lower: that is how the root key rules
    when a coordinator is lost or its feed is forked; `membership_from` then says up to where the
    coordinator's former feed counts.
    """

    federation: str
    root: str
    coordinator: str
    key: str
    serial: int
    issued_at: str
    membership_from: Cutoff | None = None
    text: str = field(default="", compare=False, repr=False)

    @classmethod
    def issue(
        cls,
        root_key: NodeKey,
        *,
        name: str,
        coordinator: str,
        key: str,
        issued_at: str,
        serial: int = 1,
    ) -> Self:
        """`name` is the first part of the federation id, `issued_at` an RFC 3339 time."""
        content = {
            "v": STATEMENT_VERSION,
            "federation": federation_id(name, root_key.public),
            "root": root_key.public,
            "coordinator": coordinator,
            "key": key,
            "serial": serial,
            "issued_at": issued_at,
            "membership_from": None,
        }
        line = orjson.dumps(content)
        signature = base64.b64encode(root_key.sign(STATEMENT_PREFIX + line))
        return cls.read((signature + b"\n" + line + b"\n").decode())

    @classmethod
    def read(cls, text: str) -> Self:
        """Checks the signature and that the root key is the one in the federation's id.

        Whether it is *the* federation is the caller's to ask: compare `federation` with the id
        that you were given. Raises BadRootStatement.
        """
        if len(text) > STATEMENT_BYTES_MAX:
            raise BadRootStatement()
        try:
            signature_line, line = text.encode().rstrip(b"\n").split(b"\n")
            signature = base64.b64decode(signature_line, validate=True)
            statement = cls._from_content(orjson.loads(line), text)
            name, _, _ = statement.federation.rpartition("-")
            expected = federation_id(name, statement.root)
        except (ValueError, KeyError, TypeError, binascii.Error) as error:
            raise BadRootStatement() from error
        if statement.federation != expected:
            raise BadRootStatement()
        if not verify(statement.root, signature, STATEMENT_PREFIX + line):
            raise BadRootStatement()
        return statement

    @classmethod
    def _from_content(cls, content: Mapping[str, Any], text: str) -> Self:
        if content["v"] != STATEMENT_VERSION:
            raise ValueError("made by a newer Hinterland")
        cutoff = content.get("membership_from")
        return cls(
            federation=str(content["federation"]),
            root=str(content["root"]),
            coordinator=str(content["coordinator"]),
            key=str(content["key"]),
            serial=int(content["serial"]),
            issued_at=str(content["issued_at"]),
            membership_from=Cutoff(*cutoff) if cutoff else None,
            text=text,
        )


@dataclass(frozen=True, slots=True)
class Member:
    """A node of the federation, as the coordinator wrote it down.

    `expelled` is None for a member in good standing, else the last position that counts of each of
    his feeds; a feed that it does not name does not count at all. `successor` may write the ids of
    this retired home from the positions in `succeeded_from`; `former_keys` are
    `{"key": …, "until": {feed: [epoch, n, hash]}}`. `unknown` holds the fields of newer nodes.
    """

    node: str
    region: str
    name: str
    key: str
    joined_at: str
    expelled: Mapping[str, Cutoff] | None = None
    successor: str | None = None
    succeeded_from: Mapping[str, Cutoff] = field(default_factory=dict)
    former_keys: tuple[Mapping[str, Any], ...] = ()
    unknown: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def from_dict(cls, body: Mapping[str, Any]) -> Self:
        """Raises KeyError, TypeError or ValueError where the body is not a member's."""
        known = {name for name in cls.__dataclass_fields__ if name != "unknown"}
        expelled = body.get("expelled")
        return cls(
            node=str(body["node"]),
            region=str(body["region"]),
            name=str(body["name"]),
            key=str(body["key"]),
            joined_at=str(body["joined_at"]),
            expelled=None if expelled is None else _cutoffs(expelled),
            successor=body.get("successor"),
            succeeded_from=_cutoffs(body.get("succeeded_from") or {}),
            former_keys=tuple(body.get("former_keys") or ()),
            unknown={name: value for name, value in body.items() if name not in known},
        )

    def to_dict(self) -> dict[str, Any]:
        return {
            **self.unknown,
            "node": self.node,
            "region": self.region,
            "name": self.name,
            "key": self.key,
            "joined_at": self.joined_at,
            "expelled": None if self.expelled is None else _lists(self.expelled),
            "successor": self.successor,
            "succeeded_from": _lists(self.succeeded_from),
            "former_keys": [dict(former) for former in self.former_keys],
        }


def _cutoffs(positions: Mapping[str, Any]) -> dict[str, Cutoff]:
    return {feed: Cutoff(int(p[0]), int(p[1]), str(p[2])) for feed, p in positions.items()}


def _lists(positions: Mapping[str, Cutoff]) -> dict[str, list[Any]]:
    return {feed: list(cutoff) for feed, cutoff in positions.items()}


@dataclass(frozen=True, slots=True)
class Membership:
    """Who belongs to the federation, with which key, up to which position. Never changes: a later
    state is another Membership.
    """

    federation: str
    coordinator: str
    members: Mapping[str, Member]

    @classmethod
    def under(cls, statement: RootStatement, members: Iterable[Member] = ()) -> Self:
        """The membership that the records of the coordinator's feed make.

        The statement outranks the records: it gives the coordinator's key, and no record can expel
        him. With no records yet it is the coordinator alone, which is enough to follow his feed.
        """
        by_node = {member.node: member for member in members}
        recorded = by_node.get(statement.coordinator)
        by_node[statement.coordinator] = Member(
            node=statement.coordinator,
            region=recorded.region if recorded else "",
            name=recorded.name if recorded else statement.coordinator,
            key=statement.key,
            joined_at=recorded.joined_at if recorded else statement.issued_at,
            unknown=recorded.unknown if recorded else {},
        )
        return cls(statement.federation, statement.coordinator, by_node)

    @property
    def feed(self) -> str:
        """The feed that the membership is read from."""
        return f"{self.coordinator}/{FEDERATION_SERVICE}"

    def key_of(self, node: str) -> str | None:
        """The key that signs this node's feeds; an expelled one's too, for what it wrote before."""
        member = self.members.get(node)
        return member.key if member else None

    def is_member(self, node: str) -> bool:
        """Whether the node is one of us today: may ask, and is answered."""
        member = self.members.get(node)
        return member is not None and member.expelled is None

    def accepts(self, feed: str, epoch: int, n: int, hash: str) -> Verdict:
        """Whether the state of `feed` at (epoch, n), with this chain hash, counts here.

        For a batch give its last number and its own hash: an expulsion falls between batches.
        """
        member = self.members.get(feed.partition("/")[0])
        if member is None:
            return Verdict.UNKNOWN_WRITER
        if member.expelled is None:
            return Verdict.OK
        cutoff = member.expelled.get(feed)
        if cutoff is None or (epoch, n) > cutoff[:2]:
            return Verdict.BEYOND_EXPULSION
        if (epoch, n) == cutoff[:2] and hash != cutoff.hash:
            return Verdict.BEYOND_EXPULSION
        return Verdict.OK

    def to_dict(self) -> dict[str, Any]:
        """JSON values, for RPC and for keeping it on disk; `from_dict` reads it back."""
        return {
            "federation": self.federation,
            "coordinator": self.coordinator,
            "members": [self.members[node].to_dict() for node in sorted(self.members)],
        }

    @classmethod
    def from_dict(cls, body: Mapping[str, Any]) -> Self:
        members = map(Member.from_dict, body["members"])
        return cls(
            federation=str(body["federation"]),
            coordinator=str(body["coordinator"]),
            members={member.node: member for member in members},
        )
