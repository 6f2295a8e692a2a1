"""The newest head of each service that this process has heard of.

A head is a service's version at this node, in microseconds; it only grows. It is what tells whether
a cached answer still holds.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from gateway.live.changes import Changed

__all__ = ["Heads", "behind"]


class Heads:
    def __init__(self) -> None:
        self._known: dict[str, int] = {}
        self._moved: asyncio.Event = asyncio.Event()

    def observe(self, service: str, head: int) -> None:
        """A service said, in a reply or a change, that it is at `head`."""
        if head > self._known.get(service, -1):
            self._known[service] = head
            self._moved.set()
            self._moved = asyncio.Event()

    def current(self, heads: Mapping[str, int]) -> bool:
        """Whether an answer computed at `heads` is, for all we know, what would be answered now."""
        return all(self._known.get(service, -1) <= head for service, head in heads.items())

    async def wait_for(self, wanted: Mapping[str, int], seconds_max: float) -> bool:
        """Whether every service was heard to be at `wanted`, within `seconds_max`."""
        try:
            async with asyncio.timeout(seconds_max):
                while any(self._known.get(name, -1) < head for name, head in wanted.items()):
                    await self._moved.wait()
        except TimeoutError:
            return False
        return True

    def changed(self, changed: Changed) -> None:
        self.observe(changed.service, changed.head)

    def lost_sight(self) -> None:
        """Not known any more. It also lets go of a head that a restored backup has taken back."""
        self._known.clear()


def behind(heads: Mapping[str, int], wanted: Mapping[str, int]) -> dict[str, int]:
    """Those of `wanted` that an answer computed at `heads` should have known, and does not."""
    return {service: head for service, head in wanted.items() if heads.get(service, head) < head}
