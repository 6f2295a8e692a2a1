"""/map/reports.geojson, /map/reports.csv, /map/reports.atom, /map/ngos.geojson: streamed files.

A page of reports is fetched, written and forgotten before the next, so that memory does not grow
with the map. Should a service fail in the middle, the answer is cut off, which callers notice: it
has no end.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any, Final, NamedTuple

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
NGO_FILTERS: Final = frozenset({"region", "home"})

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


class Source(NamedTuple):
    """Where pages come from: a method that returns `{items, next}`."""

    actor: Actor
    method: str
    params: Mapping[str, Any]


class Form(NamedTuple):
    """How a file is written."""

    media_type: str
    start: bytes
    write: Writer
    end: bytes


class Exports:
    def __init__(self, node: Node, auth: Auth) -> None:
        self._node = node
        self._auth = auth
        self._running = 0

    async def geojson(self, request: Request) -> Response:
        def write(reports: list[dict[str, Any]], first: bool) -> bytes:
            return geojson.features(map(geojson.feature, reports), first=first)

        return await self._reports(
            request, geojson.MEDIA_TYPE, lambda _names: write, geojson.START, geojson.END
        )

    async def csv(self, request: Request) -> Response:
        def writer(names: Mapping[str, str]) -> Writer:
            return lambda reports, _first: csv.rows(reports, names)

        return await self._reports(request, csv.MEDIA_TYPE, writer, csv.START, b"")

    async def ngos(self, request: Request) -> Response:
        """NGOs with a place, by region and home."""
        actor = await self._auth.actor(request.headers.get("authorization"))
        wanted = filter_of(request.query_params)
        if others := set(wanted) - NGO_FILTERS:
            raise BadInput("NGOs are filtered by region and home", field=min(others))
        source = Source(actor, "list_pins", {**wanted, "first": limits.EXPORT_PAGE_ITEMS})

        def write(pins: list[dict[str, Any]], first: bool) -> bytes:
            return geojson.features(map(geojson.ngo_feature, pins), first=first)

        form = Form(geojson.MEDIA_TYPE, geojson.START, write, geojson.END)
        return await self._stream(request, source, form)

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

    async def _reports(
        self,
        request: Request,
        media_type: str,
        writer: Callable[[Mapping[str, str]], Writer],
        start: bytes,
        end: bytes,
    ) -> Response:
        actor = await self._auth.actor(request.headers.get("authorization"))
        wanted, _ = await asked(self._node, actor, request, (LANGUAGES,))
        write = writer(await self._category_names(actor, request))
        params = {"filter": wanted, "first": limits.EXPORT_PAGE_ITEMS}
        source = Source(actor, "export_reports", params)
        return await self._stream(request, source, Form(media_type, start, write, end))

    async def _stream(self, request: Request, source: Source, form: Form) -> Response:
        page = await self._page(source, None)
        headers = headers_of(request, source.actor, page.get("versions", page["head"]))
        if is_known(request, headers):
            return Response(status_code=304, headers=headers)
        if self._running >= limits.EXPORTS_AT_ONCE_MAX:
            raise Busy(f"{limits.EXPORTS_AT_ONCE_MAX} files are being written. Try again soon.")

        async def body() -> AsyncIterator[bytes]:
            nonlocal page
            self._running += 1
            try:
                yield form.start + form.write(page["items"], True)
                written = bool(page["items"])
                while page["next"] is not None:
                    page = await self._page(source, page["next"])
                    yield form.write(page["items"], not written)
                    written = written or bool(page["items"])
                yield form.end
            finally:
                self._running -= 1

        return StreamingResponse(body(), headers=headers, media_type=form.media_type)

    async def _page(self, source: Source, after: str | None) -> Any:
        params = {**source.params, "after": after}
        return await self._node.calls.call(SERVICE, source.method, source.actor, params)

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
