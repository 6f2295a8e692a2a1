"""What a link between two brokers is called and where it leads: names and addresses, no I/O.

The names are not ours to choose: they are what RabbitMQ's federation plugin makes of cluster names
and vhosts, and a peer's rights hang on them (`hinterland.broker`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple, Self
from urllib.parse import quote, urlencode

from hinterland.bus.names import FEEDS_EXCHANGE
from hinterland.errors import HinterlandError

__all__ = ["LOOPBACK_HOSTS", "Address", "BadAddress", "Puller", "link_queue", "peer_user"]

# Neither colon nor space: they separate the parts of a link queue's name.
BROKER_NAME: Final = re.compile(r"[A-Za-z0-9@._/-]{1,100}")
HOST: Final = re.compile(r"[A-Za-z0-9._:-]{1,253}")
LOOPBACK_HOSTS: Final = frozenset({"127.0.0.1", "::1", "localhost"})
PORT_MAX: Final = 65_535
HEARTBEAT_S: Final = 30
CONNECT_TIMEOUT_MS: Final = 10_000
CERTIFICATE_CHAIN_DEPTH_MAX: Final = 2


class BadAddress(HinterlandError):
    """This is not an address at which a broker can be reached safely from another machine."""

    code = "BAD_ADDRESS"


class Puller(NamedTuple):
    """Who pulls, as the upstream's broker names it: the cluster name and the vhost downstream."""

    cluster: str
    vhost: str

    @classmethod
    def checked(cls, cluster: str, vhost: str) -> Self:
        """Raises BadAddress for a name that could be taken for another's."""
        for given in (cluster, vhost):
            if not BROKER_NAME.fullmatch(given):
                raise BadAddress(
                    f"{given!r} cannot name a cluster or a vhost: take letters, digits and @._/-"
                )
        return cls(cluster, vhost)


@dataclass(frozen=True, slots=True)
class Address:
    """Where a broker takes peers: over TLS, or plain on loopback.

    `authority` (PEM) is what the peer pins, None for plain; `server_name` is the name that the
    broker's certificate must bear, whatever the host's name or address.
    """

    host: str
    port: int
    vhost: str
    server_name: str
    authority: str | None

    @classmethod
    def checked(
        cls, host: str, port: int, vhost: str, server_name: str, authority: str | None
    ) -> Self:
        """Raises BadAddress: without TLS nothing leaves the machine."""
        if not HOST.fullmatch(host):
            raise BadAddress(f"{host!r} is not the name or address of a host.", field="host")
        if not 0 < port <= PORT_MAX:
            raise BadAddress(f"{port} is not a port.", field="port")
        if not BROKER_NAME.fullmatch(vhost):
            raise BadAddress(f"{vhost!r} cannot name a vhost.", field="vhost")
        if not HOST.fullmatch(server_name):
            raise BadAddress(f"{server_name!r} is not a name.", field="server_name")
        if authority is None and host not in LOOPBACK_HOSTS:
            raise BadAddress(
                f"The broker at {host}:{port} would be reached without TLS. Set broker_tls_port "
                "in node.toml, or an amqps:// address in amqp_public_uri.",
                field="amqp_public_uri",
            )
        return cls(host, port, vhost, server_name, authority)

    def uri(self, user: str, password: str, authority_path: Path | None) -> str:
        """The address as RabbitMQ's federation plugin reads it.

        Erlang verifies nobody unless told to; `authority_path` is where the pulling broker finds
        what it pins.
        """
        secure = self.authority is not None
        host = f"[{self.host}]" if ":" in self.host else self.host
        query: dict[str, Any] = {
            "heartbeat": HEARTBEAT_S,
            "connection_timeout": CONNECT_TIMEOUT_MS,
        }
        if secure:
            query |= {
                "verify": "verify_peer",
                "cacertfile": authority_path,
                "server_name_indication": self.server_name,
                "depth": CERTIFICATE_CHAIN_DEPTH_MAX,
            }
        return (
            f"amqp{'s' if secure else ''}://{quote(user, safe='')}:{quote(password, safe='')}"
            f"@{host}:{self.port}/{quote(self.vhost, safe='')}?{urlencode(query, quote_via=quote)}"
        )


def peer_user(peer: str, upstream: str) -> str:
    """The user with which `peer` pulls from `upstream`. Node ids have no dots; brokers may be
    shared by several nodes, and users are the broker's."""
    return f"{peer}.at.{upstream}"


def link_queue(upstream_vhost: str, puller: Puller) -> str:
    """The queue that the federation plugin makes upstream for one puller.

    As `rabbit_federation_exchange_link:upstream_queue_name/3` of RabbitMQ 3.10 has it: between
    vhosts of one name, the name is left out.
    """
    if puller.vhost == upstream_vhost:
        return f"federation: {FEEDS_EXCHANGE} -> {puller.cluster}"
    return f"federation: {FEEDS_EXCHANGE} -> {puller.cluster}:{puller.vhost}:{FEEDS_EXCHANGE}"
