"""All WebSocket connections of this process."""

from __future__ import annotations

import asyncio
from typing import Final

from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketState

from gateway import limits
from gateway.live import Changed
from gateway.websocket.socket import PROTOCOL, Closing, Services, Socket
from services.accounts.contract import SERVICE as ACCOUNTS

__all__ = ["Sockets"]

TOO_MANY: Final = Closing(1013, "Try again later")
WRONG_PROTOCOL: Final = Closing(4406, "Subprotocol not acceptable")


class Sockets:
    """An ASGI application for WebSocket, and a listener of `gateway.live.Changes`."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._sockets: set[Socket] = set()
        self._checks: set[asyncio.Task[None]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        websocket = WebSocket(scope, receive, send)
        if PROTOCOL not in websocket.scope["subprotocols"]:
            await websocket.accept()
            await websocket.close(*WRONG_PROTOCOL)
            return
        await websocket.accept(PROTOCOL)
        if len(self._sockets) >= limits.SOCKETS_MAX:
            await websocket.close(*TOO_MANY)
            return
        socket = Socket(websocket, self._services)
        self._sockets.add(socket)
        try:
            closing = await socket.run()
        finally:
            self._sockets.discard(socket)
        if websocket.client_state is WebSocketState.CONNECTED:
            await websocket.close(*closing)

    def changed(self, changed: Changed) -> None:
        if changed.service == ACCOUNTS:
            self._check_keys()

    def lost_sight(self) -> None:
        """A key may have been revoked meanwhile. This is told again when sight is regained."""
        self._check_keys()

    def _check_keys(self) -> None:
        for socket in self._sockets:
            check = asyncio.create_task(socket.check_key())
            self._checks.add(check)
            check.add_done_callback(self._checks.discard)
