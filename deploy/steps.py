"""What a person sees while something starts: a line for each step, with the time that it took."""

from __future__ import annotations

import io
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console

__all__ = ["Steps", "print_what_can_be_printed"]


def print_what_can_be_printed() -> None:
    """From now on a sign that the terminal's encoding lacks is printed as `?`, and is no error."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


class Steps:
    """Writes to a terminal with a spinner, to a file with plain lines."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def say(self, line: str) -> None:
        self._console.print(line, highlight=False, markup=False, soft_wrap=True)

    @contextmanager
    def step(self, doing: str) -> Iterator[None]:
        """A line for what happens inside; it stays without its time if that fails."""
        began = time.monotonic()
        with self._console.status(doing):
            yield
        self.say(f"{doing} … {time.monotonic() - began:.1f} s")
