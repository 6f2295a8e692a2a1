"""When something happened, in the notations that people use."""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime, tzinfo
from typing import Final

__all__ = ["moment_of"]

# 2026年3月1日 14:05, 2026/3/1, 2026.03.01 14h05
_YEAR_FIRST: Final = re.compile(
    r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})日?"
    r"(?:[T\s]*(\d{1,2})\s*[:h时點点]\s*(\d{1,2})?(?:[:分]\s*(\d{1,2}))?[分秒]?)?\s*"
)
# 01/03/2026 14:05, as it is written where neither year nor month comes first
_DAY_FIRST: Final = re.compile(
    r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})(?:[T\s]*(\d{1,2})[:h](\d{1,2})?(?::(\d{1,2}))?)?\s*"
)


def moment_of(text: str, zone: tzinfo) -> datetime:
    """The time that a text means, in `zone` where it does not say itself. A date is its midnight.

    `03/04/2026` is the third of April. Raises ValueError where it is no date.
    """
    plain = unicodedata.normalize("NFKC", text).strip()
    try:
        at = datetime.fromisoformat(plain)
        return at if at.tzinfo is not None else at.replace(tzinfo=zone)
    except ValueError:
        pass
    if found := _YEAR_FIRST.fullmatch(plain):
        year, month, day, *clock = found.groups()
    elif found := _DAY_FIRST.fullmatch(plain):
        day, month, year, *clock = found.groups()
    else:
        raise ValueError(f"{text!r} is not a date; write 2026-03-01 or 2026-03-01 14:05")
    hour, minute, second = (int(part or 0) for part in clock)
    return datetime(int(year), int(month), int(day), hour, minute, second, tzinfo=zone)
