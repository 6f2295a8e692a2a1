"""Who a phone acts for: HTTP Basic and Digest (RFC 2617), as OpenRosa asks for them.

The password is an API key. With Basic any name does; with Digest the name is the key without its
secret, `hk_<node>_<id>`. ODK Collect sends Basic over TLS alone, and prefers Digest wherever it is
offered: so over TLS only Basic is, which sends a key no more openly than GraphQL's bearers do.
"""

from __future__ import annotations

import hmac
import re
import time
from base64 import b64decode
from collections.abc import Callable
from typing import Any, Final

from starlette.requests import Request

from gateway import limits
from gateway.auth import Auth
from gateway.rpc import Calls
from hinterland.actors import ANONYMOUS, Actor
from hinterland.errors import BadInput
from services.accounts.contract import SERVICE, KeyRefused, digest_realm

__all__ = ["Passwords"]

_PARAMETER: Final = re.compile(r'(\w+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))')
_NONCE: Final = re.compile(r"([0-9a-f]{1,12})-([0-9a-f]{64})")
_DIGEST_NEEDS: Final = ("username", "realm", "nonce", "uri", "response", "nc", "cnonce", "qop")


class Passwords:
    """`secret` makes the nonces: all gateways of a node know it, so that each takes the nonces of
    the others. A nonce may be used again while it is young: whoever repeats a request that he has
    overheard learns nothing new, and sends nothing twice."""

    def __init__(
        self,
        auth: Auth,
        calls: Calls,
        node: str,
        secret: Callable[[], str],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._auth = auth
        self._calls = calls
        self._node = node
        self._realm = digest_realm(node)
        self._secret = secret
        self._clock = clock

    async def actor(self, request: Request) -> Actor:
        """Who sends this; anonymous where nobody says. Raises KeyRefused, and what RPC raises."""
        header = request.headers.get("authorization")
        if header is None:
            return ANONYMOUS
        scheme, _, rest = header.strip().partition(" ")
        match scheme.lower():
            case "basic":
                return await self._auth.actor(f"Bearer {_password(rest)}")
            case "digest":
                return await self._digest(request, _parameters(rest))
        return await self._auth.actor(header)

    def challenges(self, request: Request) -> list[str]:
        """The values of `WWW-Authenticate` for whoever has to say who he is."""
        basic = f'Basic realm="{self._realm}", charset="UTF-8"'
        if request.url.scheme == "https":
            return [basic]
        stale = ", stale=true" if self._is_stale(request) else ""
        nonce = self._nonce(int(self._clock()))
        digest = f'Digest realm="{self._realm}", qop="auth", algorithm=MD5, nonce="{nonce}"'
        return [digest + stale, basic]

    async def _digest(self, request: Request, said: dict[str, str]) -> Actor:
        if any(name not in said for name in _DIGEST_NEEDS) or said["qop"] != "auth":
            raise KeyRefused("The answer to the challenge lacks something; qop is auth.")
        if said["realm"] != self._realm or not self._is_young(said["nonce"]):
            raise KeyRefused("The challenge was another one, or is too old. Answer the new one.")
        if said["uri"] not in _addresses(request):
            raise KeyRefused("The answer to the challenge was for another address.")
        wanted = ("username", "uri", "nonce", "nc", "cnonce", "response")
        params: dict[str, Any] = {name: said[name] for name in wanted}
        try:
            answer = await self._calls.call(
                SERVICE, "authenticate_digest", ANONYMOUS, {**params, "method": request.method}
            )
        except BadInput as error:
            raise KeyRefused(error.message) from error
        return Actor.from_wire(answer["actor"])

    def _nonce(self, at: int) -> str:
        sum = hmac.new(self._secret().encode(), f"{at:x}".encode(), "sha256").hexdigest()
        return f"{at:x}-{sum}"

    def _is_ours(self, nonce: str) -> int | None:
        """When we made it, or None if we did not."""
        match = _NONCE.fullmatch(nonce)
        if match is None:
            return None
        at = int(match[1], 16)
        return at if hmac.compare_digest(self._nonce(at), nonce) else None

    def _is_young(self, nonce: str) -> bool:
        at = self._is_ours(nonce)
        return at is not None and 0 <= self._clock() - at <= limits.OPENROSA_NONCE_S_MAX

    def _is_stale(self, request: Request) -> bool:
        """Whether the phone's nonce was ours, so that its password need not be asked for anew."""
        scheme, _, rest = request.headers.get("authorization", "").partition(" ")
        nonce = _parameters(rest).get("nonce", "") if scheme.lower() == "digest" else ""
        return self._is_ours(nonce) is not None and not self._is_young(nonce)


def _password(credentials: str) -> str:
    try:
        text = b64decode(credentials.strip(), validate=True).decode()
    except ValueError as error:
        raise KeyRefused("Name and password are not as HTTP Basic has them.") from error
    return text.partition(":")[2]


def _parameters(text: str) -> dict[str, str]:
    """`username="…", nc=00000001`, as RFC 2617 writes them."""
    found = _PARAMETER.finditer(text[: limits.OPENROSA_CREDENTIALS_CHARS_MAX])
    return {
        each[1].lower(): re.sub(r"\\(.)", r"\1", each[2]) if each[2] is not None else each[3]
        for each in found
    }


def _addresses(request: Request) -> tuple[str, str]:
    """What a client may have signed: the address as it asked for it, or all of its URL."""
    path = request.scope.get("raw_path", request.url.path.encode()).decode("latin-1")
    query = request.scope["query_string"].decode("latin-1")
    return f"{path}?{query}" if query else path, str(request.url)
