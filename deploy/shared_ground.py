"""One mongod and one broker for several nodes of one machine; each node has a vhost of its own.

The servers are ours, in a folder of their own, unless HINTERLAND_MONGO_URI or HINTERLAND_AMQP_URI
name others.
"""

from __future__ import annotations

import json
import os
import secrets
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self
from urllib.parse import quote, urlsplit

from hinterland.config import BadSettings, Settings
from hinterland.config.settings import BROKER_USER, ENVIRONMENT_PREFIX
from hinterland.ground import Management, Mongod, PortMapper, Rabbitmq, Server
from hinterland.ground.ports import next_free

__all__ = ["SharedGround"]

FILE: Final = "ground.toml"
PASSWORD_BYTES: Final = 24
MEMORY_MB: Final = 768
CACHE_GB: Final = 1.0

# Away from the usual ports, and from those of a node that stands alone on this machine.
PREFERRED_PORTS: Final = {
    "mongo_port": 27217,
    "broker_port": 5872,
    "broker_management_port": 15872,
    "broker_distribution_port": 25872,
    "broker_epmd_port": 4569,
}


@dataclass(frozen=True)
class SharedGround:
    """The servers under `folder`; an address is empty where the server is ours."""

    folder: Path
    password: str
    mongo_port: int
    broker_port: int
    broker_management_port: int
    broker_distribution_port: int
    broker_epmd_port: int
    mongo_uri: str = ""
    amqp_uri: str = ""
    amqp_management_uri: str = ""

    @classmethod
    def open(cls, folder: Path, environment: Mapping[str, str]) -> Self:
        """The ground under `folder`, chosen at the first start and kept from then on.

        Raises BadSettings when `environment` now names other servers than it did at that time.
        """
        file = folder / FILE
        given = {
            key: environment[variable]
            for key in ("mongo_uri", "amqp_uri", "amqp_management_uri")
            if environment.get(variable := ENVIRONMENT_PREFIX + key.upper())
        }
        if not file.exists():
            _write_once(file, _chosen(given))
        kept = tomllib.loads(file.read_text())
        for key, value in given.items():
            if kept.get(key) != value:
                raise BadSettings(
                    f"{ENVIRONMENT_PREFIX}{key.upper()} names another server than at the first "
                    f"start. Unset it, or begin anew: delete {folder.parent}.",
                    field=key,
                )
        return cls(folder=folder, **kept)

    def servers(self) -> list[Server]:
        """What has to be started here, in this order."""
        servers: list[Server] = []
        if not self.mongo_uri:
            servers.append(self._mongod)
        if not self.amqp_uri:
            servers += [PortMapper(self.broker_epmd_port), self._broker]
        return servers

    def settings_for(self, node: str) -> dict[str, Any]:
        """The settings by which `node` stands on this ground; its broker user is `node`."""
        broker = urlsplit(self.amqp_uri or f"amqp://127.0.0.1:{self.broker_port}")
        address = broker.netloc.rpartition("@")[2]
        management = urlsplit(self._management_uri)
        user = f"{node}:{secrets.token_urlsafe(PASSWORD_BYTES)}"
        return {
            "mongo_uri": self.mongo_uri or self._mongod.uri,
            "amqp_uri": f"{broker.scheme}://{user}@{address}/{node}",
            "amqp_management_uri": f"{management.scheme}://{user}@"
            f"{management.netloc.rpartition('@')[2]}",
        }

    def admit(self, node: Settings) -> None:
        """Makes the node's vhost and its user; what is there already stays.

        The user is an administrator, since a node makes the users of its peers.
        """
        broker = urlsplit(node.amqp_uri)
        assert broker.username
        assert broker.password
        with Management(self._management_uri) as management:
            management.make_vhost(node.vhost)
            management.make_user(broker.username, broker.password, ["administrator"])
            management.permit(node.vhost, broker.username)

    @property
    def _management_uri(self) -> str:
        port = self.broker_management_port
        own = f"http://{BROKER_USER}:{quote(self.password, safe='')}@127.0.0.1:{port}"
        return self.amqp_management_uri or own

    @property
    def _mongod(self) -> Mongod:
        return Mongod(self.folder / "mongo", self.mongo_port, CACHE_GB)

    @property
    def _broker(self) -> Rabbitmq:
        return Rabbitmq(
            folder=self.folder / "rabbitmq",
            port=self.broker_port,
            management_port=self.broker_management_port,
            distribution_port=self.broker_distribution_port,
            epmd_port=self.broker_epmd_port,
            user=BROKER_USER,
            password=self.password,
            vhost="/",
            cluster_name="ground",
            memory_mb=MEMORY_MB,
        )


def _chosen(given: Mapping[str, str]) -> dict[str, Any]:
    chosen: dict[str, Any] = {key: next_free(port) for key, port in PREFERRED_PORTS.items()}
    chosen["password"] = secrets.token_urlsafe(PASSWORD_BYTES)
    chosen |= given
    if "amqp_uri" in given:
        chosen.setdefault("amqp_management_uri", _usual_management(given["amqp_uri"]))
    return chosen


def _write_once(file: Path, values: Mapping[str, Any]) -> None:
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as written:
        written.writelines(f"{key} = {json.dumps(value)}\n" for key, value in values.items())


def _usual_management(amqp_uri: str) -> str:
    """The management API where RabbitMQ has it unless it is told otherwise."""
    broker = urlsplit(amqp_uri)
    user = f"{broker.netloc.rpartition('@')[0]}@" if broker.username else ""
    return f"http://{user}{broker.hostname}:15672"
