"""`/healthz`: this process lives. `/readyz`: the services that it needs answer.

The first is for whoever would restart the process, the second for whoever sends requests to it: a
service that is away is no reason to restart the gateway.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Final

import orjson
from starlette.requests import Request
from starlette.responses import Response

from gateway import limits
from gateway.rpc import Rpc
from hinterland.actors import Actor
from hinterland.errors import HinterlandError

__all__ = ["Health"]

PROBE: Final = "feed_status"  # every service has it, and reads its database for it


class Health:
    """Asks services at most once in READY_AGE_S_MAX, however often it is asked itself."""

    def __init__(
        self,
        rpc: Rpc,
        node: str,
        services: Sequence[str],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._rpc = rpc
        self._actor = Actor(roles=frozenset({"operator"}), node=node)
        self._services = services
        self._clock = clock
        self._asked_at = float("-inf")
        self._states: dict[str, str] = {}
        self._asking = asyncio.Lock()

    async def healthz(self, _request: Request) -> Response:
        return _json({"healthy": True}, 200)

    async def readyz(self, _request: Request) -> Response:
        async with self._asking:
            if self._clock() - self._asked_at > limits.READY_AGE_S_MAX:
                states = await asyncio.gather(*map(self._state, self._services))
                self._states = dict(zip(self._services, states, strict=True))
                self._asked_at = self._clock()
        ready = all(state == "ready" for state in self._states.values())
        return _json({"ready": ready, "services": self._states}, 200 if ready else 503)

    async def _state(self, service: str) -> str:
        """`ready`, or the code of what the service, or the way to it, says."""
        try:
            await self._rpc.call(service, PROBE, self._actor, {}, limits.READY_S_MAX)
        except HinterlandError as error:
            return str(error.details["code"])
        return "ready"


def _json(content: object, status: int) -> Response:
    return Response(
        orjson.dumps(content),
        status_code=status,
        media_type="application/json",
        headers={"Cache-Control": "no-store"},
    )
