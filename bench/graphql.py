"""GraphQL over HTTP, through RabbitMQ to the directory and back: requests per second.

A list of 50 NGOs and a single one, with each of the gateway's three steps added: documents parsed
and validated once, operations compiled, whole responses kept. What counts is the ratio to the line
above it, as all processes share this machine. At the end: how long a kept answer stays behind a
commit that came another way.
"""

from __future__ import annotations

import asyncio
import multiprocessing as mp
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from multiprocessing.process import BaseProcess
from pathlib import Path
from statistics import median
from time import monotonic
from typing import Any, Final

import httpx
import orjson
import uvloop

from bench.ground import Ground, ground
from cli.rpc import Caller
from gateway.app import Steps
from gateway.listeners import serve
from hinterland.actors import Actor
from hinterland.config import Settings, init_node
from hinterland.errors import Unavailable
from hinterland.ground import free_ports
from hinterland.ground.process import leashed, poll

__all__ = ["main"]

NODE: Final = "yunnan"
NGOS: Final = 200
CONNECTIONS: Final = 16
SECONDS: Final = 4.0
COMMITS: Final = 50
PATIENCE_S: Final = 60.0
OPERATOR: Final = Actor("bench", frozenset({"operator"}), NODE)

STEPS: Final[Mapping[str, Steps]] = {
    "graphql-core alone": Steps(documents=False, compiled=False, responses=False),
    "+ documents read once": Steps(documents=True, compiled=False, responses=False),
    "+ operations compiled": Steps(documents=True, compiled=True, responses=False),
    "+ responses kept": Steps(),
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


def main() -> None:
    with ground() as servers:
        settings = make_node(servers)
        with (
            closing(Caller(settings.amqp_uri, settings.dir)) as caller,
            directory(settings, caller),
        ):
            ids = fill(caller)
            questions = {
                "list of 50": question(LIST, {"first": 50}),
                "one": question(ONE, {"id": ids[0]}),
            }
            compare(settings, questions)
            with gateway(settings, Steps()):
                say("a kept answer is behind a commit for", f"{staleness(settings, caller):.1f} ms")


def say(what: str, value: str) -> None:
    sys.stdout.write(f"{what:<44} {value}\n")


def compare(settings: Settings, questions: Mapping[str, bytes]) -> None:
    before: dict[str, float] = {}
    first: dict[str, float] = {}
    for name, steps in STEPS.items():
        with gateway(settings, steps):
            for what, body in questions.items():
                rate = uvloop.run(load(settings.gateway_port, body))
                ratios = ""
                if what in before:
                    ratios = f"  ×{rate / before[what]:.1f}  (all ×{rate / first[what]:.1f})"
                first.setdefault(what, rate)
                before[what] = rate
                say(f"{what}, {name}", f"{rate:8.0f} requests/s{ratios}")


def make_node(servers: Ground) -> Settings:
    with servers.broker.management as management:
        servers.make_vhost(management, NODE)
    gateway_port, door_port = free_ports(2)
    return init_node(
        servers.folder / NODE,
        NODE,
        "CN-YN",
        mongo_uri=servers.mongo_uri,
        amqp_uri=servers.amqp_uri(NODE),
        gateway_port=gateway_port,
        door_port=door_port,
        services=("directory",),
        log_level="ERROR",
    )


@contextmanager
def directory(settings: Settings, caller: Caller) -> Iterator[None]:
    command = [sys.executable, "-m", "hinterland.serve", "directory", "--dir", str(settings.dir)]
    process = subprocess.Popen(leashed(command))

    def answers() -> bool:
        try:
            caller.call("directory", "get_ngos", OPERATOR, {"ids": []})
        except Unavailable:
            return False
        return True

    try:
        poll(answers, lambda: process.poll() is None, "the directory", PATIENCE_S)
        yield
    finally:
        process.terminate()
        process.wait()


@contextmanager
def gateway(settings: Settings, steps: Steps) -> Iterator[None]:
    process = mp.get_context("spawn").Process(
        target=run_gateway, args=(settings.dir, steps), daemon=True
    )
    process.start()
    try:
        wait_until_ready(settings, process)
        yield
    finally:
        process.terminate()
        process.join()


def run_gateway(folder: Path, steps: Steps) -> None:
    uvloop.run(serve(Settings.load(folder), steps))


def wait_until_ready(settings: Settings, process: BaseProcess) -> None:
    address = f"http://127.0.0.1:{settings.gateway_port}/readyz"

    def ready() -> bool:
        try:
            return httpx.get(address).status_code == httpx.codes.OK
        except httpx.TransportError:
            return False

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


async def load(port: int, request: bytes) -> float:
    """Requests per second over CONNECTIONS connections, each of which asks again at once."""
    warm = monotonic() + 0.5
    end = warm + SECONDS
    answered = 0

    async def ask() -> None:
        nonlocal answered
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while (now := monotonic()) < end:
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
            body = await reader.readexactly(length)
            assert b" 200 " in head[:20], head
            assert b'"errors"' not in body, body[:500]
            if now >= warm:
                answered += 1
        writer.close()

    await asyncio.gather(*(ask() for _ in range(CONNECTIONS)))
    return answered / SECONDS


def staleness(settings: Settings, caller: Caller) -> float:
    """Median ms from the return of a command, by RPC, until a query that was kept shows it."""
    query = {"query": "{ ngos(first: 0) { totalCount } }"}
    waits = []
    with httpx.Client(base_url=f"http://127.0.0.1:{settings.gateway_port}") as client:

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
