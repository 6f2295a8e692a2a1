"""The routes under /map."""

from __future__ import annotations

from typing import Final

from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.routing import Route

from gateway import limits
from gateway.auth import Auth
from gateway.context import Node
from gateway.map.answers import Answering, refusing
from gateway.map.encoders import Encoders
from gateway.map.exports import Exports
from gateway.map.files import Files
from gateway.map.tiles import Tiles

__all__ = ["MapApp"]

GZIP_LEVEL: Final = 5


class MapApp:
    """`routes` for the gateway; `stop` ends the processes that encode tiles."""

    def __init__(self, node: Node, auth: Auth) -> None:
        self._encoders = Encoders()
        files = Files(node, auth)
        exports, tiles = Exports(node, auth), Tiles(node, auth, self._encoders)
        self.routes = [
            _file("/map/reports.geojson", exports.geojson),
            _file("/map/reports.csv", exports.csv),
            _file("/map/reports.atom", exports.atom),
            _file("/map/ngos.geojson", exports.ngos),
            _file("/map/tiles.json", tiles.tilejson),
            Route("/map/files", refusing(files.upload), methods=["POST"]),
            Route("/map/files/{sha256}", refusing(files.download)),
            # Compressed where they are encoded.
            Route("/map/tiles/{zoom:int}/{x:int}/{y:int}.mvt", refusing(tiles.tile)),
        ]

    async def stop(self) -> None:
        await self._encoders.stop()


def _file(path: str, answering: Answering) -> Route:
    return Route(path, refusing(answering), middleware=[_compressed()])


def _compressed() -> Middleware:
    return Middleware(
        GZipMiddleware, minimum_size=limits.COMPRESS_BYTES_MIN, compresslevel=GZIP_LEVEL
    )
