"""Work in a process of its own, so that the service that asks for it goes on answering.

The process also bounds what hostile input can cost: memory and computing time; and a crash in it
ends nothing but this one piece of work. Bytes go through unnamed files on disk, which works alike
under eventlet, in threads and without either.

A module that is run like this reads standard input, calls `bound_this_process` before anything
else, and writes its answer to standard output.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Final

__all__ = ["NotDone", "bound_this_process", "done_apart"]

POLL_INTERVAL_S: Final = 0.02
PACKAGE_ROOT: Final = Path(__file__).parents[1]


class NotDone(Exception):
    """The process was ended, by its limits or by a fault of its own."""


@contextmanager
def done_apart(module: str, given: bytes, seconds_max: float) -> Iterator[IO[bytes]]:
    """What `python -m module` makes of `given`, to be read from its start. Raises NotDone."""
    with TemporaryFile() as standard_input, TemporaryFile() as made:
        standard_input.write(given)
        standard_input.seek(0)
        _run(module, standard_input, made, seconds_max)
        made.seek(0)
        yield made


def _run(module: str, given: IO[bytes], made: IO[bytes], seconds_max: float) -> None:
    path = os.pathsep.join(filter(None, (str(PACKAGE_ROOT), os.environ.get("PYTHONPATH"))))
    process = subprocess.Popen(
        [sys.executable, "-m", module],
        stdin=given,
        stdout=made,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": path},
    )
    deadline = time.monotonic() + seconds_max
    try:
        # Polled, because eventlet knows how to sleep but not how to wait for a process.
        while process.poll() is None:
            if time.monotonic() > deadline:
                raise NotDone(f"{module} took longer than {seconds_max:g} s")
            time.sleep(POLL_INTERVAL_S)
    finally:
        if process.returncode is None:
            process.kill()
            process.wait()
    if process.returncode:
        raise NotDone(f"{module} ended with {process.returncode}")


def bound_this_process(memory_bytes_max: int, seconds_max: int) -> None:
    """Limits of address space and of computing; no core is left of what goes beyond them."""
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes_max, memory_bytes_max))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds_max, seconds_max))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
