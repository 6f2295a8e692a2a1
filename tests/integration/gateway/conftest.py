"""A broker, a gateway's connection to it, and a service that answers as the test says."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import orjson
import pika
import pytest

from gateway.broker import Broker
from gateway.live import Changed, Changes
from gateway.rpc import Rpc
from hinterland import wire
from hinterland.testing import Vhost


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class StubService(threading.Thread):
    """Speaks nameko's format over a connection of its own; `answer` gets each call and replies."""

    def __init__(self, uri: str, name: str, answer: Callable[[str, Any], Any]) -> None:
        super().__init__(daemon=True)
        self.calls: list[tuple[str, Any]] = []
        self._answer = answer
        self._connection = pika.BlockingConnection(pika.URLParameters(uri))
        self._channel = self._connection.channel()
        self._channel.exchange_declare(wire.RPC_EXCHANGE, "topic", durable=True)
        self._channel.exchange_declare(wire.LOCAL_EXCHANGE, "topic", durable=True)
        self._channel.queue_declare(f"rpc-{name}", durable=True)
        self._channel.queue_bind(f"rpc-{name}", wire.RPC_EXCHANGE, f"{name}.*")
        self._channel.basic_consume(f"rpc-{name}", self._on_call, auto_ack=True)

    def run(self) -> None:
        self._channel.start_consuming()

    def stop(self) -> None:
        self._connection.add_callback_threadsafe(self._channel.stop_consuming)
        self.join()
        self._connection.close()

    def say(self, changed: Changed) -> None:
        """As a service does after a commit."""
        changes = [one._asdict() for one in changed.changes]
        message = changed._asdict() | {"feed": f"yunnan/{changed.service}", "changes": changes}
        self._connection.add_callback_threadsafe(
            lambda: self._channel.basic_publish(
                wire.LOCAL_EXCHANGE, wire.changed_key(changed.service), orjson.dumps(message)
            )
        )

    def _on_call(self, channel: Any, method: Any, properties: Any, body: bytes) -> None:
        name = method.routing_key.partition(".")[2]
        actor_and_params = orjson.loads(body)["args"]
        self.calls.append((name, actor_and_params))
        reply = self._answer(name, actor_and_params[1])
        if reply is not None:
            channel.basic_publish(
                wire.RPC_EXCHANGE,
                properties.reply_to,
                orjson.dumps(reply),
                pika.BasicProperties(correlation_id=properties.correlation_id),
            )


@pytest.fixture
def new_stub(vhost: Vhost) -> Iterator[Callable[[str, Callable[[str, Any], Any]], StubService]]:
    """Starts a stub under a service's name."""
    started: list[StubService] = []

    def start(name: str, answer: Callable[[str, Any], Any]) -> StubService:
        stub = StubService(vhost.amqp_uri, name, answer)
        stub.start()
        started.append(stub)
        return stub

    yield start
    for stub in started:
        stub.stop()


class Heard:
    """A listener that keeps what it is told."""

    def __init__(self) -> None:
        self.changes: list[Changed] = []
        self.sights_lost = 0

    def changed(self, changed: Changed) -> None:
        self.changes.append(changed)

    def lost_sight(self) -> None:
        self.sights_lost += 1


class Connected:
    """The gateway's side of the broker."""

    def __init__(self, uri: str) -> None:
        self.rpc = Rpc()
        self.heard = Heard()
        self.broker = Broker(uri, (self.rpc, Changes((self.heard,))), "gateway under test")


@pytest.fixture
def connect(vhost: Vhost) -> Callable[[], AbstractAsyncContextManager[Connected]]:
    """Opens the gateway's connection; waits until it is open."""

    @asynccontextmanager
    async def opened() -> AsyncIterator[Connected]:
        connected = Connected(vhost.amqp_uri)
        connected.broker.start()
        try:
            await connected.broker.wait_open()
            yield connected
        finally:
            await connected.broker.stop()

    return opened
