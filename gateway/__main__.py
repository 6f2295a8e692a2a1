"""`python -m gateway --dir DIR`: the gateway of the node in this folder."""

from __future__ import annotations

import argparse
import logging
import resource
import sys
from pathlib import Path
from typing import Final

import uvloop

from gateway import limits
from gateway.listeners import serve
from hinterland.config import Settings
from hinterland.errors import HinterlandError

FILES_BESIDE_MAX: Final = 100  # that are open besides the callers' connections


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m gateway", description=__doc__)
    parser.add_argument("--dir", type=Path, required=True, help="the node's folder")
    arguments = parser.parse_args()
    try:
        settings = Settings.load(arguments.dir)
    except HinterlandError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    logging.basicConfig(
        level=settings.log_level, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    # pika tells of every step of every connection.
    logging.getLogger("pika").setLevel(logging.ERROR)
    allow_connections()
    uvloop.run(serve(settings))
    return 0


def allow_connections() -> None:
    """A connection is an open file, of which a process may have 1,024 unless it asks for more."""
    wanted = limits.CONNECTIONS_MAX + limits.DOOR_CONNECTIONS_MAX + FILES_BESIDE_MAX
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


if __name__ == "__main__":
    sys.exit(main())
