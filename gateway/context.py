"""What the resolvers of one request share: who asks, calls to services, and what came back."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Any

import orjson

from gateway import limits
from gateway.kept import Kept
from gateway.live import Heads, Interests
from gateway.loader import Loader
from gateway.rpc import Calls
from hinterland.actors import Actor
from hinterland.errors import HinterlandError

__all__ = ["Context", "Node", "TooManyCalls", "audience"]


class TooManyCalls(HinterlandError):
    """The query makes the node ask its services too often. Send it in several requests."""

    code = "TOO_COSTLY"


class Node:
    """What all requests of this process share."""

    def __init__(
        self,
        id: str,
        calls: Calls,
        heads: Heads,
        interests: Interests,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.id = id
        self.calls = calls
        self.heads = heads
        self.interests = interests
        self.clock = clock
        self.statuses = Kept[tuple[str, str, str], asyncio.Future[Any]](
            limits.STATUSES_MAX, limits.STATUS_AGE_S_MAX
        )


def audience(actor: Actor) -> str:
    """Who may be given the same answer. Accounts never share one, nor do two keys of one account
    with different roles: what a role may read differs from room to room, and this is no place to
    know it."""
    if actor.account is None:
        return "public"
    return " ".join((actor.node, actor.account, *sorted(actor.roles)))


class Context:
    """One request. A read that is made twice is one call, also when the first one failed."""

    def __init__(self, node: Node, actor: Actor, address: str | None = None) -> None:
        """`address` is where a mutation comes from, for those that anybody may send."""
        self.node = node
        self.actor = actor
        self.address = address
        self.heads: dict[str, int] = {}  # of what was read: the lowest of each service
        self.cacheable = True
        self._calls = 0
        self._reads: dict[tuple[str, str, bytes], asyncio.Task[Any]] = {}
        self._loaders: dict[tuple[str, str], Loader] = {}

    async def read(self, service: str, method: str, params: Mapping[str, Any]) -> Any:
        """A result without a head depends on more than records, so the answer is not kept."""
        key = (service, method, orjson.dumps(params))
        task = self._reads.get(key)
        if task is None:
            self._count()
            task = asyncio.create_task(self.call(service, method, params))
            self._reads[key] = task
        return await task

    async def read_status(self, service: str, method: str) -> Any:
        """A result that is costly, and computed from more than records: it may be as old as
        STATUS_AGE_S_MAX, and whoever asks meanwhile waits for the same one."""
        self.cacheable = False
        statuses, key = self.node.statuses, (service, method, audience(self.actor))
        now = self.node.clock()
        status = statuses.get(key, now)
        if status is None:
            self._count()
            status = asyncio.ensure_future(self.call(service, method, {}))
            statuses.put(key, status, now)
        return await asyncio.shield(status)

    async def write(self, service: str, method: str, params: Mapping[str, Any]) -> Any:
        self.cacheable = False
        self._count()
        try:
            return await self.call(service, method, params)
        finally:
            self._reads.clear()
            self._loaders.clear()

    async def call(self, service: str, method: str, params: Mapping[str, Any]) -> Any:
        """A read or a write that is neither kept nor counted."""
        result = await self.node.calls.call(service, method, self.actor, params)
        head = result.get("head") if isinstance(result, dict) else None
        if isinstance(head, int):
            self.heads[service] = min(head, self.heads.get(service, head))
            self.node.heads.observe(service, head)
        else:
            self.cacheable = False
        return result

    def loader(self, service: str, method: str) -> Loader:
        """Collects ids for `method`, which takes `{"ids": […]}` and returns `{"items": […]}`."""
        key = (service, method)
        loader = self._loaders.get(key)
        if loader is None:

            async def fetch(ids: list[str]) -> list[Any]:
                self._count()
                result = await self.call(service, method, {"ids": ids})
                return list(result["items"])

            loader = self._loaders[key] = Loader(fetch, limits.PAGE_ITEMS_MAX)
        return loader

    def _count(self) -> None:
        self._calls += 1
        if self._calls > limits.CALLS_PER_REQUEST_MAX:
            raise TooManyCalls()
