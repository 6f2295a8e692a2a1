"""The door: where a node that was invited to a federation knocks, over TLS.

`POST /federation/join` passes a JSON object on to the service `federation`, which knows about
invitations, and answers with what that says:

- 200 and the result
- else `{"error": {"message": …, "details": {"code": …}}}`, with the status for people with curl

The one who knocks has no account yet and pins this node's certificate by the invitation. So this
listener does nothing else, and little of that: bodies, attempts and connections are bounded.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import Any, Final

import orjson
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from gateway import limits
from gateway.kept import Kept
from gateway.rpc import Rpc
from hinterland.actors import ANONYMOUS
from hinterland.errors import BadInput, Busy, HinterlandError, NotAllowed, NotFound, Unavailable
from services.federation.contract import DOOR_PATH, SERVICE

__all__ = ["Door"]

MINUTE_S: Final = 60.0  # over which attempts are counted
STATUS: Final = {
    BadInput.code: 400,
    NotAllowed.code: 403,
    NotFound.code: 404,
    Busy.code: 429,
    Unavailable.code: 503,
    HinterlandError.code: 500,
}
OTHER_STATUS: Final = 409  # understood, and refused for a reason that its code tells


class Attempts:
    """The times of the last attempts, for one address or for all."""

    def __init__(self, per_minute_max: int) -> None:
        self._times: deque[float] = deque(maxlen=per_minute_max)

    def allow(self, now: float) -> bool:
        """Whether there were fewer than are allowed in the last minute; counts this one if so."""
        full = len(self._times) == self._times.maxlen
        if full and now - self._times[0] < MINUTE_S:
            return False
        self._times.append(now)
        return True


class Door:
    """`app` is an ASGI application."""

    def __init__(self, rpc: Rpc, clock: Callable[[], float] = time.monotonic) -> None:
        self._rpc = rpc
        self._clock = clock
        self._everybody = Attempts(limits.DOOR_ATTEMPTS_PER_MINUTE_ALL_MAX)
        self._by_address = Kept[str, Attempts](limits.DOOR_ADDRESSES_MAX, MINUTE_S)
        self.app = Starlette(routes=[Route(DOOR_PATH, self.join, methods=["POST"])])

    async def join(self, request: Request) -> Response:
        try:
            self._count(request.client.host if request.client else "")
            result = await self._rpc.call(
                SERVICE, "admit", ANONYMOUS, await _body(request), limits.DOOR_CALL_S_MAX
            )
        except HinterlandError as error:
            details = error.details
            status = STATUS.get(details["code"], OTHER_STATUS)
            return _json({"error": {"message": error.message, "details": details}}, status)
        except ClientDisconnect:
            return Response(status_code=400)
        return _json(result, 200)

    def _count(self, address: str) -> None:
        """Raises Busy. A secret of 128 bits is not guessed at this rate in any lifetime."""
        now = self._clock()
        attempts = self._by_address.get(address, now) or Attempts(
            limits.DOOR_ATTEMPTS_PER_MINUTE_MAX
        )
        self._by_address.put(address, attempts, now)
        if not (attempts.allow(now) and self._everybody.allow(now)):
            raise Busy("Too many attempts to join. Try again in a minute.")


async def _body(request: Request) -> dict[str, Any]:
    parts = bytearray()
    async for part in request.stream():
        parts += part
        if len(parts) > limits.DOOR_BODY_BYTES_MAX:
            raise BadInput(f"At most {limits.DOOR_BODY_BYTES_MAX} bytes are read here.")
    try:
        body = orjson.loads(bytes(parts))
    except orjson.JSONDecodeError as error:
        raise BadInput(f"The body is not JSON: {error}") from error
    if not isinstance(body, dict):
        raise BadInput("The body is not a JSON object.")
    return body


def _json(content: Any, status: int) -> Response:
    return Response(
        orjson.dumps(content),
        status_code=status,
        media_type="application/json",
        headers={"Cache-Control": "no-store"},
    )
