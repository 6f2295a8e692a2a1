"""/map/tiles/{z}/{x}/{y}.mvt and /map/tiles.json: the map for whatever draws vector tiles."""

from __future__ import annotations

from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from gateway.auth import Auth
from gateway.context import Node
from gateway.encoding import GZIP, accepted_coding
from gateway.map.answers import headers_of, is_known
from gateway.map.encoders import Encoders
from gateway.map.exports import asked
from services.map.contract import SERVICE, limits

__all__ = ["Tiles"]

MEDIA_TYPE: Final = "application/vnd.mapbox-vector-tile"
TILEJSON: Final = "3.0.0"  # github.com/mapbox/tilejson-spec
LATITUDE_MAX: Final = 85.0511  # where Web Mercator ends
FIELDS: Final = {
    "reports": {
        "id": "String; of a single report, as category, state and happened are",
        "category": "String; the id of its category",
        "state": "String; verified or resolved",
        "happened": "String; RFC 3339, UTC",
        "count": "Number; of the reports that a cluster stands for, which has nothing else",
    },
    "ngos": {
        "id": "String; of a single NGO, as the names, causes and region are",
        "name:zh": "String; and so on for each language that there is a name in",
        "causes": "String; codes with commas between them",
        "region": "String; ISO 3166-2",
        "count": "Number; of the NGOs that a cluster stands for, which has nothing else",
    },
}


class Tiles:
    def __init__(self, node: Node, auth: Auth, encoders: Encoders) -> None:
        self._node = node
        self._auth = auth
        self._encoders = encoders

    async def tile(self, request: Request) -> Response:
        actor = await self._auth.actor(request.headers.get("authorization"))
        wanted, _ = await asked(self._node, actor, request)
        at = {name: request.path_params[name] for name in ("zoom", "x", "y")}
        found = await self._node.calls.call(SERVICE, "read_tile", actor, {**at, "filter": wanted})
        headers = headers_of(request, actor, found["versions"])
        if is_known(request, headers):
            return Response(status_code=304, headers=headers)
        accepted = accepted_coding(request.headers.get("accept-encoding", ""), (GZIP,))
        body = await self._encoders.encode(found["layers"], found["extent"], accepted == GZIP)
        if accepted is not None:
            headers["Content-Encoding"] = accepted
        return Response(body, headers=headers, media_type=MEDIA_TYPE)

    async def tilejson(self, request: Request) -> Response:
        """What the tiles hold, and where they are: here, with the same filter."""
        actor = await self._auth.actor(request.headers.get("authorization"))
        await asked(self._node, actor, request)
        here = str(request.url.replace(path="", query="", fragment="")).rstrip("/")
        query = f"?{request.url.query}" if request.url.query else ""
        layers: list[dict[str, Any]] = [
            {"id": name, "fields": fields, "minzoom": 0, "maxzoom": limits.TILE_ZOOM_MAX}
            for name, fields in FIELDS.items()
        ]
        answer = {
            "tilejson": TILEJSON,
            "name": self._node.id,
            "scheme": "xyz",
            "tiles": [f"{here}/map/tiles/{{z}}/{{x}}/{{y}}.mvt{query}"],
            "minzoom": 0,
            "maxzoom": limits.TILE_ZOOM_MAX,
            "bounds": [-180, -LATITUDE_MAX, 180, LATITUDE_MAX],
            "vector_layers": layers,
        }
        return JSONResponse(answer, headers={"Cache-Control": "private, no-cache"})
