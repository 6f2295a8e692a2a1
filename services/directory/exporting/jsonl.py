"""JSON Lines: an NGO a line, with everything that is known of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, BinaryIO

import orjson

__all__ = ["write_jsonl"]


def write_jsonl(ngos: Iterable[Mapping[str, Any]], out: BinaryIO) -> int:
    """Returns how many were written."""
    count = 0
    for ngo in ngos:
        out.write(orjson.dumps(ngo, option=orjson.OPT_APPEND_NEWLINE))
        count += 1
    return count
