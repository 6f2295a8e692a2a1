"""The ground that a node stands on: a real mongod and a real RabbitMQ, found and made ready.

A server here is a plain description: its command, its environment, and how to wait until it is
ready. Who starts the process is another matter: `hinterland up` has it watched by supervisor, the
tests start it themselves (`hinterland.ground.process`).
"""

from hinterland.ground.management import BrokerRefused, Management
from hinterland.ground.mongod import Mongod
from hinterland.ground.ports import PortTaken, free_ports, require_free
from hinterland.ground.process import (
    Server,
    ServerFailed,
    ServerMissing,
    Started,
    leashed,
    require_ports,
    start,
)
from hinterland.ground.rabbitmq import PortMapper, Rabbitmq

__all__ = [
    "BrokerRefused",
    "Management",
    "Mongod",
    "PortMapper",
    "PortTaken",
    "Rabbitmq",
    "Server",
    "ServerFailed",
    "ServerMissing",
    "Started",
    "free_ports",
    "leashed",
    "require_free",
    "require_ports",
    "start",
]
