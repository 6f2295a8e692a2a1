"""Two brokers: the one of this run, and a second that takes peers over TLS."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from hinterland.broker import Broker
from hinterland.clock import system_clock
from hinterland.config.certificate import authority, new_certificate
from hinterland.ground import Management, PortMapper, Rabbitmq, free_ports, start
from hinterland.ground.process import poll
from hinterland.ground.rabbitmq import TlsListener
from hinterland.testing import Vhost, fresh_name

LINK_LIMIT_S = 60.0


@dataclass(frozen=True)
class Side:
    """One node's broker with its vhost, as an administrator sees it."""

    node: str
    vhost: str
    management: Management
    broker: Broker
    amqp_uri: str


@dataclass(frozen=True)
class TlsBroker:
    """The second broker. `own` is the authority of its certificate, `other` another node's of the
    same name."""

    server: Rabbitmq
    tls: TlsListener
    management: Management
    own: Path
    other: Path


def until(happened: Callable[[], bool], what: str) -> None:
    """Waits for an event at a broker, which tells nobody but those who ask."""
    poll(happened, lambda: True, what, LINK_LIMIT_S)


@pytest.fixture
def new_side(management: Management, new_vhost: Callable[[str], Vhost]) -> Callable[[str], Side]:
    """Makes the broker side of a node on the broker of this run: a vhost of its own, prepared."""

    def make(node: str) -> Side:
        vhost = new_vhost(node)
        broker = Broker(management, node, vhost.name)
        broker.prepare()
        return Side(node, vhost.name, management, broker, vhost.amqp_uri)

    return make


@pytest.fixture(scope="session")
def tls_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TlsBroker]:
    """A broker on other ports that listens for TLS as well."""
    folder = tmp_path_factory.mktemp("tls-broker")
    for word in ("own", "other"):
        certificate, key = new_certificate("yunnan", ["localhost"], system_clock())
        (folder / f"{word}.crt").write_bytes(certificate)
        (folder / f"{word}.key").write_bytes(key)
        (folder / f"{word} authority.crt").write_text(authority(certificate))
    port, management_port, distribution_port, epmd_port, tls_port = free_ports(5)
    tls = TlsListener("127.0.0.1", tls_port, folder / "own.crt", folder / "own.key")
    server = Rabbitmq(
        folder=folder / "data",
        port=port,
        management_port=management_port,
        distribution_port=distribution_port,
        epmd_port=epmd_port,
        user="admin",
        password=secrets.token_hex(8),
        vhost="/",
        cluster_name="yunnan",
        tls=tls,
    )
    mapper = start(PortMapper(epmd_port), folder / "epmd.log")
    try:
        process = start(server, folder / "rabbitmq.log")
        with server.management as management:
            own, other = (folder / f"{word} authority.crt" for word in ("own", "other"))
            yield TlsBroker(server, tls, management, own, other)
        process.stop()
    finally:
        mapper.stop()


@pytest.fixture
def tls_side(tls_broker: TlsBroker) -> Iterator[Side]:
    """A node's side on the broker that takes peers over TLS."""
    vhost = f"yunnan-{fresh_name()}"
    server, management = tls_broker.server, tls_broker.management
    management.make_vhost(vhost)
    management.permit(vhost, server.user)
    broker = Broker(management, "yunnan", vhost)
    broker.prepare()
    uri = f"amqp://{server.user}:{server.password}@127.0.0.1:{server.port}/{vhost}"
    yield Side("yunnan", vhost, management, broker, uri)
    management.delete_vhost(vhost)
