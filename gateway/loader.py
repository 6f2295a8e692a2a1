"""Collecting ids that are asked for one by one, and fetching them together."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from itertools import islice
from typing import Any

from hinterland.errors import HinterlandError

__all__ = ["Loader"]


class Loader:
    """For one request: fetches what was asked for in one turn of the event loop, each id once."""

    def __init__(self, fetch: Callable[[list[str]], Awaitable[list[Any]]], ids_max: int) -> None:
        """`fetch` returns an item, or None, for each of at most `ids_max` ids, in their order."""
        self._fetch = fetch
        self._ids_max = ids_max
        self._found: dict[str, asyncio.Future[Any]] = {}
        self._wanted: dict[str, asyncio.Future[Any]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def load(self, record_id: str) -> asyncio.Future[Any]:
        found = self._found.get(record_id)
        if found is None:
            loop = asyncio.get_running_loop()
            if not self._wanted:
                loop.call_soon(self._start)
            found = loop.create_future()
            self._found[record_id] = self._wanted[record_id] = found
        return found

    def _start(self) -> None:
        wanted, self._wanted = self._wanted, {}
        ids = iter(wanted)
        while some := list(islice(ids, self._ids_max)):
            task = asyncio.create_task(self._load({one: wanted[one] for one in some}))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _load(self, wanted: dict[str, asyncio.Future[Any]]) -> None:
        try:
            items = await self._fetch(list(wanted))
        except HinterlandError as error:
            for found in wanted.values():
                if not found.cancelled():
                    found.set_exception(error)
            return
        for found, item in zip(wanted.values(), items, strict=True):
            if not found.cancelled():
                found.set_result(item)
