"""The page itself, and the headers that keep it to itself."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

__all__ = ["ASSETS_DIR", "ASSETS_PATH", "graphiql_page"]

HERE: Final = Path(__file__).parent
ASSETS_DIR: Final = HERE.parents[1] / "build" / "graphiql"
ASSETS_PATH: Final = "/graphiql"

HEADERS: Final = {
    # GraphiQL's editor sets styles on elements, and carries its fonts within its style sheet.
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; "
    "style-src 'self' 'unsafe-inline'; font-src 'self' data:; img-src 'self' data:; "
    "connect-src 'self' ws: wss:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
    "Vary": "Accept",
}


async def graphiql_page(_request: Request) -> Response:
    built = (ASSETS_DIR / "graphiql.js").is_file()
    name = "page.html" if built else "absent.html"
    return HTMLResponse((HERE / name).read_text(encoding="utf-8"), headers=HEADERS)
