"""`python -m gateway --dir DIR`: the gateway of the node in this folder."""

from __future__ import annotations

import argparse
import logging
import sys
from pathlib import Path

import uvloop

from gateway.listeners import serve
from hinterland.config import Settings
from hinterland.errors import HinterlandError


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
    uvloop.run(serve(settings))
    return 0


if __name__ == "__main__":
    sys.exit(main())
