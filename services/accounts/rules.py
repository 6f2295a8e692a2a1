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

from hinterland.actors import Actor

__all__ = [
    "SECRET_BYTES",
    "KeyParts",
    "actor_of",
    "index",
    "key_id",
    "key_text",
    "proves",
    "read_key",
    "sum_of",
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


def actor_of(account: str, roles: Collection[str], role: str, node: str) -> Actor | None:
    """Who acts with a key of `role`; None once the account has lost that role."""
    return Actor(account, frozenset({role}), node) if role in roles else None


def index(kind: str, body: dict[str, Any]) -> dict[str, Any]:
    """The fields that queries.py searches by."""
    return {"account": body["account"]} if kind == "key" else {}
