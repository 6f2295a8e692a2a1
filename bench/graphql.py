"""GraphQL over HTTP, through RabbitMQ to the directory and back: requests per second.

A list of 50 NGOs and a single one, with each of the gateway's three steps added: documents parsed
and validated once, operations compiled, whole responses kept. All processes share this machine, so
what counts is the gateway's own CPU time for a request, and its ratio to the line above. At the
end: how long a kept answer stays behind a commit that came another way.
"""

from __future__ import annotations

import asyncio
import multiprocessing as mp
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from multiprocessing.process import BaseProcess
from pathlib import Path
from statistics import median
from time import monotonic
from typing import Any, Final, NamedTuple

import httpx
import orjson
import uvloop

from bench.ground import ground
from bench.node import OPERATOR, PATIENCE_S, directory, make_node
from cli.rpc import Caller
from gateway.app import Steps
from gateway.listeners import serve
from hinterland.config import Settings
from hinterland.ground import free_ports
from hinterland.ground.process import poll

__all__ = ["main"]

NGOS: Final = 200
CONNECTIONS: Final = 16
ROUNDS: Final = 5
ROUND_S: Final = 1.0
COMMITS: Final = 50

ALL: Final = "+ responses kept"
STEPS: Final[Mapping[str, Steps]] = {
    "graphql-core alone": Steps(documents=False, compiled=False, responses=False),
    "+ documents read once": Steps(documents=True, compiled=False, responses=False),
    "+ operations compiled": Steps(documents=True, compiled=True, responses=False),
    ALL: Steps(),
}
LIST: Final = """
query List($first: Int!) {
  ngos(first: $first, region: "CN-YN") {
    nodes {
      id version home name(languages: ["zh"]) city region address founded website phones
      causes { code label(languages: ["zh"]) } location { lat lng } verification { state }
    }
    pageInfo { hasNextPage endCursor }
  }
}
"""
ONE: Final = "query One($id: ID!) { ngo(id: $id) { id version name city causes { code } } }"


class Running(NamedTuple):
    """A gateway with some of the steps, on a port of its own."""

    port: int
    process: BaseProcess


class Measured(NamedTuple):
    per_s: float
    cpu_us: float  # of the gateway's process, for one request


def main() -> None:
    with ground() as servers, ExitStack() as stack:
        settings = make_node(servers)
        caller = stack.enter_context(closing(Caller(settings.amqp_uri, settings.dir)))
        stack.enter_context(directory(settings, caller))
        ids = fill(caller)
        gateways = {
            name: stack.enter_context(gateway(settings, steps)) for name, steps in STEPS.items()
        }
        for what, request in (
            ("list of 50", question(LIST, {"first": 50})),
            ("one", question(ONE, {"id": ids[0]})),
        ):
            report(what, compare(gateways, request))
        behind_ms = staleness(gateways[ALL].port, caller)
        sys.stdout.write(f"a kept answer stays behind a commit for {behind_ms:.1f} ms\n")


def compare(gateways: Mapping[str, Running], request: bytes) -> dict[str, Measured]:
    """All of them in turn, several times, so that a busy minute hits all alike."""
    rounds: dict[str, list[Measured]] = {name: [] for name in gateways}
    for _ in range(ROUNDS):
        for name, running in gateways.items():
            rounds[name].append(uvloop.run(load(running, request)))
    return {
        name: Measured(*(median(column) for column in zip(*measured, strict=True)))
        for name, measured in rounds.items()
    }


def report(what: str, measured: Mapping[str, Measured]) -> None:
    first = before = next(iter(measured.values()))
    for name, now in measured.items():
        sys.stdout.write(
            f"{what + ', ' + name:<36}{now.per_s:7.0f} requests/s{now.cpu_us:8.0f} µs of CPU"
            f"   ×{before.cpu_us / now.cpu_us:.1f}, in all ×{first.cpu_us / now.cpu_us:.1f}\n"
        )
        before = now


@contextmanager
def gateway(settings: Settings, steps: Steps) -> Iterator[Running]:
    port, door_port = free_ports(2)
    process = mp.get_context("spawn").Process(
        target=run_gateway, args=(settings.dir, port, door_port, steps), daemon=True
    )
    process.start()
    try:
        wait_until_ready(port, process)
        yield Running(port, process)
    finally:
        process.terminate()
        process.join()


def run_gateway(folder: Path, port: int, door_port: int, steps: Steps) -> None:
    ports = {"gateway_port": port, "door_port": door_port}
    uvloop.run(serve(Settings.load(folder).model_copy(update=ports), steps))


def wait_until_ready(port: int, process: BaseProcess) -> None:
    def ready() -> bool:
        try:
            answer = httpx.get(f"http://127.0.0.1:{port}/readyz", timeout=PATIENCE_S)
        except httpx.TransportError:
            return False
        return answer.status_code == httpx.codes.OK

    poll(ready, process.is_alive, "the gateway", PATIENCE_S)


def fill(caller: Caller) -> list[str]:
    """Registers NGOs; returns their ids."""
    rows = [
        {
            "row": number + 1,
            "ngo": {
                "names": {"zh": f"云南第{number}环境发展中心", "en": f"Yunnan centre {number}"},
                "causes": ["environment", "education"],
                "region": "CN-YN",
                "city": "昆明",
                "address": f"人民路{number}号",
                "location": {"lat": 25.0 + number / 1000, "lng": 102.7},
                "founded": "2009",
                "phones": [f"+8687165{number:06}"],
                "website": f"https://example.org/{number}",
            },
        }
        for number in range(NGOS)
    ]
    params = {
        "import_id": "bench-import",
        "chunk": 0,
        "rows": rows,
        "options": {"import_similar": True},
    }
    outcomes = caller.call("directory", "import_ngos", OPERATOR, params)["outcomes"]
    return [outcome["id"] for outcome in outcomes]


def question(query: str, variables: Mapping[str, Any]) -> bytes:
    """A whole HTTP request."""
    body = orjson.dumps({"query": query, "variables": variables})
    head = (
        "POST /graphql HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def load(running: Running, request: bytes) -> Measured:
    """CONNECTIONS connections, each of which asks again as soon as it is answered."""
    answered = 0
    end = monotonic() + ROUND_S

    async def ask() -> None:
        nonlocal answered
        reader, writer = await asyncio.open_connection("127.0.0.1", running.port)
        while monotonic() < end:
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
            body = await reader.readexactly(length)
            assert b" 200 " in head[:20], head
            assert b'"errors"' not in body, body[:500]
            answered += 1
        writer.close()

    since, cpu_before = monotonic(), cpu_s(running.process)
    await asyncio.gather(*(ask() for _ in range(CONNECTIONS)))
    cpu = cpu_s(running.process) - cpu_before
    return Measured(answered / (monotonic() - since), cpu / answered * 1_000_000)


def cpu_s(process: BaseProcess) -> float:
    """User and system time so far: fields 14 and 15 of proc_pid_stat(5)."""
    fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def staleness(port: int, caller: Caller) -> float:
    """Median ms from the return of a command, by RPC, until a query that was kept shows it."""
    query = {"query": "{ ngos(first: 0) { totalCount } }"}
    waits = []
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE_S) as client:

        def total() -> int:
            answer = client.post("/graphql", json=query).json()
            return int(answer["data"]["ngos"]["totalCount"])

        for number in range(COMMITS):
            before = total()
            ngo = {"names": {"en": f"New {number}"}, "causes": ["other"], "region": "CN-YN"}
            params = {"command_id": f"bench-{number:04}", "ngo": ngo}
            caller.call("directory", "register_ngo", OPERATOR, params)
            since = monotonic()
            while total() == before:
                pass
            waits.append((monotonic() - since) * 1000)
    return median(waits)


if __name__ == "__main__":
    main()
