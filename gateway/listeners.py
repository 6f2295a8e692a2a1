"""The two listeners of a gateway, on one event loop: GraphQL, and the door over TLS."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp

from gateway import limits
from gateway.app import Gateway, Steps
from hinterland.config import Settings

__all__ = ["serve"]


class Listener(uvicorn.Server):
    """Signals are the process's, which has more than one listener."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def serve(settings: Settings, steps: Steps | None = None) -> None:
    """Until SIGINT or SIGTERM; then answers what is under way, and returns."""
    gateway = Gateway(settings, steps)
    listeners = [_graphql(settings, gateway.app), _door(settings, gateway.door)]
    loop = asyncio.get_running_loop()
    for signal_number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(signal_number, _stop, listeners)
    tasks = [asyncio.create_task(listener.serve()) for listener in listeners]
    try:
        # One that ends by itself could not listen. The other alone is of no use.
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        _stop(listeners)
        await asyncio.gather(*tasks)


def _stop(listeners: list[Listener]) -> None:
    for listener in listeners:
        listener.should_exit = True


def _graphql(settings: Settings, app: ASGIApp) -> Listener:
    return Listener(
        uvicorn.Config(
            app,
            host=settings.gateway_host,
            port=settings.gateway_port,
            loop="uvloop",
            http="httptools",
            ws="websockets-sansio",
            ws_max_size=limits.MESSAGE_BYTES_MAX,
            ws_ping_interval=limits.PING_S,
            ws_ping_timeout=limits.PING_S,
            limit_concurrency=limits.CONNECTIONS_MAX,
            timeout_graceful_shutdown=limits.SHUTDOWN_S_MAX,
            access_log=False,
            server_header=False,
            log_config=None,
        )
    )


def _door(settings: Settings, app: ASGIApp) -> Listener:
    return Listener(
        uvicorn.Config(
            app,
            host=settings.door_host,
            port=settings.door_port,
            ssl_certfile=settings.certificate_path,
            ssl_keyfile=settings.certificate_key_path,
            loop="uvloop",
            http="httptools",
            ws="none",
            lifespan="off",
            limit_concurrency=limits.DOOR_CONNECTIONS_MAX,
            timeout_graceful_shutdown=limits.SHUTDOWN_S_MAX,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            log_config=None,
        )
    )
