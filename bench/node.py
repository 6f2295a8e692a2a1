"""A node with a directory, which is the process that it is elsewhere, too."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from bench.ground import Ground
from cli.rpc import Caller
from hinterland.actors import Actor
from hinterland.config import Settings, init_node
from hinterland.errors import Unavailable
from hinterland.ground import free_ports
from hinterland.ground.process import leashed, poll

__all__ = ["NODE", "OPERATOR", "PATIENCE_S", "directory", "make_node"]

NODE: Final = "yunnan"
PATIENCE_S: Final = 60.0
OPERATOR: Final = Actor("bench", frozenset({"operator"}), NODE)


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
