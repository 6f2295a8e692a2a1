"""Time and identifiers: arguments to whatever decides something, so that tests own them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

__all__ = ["Clock", "from_rfc3339", "from_us", "new_ulid", "rfc3339", "system_clock", "to_us"]

Clock = Callable[[], datetime]

# Crockford's base 32, as the ULID specification has it (github.com/ulid/spec).
ULID_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
ULID_RANDOM_BYTES: Final = 10


def system_clock() -> datetime:
    return datetime.now(UTC)


def to_us(moment: datetime) -> int:
    """Microseconds since 1970-01-01T00:00:00Z."""
    return round(moment.timestamp() * 1_000_000)


def from_us(us: int) -> datetime:
    return datetime.fromtimestamp(us / 1_000_000, UTC)


def rfc3339(moment: datetime) -> str:
    """`2026-01-31T08:05:00.123Z`: UTC, milliseconds (the precision that MongoDB keeps)."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def from_rfc3339(text: str) -> datetime:
    """Raises ValueError unless `text` is an RFC 3339 time with an offset."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no UTC offset; write for instance 2026-01-31T08:05:00Z")
    return moment.astimezone(UTC)


def new_ulid(moment: datetime, random: bytes) -> str:
    """A ULID of `moment` (ms) and at least ten bytes of `random`; sorts by time as text."""
    if len(random) < ULID_RANDOM_BYTES:
        raise ValueError(f"a ULID needs {ULID_RANDOM_BYTES} random bytes")
    ms = to_us(moment) // 1000
    value = (ms << 80) | int.from_bytes(random[:ULID_RANDOM_BYTES], "big")
    return "".join(ULID_ALPHABET[(value >> shift) & 31] for shift in range(125, -1, -5))
