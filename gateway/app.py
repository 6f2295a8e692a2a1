"""What a gateway is made of, put together."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles

from gateway import limits
from gateway.auth import Auth
from gateway.broker import Broker
from gateway.context import Node
from gateway.documents import Documents
from gateway.door import Door
from gateway.execution import Execution
from gateway.graphiql import ASSETS_DIR, ASSETS_PATH, graphiql_page
from gateway.health import Health
from gateway.http import Endpoint
from gateway.http.question import HEAD_HEADER
from gateway.live import Changes, Heads, Interests
from gateway.map import MapApp
from gateway.openrosa import OpenRosa
from gateway.openrosa.authentication import Passwords
from gateway.responses import Responses
from gateway.rpc import Rpc
from gateway.schema.schema import build_schema
from gateway.websocket import Sockets
from gateway.websocket.socket import Services
from hinterland.config import Settings
from hinterland.errors import HinterlandError
from hinterland.identity import NodeKey

__all__ = ["GRAPHQL_PATH", "Gateway", "Steps"]

GRAPHQL_PATH: Final = "/graphql"
PREFLIGHT_S: Final = 24 * 60 * 60  # for which a browser remembers what it may send

# An app on any web page may ask. There are no cookies, so a page can send nothing in the name of
# its reader but a key that it was given.
CORS: Final = Middleware(
    CORSMiddleware,
    allow_origins=["*"],
    allow_methods=["GET", "POST"],
    allow_headers=["Authorization", "Content-Type", HEAD_HEADER],
    expose_headers=[HEAD_HEADER, "ETag", "Retry-After"],
    max_age=PREFLIGHT_S,
)


async def _fault(_request: Request, _error: Exception) -> Response:
    """A fault of ours outside of any query. The traceback goes to the log by itself."""
    errors = [{"message": HinterlandError().message, "extensions": {"code": HinterlandError.code}}]
    return JSONResponse({"errors": errors}, status_code=500)


@cache
def _nonce_secret(key_path: Path) -> str:
    """The same in all gateways of a node."""
    return NodeKey.load(key_path).secret("openrosa nonce")


@dataclass(frozen=True)
class Steps:
    """What makes answers fast, each of which the benchmark can leave out."""

    documents: bool = True
    compiled: bool = True
    responses: bool = True


class Gateway:
    """`app` answers GraphQL, `door` takes in nodes that join. Both are ASGI applications, and live
    as long as the lifespan of `app`."""

    def __init__(self, settings: Settings, steps: Steps | None = None) -> None:
        steps = steps or Steps()
        schema = build_schema()
        rpc = Rpc()
        heads, interests = Heads(), Interests()
        auth = Auth(rpc, settings.id)
        node = Node(settings.id, rpc, heads, interests)
        documents = Documents(schema, limits.DOCUMENTS_MAX if steps.documents else 0)
        execution = Execution(schema, compiled=steps.compiled)
        responses = Responses(heads, limits.RESPONSES_BYTES_MAX if steps.responses else 0)
        sockets = Sockets(Services(node, auth, documents, execution))
        # `auth` first: who asks it next shall not be told what was true before the change.
        changes = Changes((auth, heads, sockets, interests))
        self._map = MapApp(node, auth)
        health = Health(rpc, settings.id, settings.services)
        self.broker = Broker(settings.amqp_uri, (rpc, changes), f"gateway {settings.id}")
        self.door = Door(rpc).app
        openrosa = OpenRosa(
            rpc,
            Passwords(auth, rpc, settings.id, lambda: _nonce_secret(settings.key_path)),
            open_to_all=settings.openrosa_open,
            public_url=None if settings.own_url else settings.public_url,
        )
        self.app = Starlette(
            routes=[
                Route(
                    GRAPHQL_PATH,
                    Endpoint(node, auth, documents, execution, responses, graphiql_page),
                ),
                WebSocketRoute(GRAPHQL_PATH, sockets),
                openrosa.route,
                *self._map.routes,
                Route("/healthz", health.healthz),
                Route("/readyz", health.readyz),
                Mount(
                    ASSETS_PATH,
                    GZipMiddleware(StaticFiles(directory=ASSETS_DIR, check_dir=False)),
                ),
            ],
            middleware=[CORS],
            exception_handlers={Exception: _fault},
            lifespan=self._lifespan,
        )

    @asynccontextmanager
    async def _lifespan(self, _app: Starlette) -> AsyncIterator[None]:
        self.broker.start()
        try:
            yield
        finally:
            await self._map.stop()
            await self.broker.stop()
