"""This node, as its peers see it: its names, its key, its door and its broker."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol, Self

from hinterland.broker import Broker
from hinterland.config import Settings
from hinterland.config.certificate import authority, fingerprint
from hinterland.ground import Management
from hinterland.identity import NodeKey
from hinterland.links import Address
from services.federation.rules.addresses import public_address

__all__ = ["AskStatus", "Here"]

PASSWORD_PURPOSE: Final = "broker password"
INVITATION_PURPOSE: Final = "invitation"


class AskStatus(Protocol):
    """Asks one service of this node for its `feed_status`."""

    def __call__(self, service: str) -> dict[str, Any]:
        """Raises HinterlandError: Unavailable where the service does not answer."""
        ...


@dataclass(frozen=True)
class Here:
    """`certificate` is the chain (PEM) that the door and, over TLS, the broker show; `peers_dir`
    is where the broker finds what it pins of peers."""

    node: str
    region: str
    name: str
    key: NodeKey
    services: tuple[str, ...]
    door_host: str
    door_port: int
    certificate: bytes
    amqp_public_uri: str
    peers_dir: Path
    broker: Broker

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Reads the node's key and certificate. Raises OSError and HinterlandError."""
        management = Management(settings.amqp_management_uri)
        return cls(
            node=settings.id,
            region=settings.region,
            name=settings.name,
            key=NodeKey.load(settings.key_path),
            services=settings.services,
            door_host=settings.public_host,
            door_port=settings.door_port,
            certificate=settings.certificate_path.read_bytes(),
            amqp_public_uri=settings.amqp_public_uri,
            peers_dir=settings.certificate_path.parent / "peers",
            broker=Broker(management, settings.id, settings.vhost),
        )

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the certificate that the door shows, in hex."""
        return fingerprint(self.certificate)

    def address(self) -> Address:
        """Where peers' brokers reach ours. Raises NotReachable."""
        return public_address(self.amqp_public_uri, self.node, authority(self.certificate))

    def password_of(self, peer: str, secret_sum: str) -> str:
        """The password of the peer's user on our broker; another one for every invitation."""
        return self.key.secret(PASSWORD_PURPOSE, peer, secret_sum)

    def invitation_secret(self, command_id: str) -> str:
        """The secret of the invitation that this command makes, and makes again if repeated."""
        return self.key.secret(INVITATION_PURPOSE, command_id)
