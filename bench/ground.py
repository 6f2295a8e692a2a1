"""The servers that a bench runs on: a real mongod and a real RabbitMQ of its own."""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from hinterland.broker import Broker, peer_user
from hinterland.ground import Management, Mongod, PortMapper, Rabbitmq, free_ports, start

__all__ = ["Ground", "ground"]


@dataclass(frozen=True)
class Ground:
    """Addresses of the servers, and a folder that goes away with them."""

    folder: Path
    mongo_uri: str
    broker: Rabbitmq

    def amqp_uri(self, vhost: str) -> str:
        broker = self.broker
        return f"amqp://{broker.user}:{broker.password}@127.0.0.1:{broker.port}/{vhost}"

    def make_vhost(self, management: Management, vhost: str) -> Broker:
        management.make_vhost(vhost)
        management.permit(vhost, self.broker.user)
        broker = Broker(management, vhost, vhost)
        broker.prepare()
        return broker

    def link(self, upstream: str, downstream: str) -> None:
        """Two nodes with a vhost each, joined as `hinterland federation join` joins them."""
        with self.broker.management as management:
            up, down = (self.make_vhost(management, vhost) for vhost in (upstream, downstream))
            password = secrets.token_hex(8)
            up.make_peer(downstream, password)
            up.let_pull(downstream, down.puller())
            user = peer_user(downstream, upstream)
            down.pull_from(
                upstream, f"amqp://{user}:{password}@127.0.0.1:{self.broker.port}/{upstream}"
            )


@contextmanager
def ground() -> Iterator[Ground]:
    """Starts both servers and stops them at the end."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        mongo_port, *ports = free_ports(5)
        mongod = start(Mongod(folder / "mongo", mongo_port, cache_gb=1.0), folder / "mongod.log")
        broker = Rabbitmq(
            folder / "rabbitmq",
            *ports,
            user="bench",
            password=secrets.token_hex(8),
            vhost="/",
            cluster_name="bench",
        )
        mapper = start(PortMapper(ports[3]), folder / "epmd.log")
        rabbitmq = start(broker, folder / "rabbitmq.log")
        try:
            assert isinstance(mongod.server, Mongod)
            yield Ground(folder, mongod.server.uri, broker)
        finally:
            for started in (rabbitmq, mapper, mongod):
                started.stop()
