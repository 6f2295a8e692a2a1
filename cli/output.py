"""How commands show what they found: JSON for programs, times for people."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final, TypeVar

import click
import orjson

from hinterland.clock import from_rfc3339

__all__ = ["ago", "print_json", "print_line", "shown_json"]

MINUTE_S: Final = 60
HOUR_S: Final = 3_600
DAY_S: Final = 86_400

F = TypeVar("F", bound=Callable[..., Any])


def shown_json(command: F) -> F:
    """Gives a command the option --json."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")(
        command
    )


def print_json(value: Any) -> None:
    print_line(orjson.dumps(value, option=orjson.OPT_INDENT_2))


def print_line(line: bytes) -> None:
    """One line on standard output, in UTF-8 whatever the terminal's locale is."""
    sys.stdout.buffer.write(line + b"\n")
    sys.stdout.flush()


def ago(moment: str | None, now: datetime) -> str:
    """How long ago an RFC 3339 time was, for people: `12 s ago`; `never` for None."""
    if moment is None:
        return "never"
    seconds = max(0, round((now - from_rfc3339(moment)).total_seconds()))
    for unit_s, unit in ((DAY_S, "d"), (HOUR_S, "h"), (MINUTE_S, "min")):
        if seconds >= 2 * unit_s:
            return f"{seconds // unit_s} {unit} ago"
    return f"{seconds} s ago"
