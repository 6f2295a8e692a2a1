"""The connection to RabbitMQ: one per process, made again whenever it is lost.

pika calls back; what wants to use the connection is a `Channel`: it declares what it needs when a
connection opens, and hears when it is lost. A connection counts as open once every channel is.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import pika
from pika.adapters.asyncio_connection import AsyncioConnection

from gateway import limits

__all__ = ["Broker", "Channel"]

log = logging.getLogger(__name__)


class Channel(Protocol):
    """Something that lives on a channel of its own."""

    def opened(self, channel: Any, ready: Callable[[], None]) -> None:
        """Declares its queues on `channel` (pika's), and calls `ready` once it consumes them."""

    def lost(self) -> None:
        """The channel is gone, with all that was under way on it."""


class Connection(AsyncioConnection):  # type: ignore[misc]  # pika is untyped
    """Sends what was said in one turn of the event loop in one piece.

    pika's own writes each of a message's three frames to the socket by itself, and half of the cost
    of a call is those system calls. This overrides one method of pika 1.4, which its own adapters
    override as well.
    """

    def __init__(self, *settings: Any, **more: Any) -> None:
        self._unsent: list[bytes] = []
        super().__init__(*settings, **more)

    def _adapter_emit_data(self, data: bytes) -> None:
        if not self._unsent:
            asyncio.get_running_loop().call_soon(self._send)
        self._unsent.append(data)

    def _send(self) -> None:
        data, self._unsent = b"".join(self._unsent), []
        if self._transport is not None:
            self._transport.write(data)


class Broker:
    """Keeps one connection open to `uri`, with a channel for each of `channels`."""

    def __init__(self, uri: str, channels: Sequence[Channel], name: str) -> None:
        """`name` is what the broker's operator sees in the list of connections."""
        self._parameters = pika.URLParameters(uri)
        self._parameters.heartbeat = limits.HEARTBEAT_S
        self._parameters.blocked_connection_timeout = limits.BLOCKED_S_MAX
        self._parameters.connection_attempts = 1
        self._parameters.client_properties = {"connection_name": name}
        self._channels = channels
        self._open = asyncio.Event()
        self._closed = asyncio.Event()
        self._stopping = False
        self._keeper: asyncio.Task[None] | None = None

    @property
    def open(self) -> bool:
        return self._open.is_set()

    def start(self) -> None:
        """Connects in the background: a gateway starts also where its broker does not yet run."""
        self._keeper = asyncio.create_task(self._keep_open(), name="broker")

    async def wait_open(self) -> None:
        await self._open.wait()

    async def stop(self) -> None:
        self._stopping = True
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)

    async def _keep_open(self) -> None:
        failures = 0
        while not self._stopping:
            self._closed.clear()
            connection = Connection(
                self._parameters,
                on_open_callback=self._on_open,
                on_open_error_callback=self._on_closed,
                on_close_callback=self._on_closed,
                custom_ioloop=asyncio.get_running_loop(),
            )
            try:
                opened = await self._until_closed()
            except asyncio.CancelledError:
                await self._close(connection)
                raise
            failures = 0 if opened else failures + 1
            await asyncio.sleep(_patience(failures))

    async def _until_closed(self) -> bool:
        """Whether the connection was open before it was lost."""
        opened = asyncio.create_task(self._open.wait())
        closed = asyncio.create_task(self._closed.wait())
        try:
            await asyncio.wait({opened, closed}, return_when=asyncio.FIRST_COMPLETED)
            was_open = opened.done()
            await closed
        finally:
            opened.cancel()
            closed.cancel()
        return was_open

    async def _close(self, connection: Any) -> None:
        if not (connection.is_closed or connection.is_closing):
            connection.close()
        if not connection.is_closed:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(limits.CLOSE_S_MAX):
                    await self._closed.wait()

    def _on_open(self, connection: Any) -> None:
        waiting = len(self._channels)

        def one_ready() -> None:
            nonlocal waiting
            waiting -= 1
            if not waiting:
                log.info("connected to the broker")
                self._open.set()

        def close_connection(_channel: Any, reason: Exception) -> None:
            """A channel that the broker closed leaves nothing to go on with: start afresh."""
            if not (connection.is_closed or connection.is_closing):
                log.warning("the broker closed a channel: %s", reason)
                connection.close()

        def opener(wanted: Channel) -> Callable[[Any], None]:
            def on_channel(channel: Any) -> None:
                channel.add_on_close_callback(close_connection)
                wanted.opened(channel, one_ready)

            return on_channel

        for wanted in self._channels:
            connection.channel(on_open_callback=opener(wanted))

    def _on_closed(self, _connection: Any, reason: BaseException) -> None:
        if not self._stopping:
            log.warning("no connection to the broker: %s", reason)
        self._open.clear()
        for channel in self._channels:
            channel.lost()
        self._closed.set()


def _patience(failures: int) -> float:
    """Seconds before the next attempt: doubling, with jitter, lest a fleet comes back as one."""
    most = min(limits.RECONNECT_S_MAX, limits.RECONNECT_S_MIN * 2 ** min(failures, 10))
    return random.uniform(limits.RECONNECT_S_MIN / 2, most)
