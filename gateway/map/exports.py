"""/map/reports.geojson, /map/reports.csv, /map/reports.atom: reports as files, streamed.

A page of reports is fetched, written and forgotten before the next, so that memory does not grow
with the map. Should a service fail in the middle, the answer is cut off, which callers notice: it
has no end.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from gateway import limits
from gateway.auth import Auth
from gateway.context import Node
from gateway.map.answers import headers_of, is_known
from gateway.map.formats import atom, csv, geojson
from gateway.map.questions import LAYER, filter_of
from gateway.schema.values import best_text
from hinterland.actors import Actor
from hinterland.errors import BadInput, Busy
from services.map.contract import SERVICE

__all__ = ["Exports", "asked"]

LANGUAGES: Final = "languages"
PAGE_ITEMS: Final = 100  # of categories at a time
TITLE: Final = "Reports"

Writer = Callable[[list[dict[str, Any]], bool], bytes]


async def asked(
    node: Node, actor: Actor, request: Request, beside: tuple[str, ...] = ()
) -> tuple[dict[str, Any], Mapping[str, Any] | None]:
    """The filter that a request asks for, and the layer that it names. Raises BadInput."""
    layer = None
    layer_id = request.query_params.get(LAYER)
    if layer_id is not None:
        found = await node.calls.call(SERVICE, "get_records", actor, {"ids": [layer_id]})
        layer = found["items"][0]
        if layer is None or layer["kind"] != "layer":
            raise BadInput(f"there is no layer {layer_id} for you here", field=LAYER)
    wanted = filter_of(request.query_params, layer["filter"] if layer else None, beside)
    return wanted, layer


class Exports:
    def __init__(self, node: Node, auth: Auth) -> None:
        self._node = node
        self._auth = auth
        self._running = 0

    async def geojson(self, request: Request) -> Response:
        def write(reports: list[dict[str, Any]], first: bool) -> bytes:
            return geojson.features(reports, first=first)

        return await self._stream(
            request, geojson.MEDIA_TYPE, lambda _names: write, geojson.START, geojson.END
        )

    async def csv(self, request: Request) -> Response:
        def writer(names: Mapping[str, str]) -> Writer:
            return lambda reports, _first: csv.rows(reports, names)

        return await self._stream(request, csv.MEDIA_TYPE, writer, csv.START, b"")

    async def atom(self, request: Request) -> Response:
        """The latest ATOM_ENTRIES_MAX that came or changed here."""
        actor = await self._auth.actor(request.headers.get("authorization"))
        wanted, layer = await asked(self._node, actor, request, (LANGUAGES,))
        params = {"filter": wanted, "order_by": "updated", "first": limits.ATOM_ENTRIES_MAX}
        page = await self._node.calls.call(SERVICE, "list_reports", actor, params)
        headers = headers_of(request, actor, page["head"])
        if is_known(request, headers):
            return Response(status_code=304, headers=headers)
        names = await self._category_names(actor, request)
        title = TITLE if layer is None else _name(layer["names"], request)
        body = atom.feed(page["items"], names, title, str(request.url))
        return Response(body, headers=headers, media_type=atom.MEDIA_TYPE)

    async def _stream(
        self,
        request: Request,
        media_type: str,
        writer: Callable[[Mapping[str, str]], Writer],
        start: bytes,
        end: bytes,
    ) -> Response:
        actor = await self._auth.actor(request.headers.get("authorization"))
        wanted, _ = await asked(self._node, actor, request, (LANGUAGES,))
        page = await self._page(actor, wanted, None)
        headers = headers_of(request, actor, page["head"])
        if is_known(request, headers):
            return Response(status_code=304, headers=headers)
        if self._running >= limits.EXPORTS_AT_ONCE_MAX:
            raise Busy(f"{limits.EXPORTS_AT_ONCE_MAX} files are being written. Try again soon.")
        write = writer(await self._category_names(actor, request))

        async def body() -> AsyncIterator[bytes]:
            nonlocal page
            self._running += 1
            try:
                yield start + write(page["items"], True)
                written = bool(page["items"])
                while page["next"] is not None:
                    page = await self._page(actor, wanted, page["next"])
                    yield write(page["items"], not written)
                    written = written or bool(page["items"])
                yield end
            finally:
                self._running -= 1

        return StreamingResponse(body(), headers=headers, media_type=media_type)

    async def _page(self, actor: Actor, wanted: Mapping[str, Any], after: str | None) -> Any:
        params = {"filter": wanted, "after": after, "first": limits.EXPORT_PAGE_ITEMS}
        return await self._node.calls.call(SERVICE, "export_reports", actor, params)

    async def _category_names(self, actor: Actor, request: Request) -> dict[str, str]:
        """By id, in the first of `languages` that there is."""
        names: dict[str, str] = {}
        params: dict[str, Any] = {"kind": "category", "first": PAGE_ITEMS}
        while True:
            page = await self._node.calls.call(SERVICE, "list_records", actor, params)
            names |= {item["id"]: _name(item["names"], request) for item in page["items"]}
            if page["next"] is None:
                return names
            params["after"] = page["next"]


def _name(names: Mapping[str, str], request: Request) -> str:
    languages = request.query_params.get(LANGUAGES, "").split(",")
    return best_text(names, languages) or next(iter(names.values()))
