"""`make bench`: every bench, one after the other, each with the alternative in the same run."""

from __future__ import annotations

import subprocess
import sys
from typing import Final

# Each in a process of its own, so that none finds another's connections, threads or caches.
BENCHES: Final = {
    "bench.replicate": "Append and replicate, and what it costs on the wire",
    "bench.directory": "Search, lists and summaries",
    "bench.importing": "An untidy file of NGOs",
    "bench.map": "Reports, tiles and exports of the map",
    "bench.rpc": "A call to a service",
    "bench.graphql": "GraphQL through RabbitMQ",
}


def main() -> int:
    failed = 0
    for module, title in BENCHES.items():
        print(f"\n{title}", flush=True)  # noqa: T201  # a bench prints
        failed += subprocess.run([sys.executable, "-m", module], check=False).returncode != 0
    return failed


if __name__ == "__main__":
    sys.exit(main())
