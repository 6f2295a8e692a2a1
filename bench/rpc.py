"""What one call costs a service: our entrypoint against nameko's own, in one run.

Both answer the same calls on the same broker, in turns. CPU is that of the service's process; the
rest of the time is the broker's and the caller's.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median
from time import perf_counter
from typing import Any, Final, NamedTuple

import pika

from bench.ground import Ground, ground
from hinterland.actors import ANONYMOUS
from hinterland.wire import CONTENT_TYPE, RPC_EXCHANGE, encode_call

__all__ = ["main"]

ROUNDS: Final = 5
CALLS: Final = {"one": 2_000, "fifty": 1_000}
IN_FLIGHT: Final = 10
ENTRYPOINTS: Final = ("stock", "ours")


class Cost(NamedTuple):
    """Of one round: CPU of the service a call in µs, calls/s, and the median wait in ms."""

    cpu_us: float
    per_s: float
    p50_ms: float


class Caller:
    """Keeps IN_FLIGHT calls under way until all are answered."""

    def __init__(self, amqp_uri: str) -> None:
        self._connection = pika.BlockingConnection(pika.URLParameters(amqp_uri))
        self._channel = self._connection.channel()
        self._queue = self._channel.queue_declare("", exclusive=True).method.queue
        self._channel.queue_bind(self._queue, RPC_EXCHANGE, "bench")
        self._call = encode_call(ANONYMOUS, {"ids": ["yunnan.ngo.1"]})

    def run(self, routing_key: str, calls: int) -> list[float]:
        """The wait for each answer, in seconds."""
        sent_at: dict[str, float] = {}
        waits: list[float] = []

        def send() -> None:
            number = str(len(waits) + len(sent_at))
            sent_at[number] = perf_counter()
            properties = pika.BasicProperties(
                content_type=CONTENT_TYPE,
                content_encoding="utf-8",
                reply_to="bench",
                correlation_id=number,
            )
            self._channel.basic_publish(RPC_EXCHANGE, routing_key, self._call, properties)

        for _ in range(IN_FLIGHT):
            send()
        for _, properties, body in self._channel.consume(self._queue, auto_ack=True):
            if b'"items"' not in body[:200]:
                raise RuntimeError(f"not the answer: {body[:200]!r}")
            waits.append(perf_counter() - sent_at.pop(properties.correlation_id))
            if len(waits) + len(sent_at) < calls:
                send()
            elif not sent_at:
                break
        self._channel.cancel()
        return waits

    def close(self) -> None:
        self._connection.close()


def main() -> None:
    with ground() as servers, servers.broker.management as management:
        servers.make_vhost(management, "bench")
        with services(servers) as running:
            caller = Caller(servers.amqp_uri("bench"))
            for method in CALLS:
                compare(caller, method, running)
            caller.close()


@contextmanager
def services(servers: Ground) -> Iterator[dict[str, int]]:
    """Both services as processes; their process ids."""
    processes: dict[str, subprocess.Popen[bytes]] = {}
    try:
        for which in ENTRYPOINTS:
            command = [sys.executable, "-m", "bench.rpc_service", which, servers.amqp_uri("bench")]
            processes[which] = subprocess.Popen(command, stdout=subprocess.PIPE)
            output = processes[which].stdout
            if output is None or output.readline().strip() != b"serving":
                raise RuntimeError(f"the service {which} did not start")
        yield {which: process.pid for which, process in processes.items()}
    finally:
        for process in processes.values():
            process.kill()
            process.wait()


def compare(caller: Caller, method: str, running: dict[str, int]) -> None:
    costs: dict[str, list[Cost]] = {which: [] for which in ENTRYPOINTS}
    for _ in range(ROUNDS):
        for which in ENTRYPOINTS:
            costs[which].append(
                cost(caller, f"bench_{which}.{method}", CALLS[method], running[which])
            )
    of = {which: Cost(*map(median, zip(*rounds, strict=True))) for which, rounds in costs.items()}
    for which in ENTRYPOINTS:
        report(
            f"rpc, {method}, {which}",
            f"{of[which].cpu_us:.0f} µs CPU a call, {of[which].per_s:,.0f}/s, "
            f"p50 {of[which].p50_ms:.1f} ms",
        )
    report(f"rpc, {method}, stock / ours, CPU", f"{of['stock'].cpu_us / of['ours'].cpu_us:.2f}")


def cost(caller: Caller, routing_key: str, calls: int, process: int) -> Cost:
    cpu_s, began = cpu_seconds(process), perf_counter()
    waits = caller.run(routing_key, calls)
    took_s = perf_counter() - began
    cpu_us = (cpu_seconds(process) - cpu_s) / calls * 1e6
    return Cost(cpu_us, calls / took_s, median(waits) * 1000)


def report(what: str, figure: str) -> None:
    print(f"  {what:<40} {figure}")  # noqa: T201  # a bench prints


def cpu_seconds(process: int) -> float:
    """User and system time so far (proc(5), /proc/PID/stat, fields 14 and 15)."""
    with open(f"/proc/{process}/stat", encoding="ascii") as file:
        fields: list[Any] = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
