"""The processes of a node: what each is called, how it is started, and in which order it ends."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from hinterland.config import Settings
from hinterland.config.settings import BROKER_USER
from hinterland.ground import Mongod, PortMapper, Rabbitmq, Server, leashed
from hinterland.ground.rabbitmq import TlsListener

__all__ = ["Program", "ground_program", "ground_servers", "node_programs"]

# Who starts first ends last: the services need the broker and the database to their last line.
# Programs of one group end together.
GROUND_PRIORITY: Final = 100
SERVICE_PRIORITY: Final = 500
GATEWAY_PRIORITY: Final = 900

SERVICE_STOP_S: Final = 20
GROUND_STOP_S: Final = 60


@dataclass(frozen=True)
class Program:
    """One process to be watched."""

    name: str
    group: str
    command: list[str]
    log: Path
    priority: int
    stop_wait_s: int
    environment: Mapping[str, str] = field(default_factory=dict)

    def command_line(self) -> str:
        """The command as a shell would read it; the process ends with the one that watches it."""
        assignments = [f"{key}={value}" for key, value in self.environment.items()]
        return shlex.join(leashed(["env", *assignments, *self.command]))


def ground_servers(settings: Settings) -> list[Server]:
    """The servers that this node runs itself, in the order in which they have to start."""
    servers: list[Server] = []
    if settings.own_mongo:
        servers.append(Mongod(settings.mongo_dir, settings.mongo_port, settings.mongo_cache_gb))
    if settings.own_broker:
        servers += [PortMapper(settings.broker_epmd_port), _own_broker(settings)]
    return servers


def ground_program(server: Server, log_dir: Path, order: int = 0) -> Program:
    """`server` as a program that is watched; `order` is its place among the node's servers."""
    return Program(
        name=server.name,
        group=server.name,
        command=server.command(),
        log=log_dir / f"{server.name}.log",
        priority=GROUND_PRIORITY + order,
        stop_wait_s=GROUND_STOP_S,
        environment=server.environment(),
    )


def node_programs(
    settings: Settings, prefix: str = "", environment: Mapping[str, str] | None = None
) -> list[Program]:
    """The services and the gateway of a node.

    `prefix` tells nodes of one machine apart; their services then end together, which is quicker.
    """
    directory = str(settings.dir)

    def program(name: str, group: str, priority: int, *arguments: str) -> Program:
        return Program(
            name=f"{prefix}{name}",
            group=group if prefix else name,
            command=[sys.executable, "-P", "-m", *arguments, "--dir", directory],
            log=settings.log_dir / f"{name}.log",
            priority=priority,
            stop_wait_s=SERVICE_STOP_S,
            environment=environment or {},
        )

    services = [
        program(service, "services", SERVICE_PRIORITY, "hinterland.serve", service)
        for service in settings.services
    ]
    return [*services, program("gateway", "gateways", GATEWAY_PRIORITY, "gateway")]


def _own_broker(settings: Settings) -> Rabbitmq:
    tls = TlsListener(
        settings.broker_tls_host,
        settings.broker_tls_port,
        settings.certificate_path,
        settings.certificate_key_path,
    )
    return Rabbitmq(
        folder=settings.rabbitmq_dir,
        port=settings.broker_port,
        management_port=settings.broker_management_port,
        distribution_port=settings.broker_distribution_port,
        epmd_port=settings.broker_epmd_port,
        user=BROKER_USER,
        password=settings.broker_password,
        vhost=settings.vhost,
        cluster_name=settings.id,
        memory_mb=settings.broker_memory_mb,
        tls=tls if settings.broker_tls_port else None,
    )
