"""Where the brokers of peers find this node's broker."""

from __future__ import annotations

from typing import Final
from urllib.parse import unquote, urlsplit

from hinterland.links import LOOPBACK_HOSTS, Address, BadAddress
from services.federation.contract import NotReachable

__all__ = ["public_address", "reachable_from", "require_reachable_from"]

AMQP_PORT: Final = 5672
AMQPS_PORT: Final = 5671


def public_address(uri: str, node: str, authority: str) -> Address:
    """The address in `uri` (amqp:// or amqps://host:port/vhost); over TLS the broker shows the
    node's certificate, which `authority` (PEM) has signed. Raises NotReachable."""
    parts = urlsplit(uri)
    secure = parts.scheme == "amqps"
    try:
        return Address.checked(
            host=parts.hostname or "",
            port=parts.port or (AMQPS_PORT if secure else AMQP_PORT),
            vhost=unquote(parts.path.removeprefix("/")) or "/",
            server_name=node,
            authority=authority if secure else None,
        )
    except BadAddress as error:
        raise NotReachable(error.message) from error


def require_reachable_from(other: str, own: Address) -> None:
    """Whoever is at `other`, on another machine, cannot reach our loopback. Raises NotReachable."""
    if not reachable_from(other, own.host):
        raise NotReachable(
            f"The other side of the door is at {other}, and this node's broker listens on "
            f"{own.host} only. Set public_host and broker_tls_port in node.toml, start the node "
            "again, and repeat the command."
        )


def reachable_from(other: str, host: str) -> bool:
    """False where `host` means the machine of whoever tries, and that is another one."""
    return host not in LOOPBACK_HOSTS or other in LOOPBACK_HOSTS
