"""API keys and what they are worth: pure, no I/O, no clock, no randomness.

A key is `hk_<node>_<key id>_<secret>`. The id finds the record, the secret proves the right to it:
256 random bits, so a plain SHA-256 is enough to keep. Whoever reads the database cannot make a key
from it; whoever guesses learns nothing from a refusal, neither from its words nor from its time.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Collection
from typing import Any, Final, NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from hinterland.actors import Actor
from services.accounts.contract import AuthenticateDigest, digest_realm

__all__ = [
    "SEAL_NONCE_BYTES",
    "SEAL_PURPOSE",
    "SECRET_BYTES",
    "KeyParts",
    "actor_of",
    "digest_key_id",
    "digest_proves",
    "digest_secret",
    "index",
    "key_id",
    "key_text",
    "proves",
    "read_key",
    "seal",
    "sum_of",
    "unseal",
]

SECRET_BYTES: Final = 32
KEY: Final = re.compile(r"hk_([a-z][a-z0-9-]{1,30})_([0-9A-Z]{26})_([0-9a-f]{64})")
# What a secret is compared with where there is no such key: no secret has this sum.
NO_SUM: Final = "0" * 64


class KeyParts(NamedTuple):
    """A key's text, taken apart."""

    id: str
    secret: str


def key_text(record_id: str, secret: bytes) -> str:
    """The text to hand over, for the key whose record is `record_id`, `<node>.key.<ulid>`."""
    node, _, ulid = record_id.split(".", 2)
    return f"hk_{node}_{ulid}_{secret.hex()}"


def read_key(text: str) -> KeyParts | None:
    """The parts of a key, or None where it cannot be one."""
    match = KEY.fullmatch(text)
    return KeyParts(key_id(match[1], match[2]), match[3]) if match else None


def key_id(node: str, ulid: str) -> str:
    return f"{node}.key.{ulid}"


def sum_of(secret: str) -> str:
    """SHA-256 of a secret's hex digits, hex."""
    return hashlib.sha256(secret.encode()).hexdigest()


def proves(secret: str, kept_sum: str | None) -> bool:
    """Whether `secret` is the one that `kept_sum` was made of, in constant time; None is never."""
    return hmac.compare_digest(sum_of(secret), kept_sum or NO_SUM)


# HTTP Digest (RFC 2617), which phones use where there is no TLS. It cannot be checked with the sum
# of a secret: it takes the MD5 of name, realm and password, which is as good as the password for
# Digest, and for nothing else. So that is sealed with a secret that only the node's key makes, and
# whoever reads the database alone still cannot act for anybody.

SEAL_PURPOSE: Final = "digest"
SEAL_NONCE_BYTES: Final = 12
DIGEST_USER: Final = re.compile(r"hk_([a-z][a-z0-9-]{1,30})_([0-9A-Z]{26})")


def digest_secret(record_id: str, secret: bytes) -> str:
    """HA1 of a key: its name is its text without the secret, its password all of it."""
    text = key_text(record_id, secret)
    node = record_id.partition(".")[0]
    return _md5(text.rpartition("_")[0], digest_realm(node), text)


def digest_key_id(username: str) -> str | None:
    """The record's id that a name means, or None where it is no key's."""
    match = DIGEST_USER.fullmatch(username)
    return key_id(match[1], match[2]) if match else None


def digest_proves(ha1: str | None, params: AuthenticateDigest) -> bool:
    """Whether who answered like this knows the password, in constant time; None is never."""
    ha2 = _md5(params.method, params.uri)
    expected = _md5(ha1 or NO_SUM, params.nonce, params.nc, params.cnonce, "auth", ha2)
    return hmac.compare_digest(expected, params.response) and ha1 is not None


def _md5(*parts: str) -> str:
    return hashlib.md5(":".join(parts).encode(), usedforsecurity=False).hexdigest()


def seal(node_secret: str, record_id: str, text: str, nonce: bytes) -> str:
    """Hex that only who has `node_secret` can read, for this record alone."""
    key = hashlib.sha256(node_secret.encode()).digest()
    return (nonce + AESGCM(key).encrypt(nonce, text.encode(), record_id.encode())).hex()


def unseal(node_secret: str, record_id: str, sealed: str) -> str | None:
    """None where it was sealed for another record, or with another key of the node."""
    key = hashlib.sha256(node_secret.encode()).digest()
    content = bytes.fromhex(sealed)
    nonce, text = content[:SEAL_NONCE_BYTES], content[SEAL_NONCE_BYTES:]
    try:
        return AESGCM(key).decrypt(nonce, text, record_id.encode()).decode()
    except InvalidTag:
        return None


def actor_of(account: str, roles: Collection[str], role: str, node: str) -> Actor | None:
    """Who acts with a key of `role`; None once the account has lost that role."""
    return Actor(account, frozenset({role}), node) if role in roles else None


def index(kind: str, body: dict[str, Any]) -> dict[str, Any]:
    """The fields that queries.py searches by."""
    return {"account": body["account"]} if kind == "key" else {}
