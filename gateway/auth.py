"""From `Authorization: Bearer hk_…` to an actor.

The service `accounts` knows keys; its answers are kept here under the key's hash, never under the
key. Whatever changes in `accounts` empties this cache, so that a revoked key is refused at once; an
age limit holds should that message be lost.
"""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Callable
from typing import Final

from gateway import limits
from gateway.kept import Kept
from gateway.live import Changed
from gateway.rpc import Calls
from hinterland.actors import ANONYMOUS, Actor
from hinterland.errors import HinterlandError
from services.accounts.contract import SERVICE, KeyRefused

__all__ = ["Auth"]

KEY: Final = re.compile(r"hk_([a-z][a-z0-9-]{1,30})_[A-Za-z0-9]{1,40}_[A-Za-z0-9_-]{16,200}")


class Auth:
    """A listener of `gateway.live.Changes`."""

    def __init__(
        self, calls: Calls, node: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._calls = calls
        self._node = node
        self._clock = clock
        self._generation = 0
        self._actors = Kept[bytes, Actor](limits.ACTORS_MAX, limits.ACTOR_AGE_S_MAX)
        self._refused = Kept[bytes, KeyRefused](limits.REFUSED_KEYS_MAX, limits.ACTOR_AGE_S_MAX)

    async def actor(self, authorization: str | None) -> Actor:
        """Who sends this header; anonymous without one. Raises KeyRefused, and what RPC raises."""
        if authorization is None:
            return ANONYMOUS
        scheme, _, key = authorization.strip().partition(" ")
        key = key.strip()
        if scheme.lower() != "bearer":
            raise KeyRefused("Write the header as `Authorization: Bearer hk_…`.")
        match = KEY.fullmatch(key)
        if match is None:
            raise KeyRefused("This is not an API key: it starts with hk_ and holds no spaces.")
        if match[1] != self._node:
            raise KeyRefused(f"This key is for the node {match[1]}, and this is {self._node}.")
        digest = hashlib.sha256(key.encode()).digest()
        now = self._clock()
        if (actor := self._actors.get(digest, now)) is not None:
            return actor
        if (refusal := self._refused.get(digest, now)) is not None:
            raise refusal
        return await self._ask(key, digest)

    async def _ask(self, key: str, digest: bytes) -> Actor:
        generation = self._generation
        try:
            answer = await self._calls.call(SERVICE, "authenticate", ANONYMOUS, {"key": key})
        except HinterlandError as error:
            if error.details["code"] != KeyRefused.code:
                raise
            refusal = KeyRefused(error.message)
            if generation == self._generation:
                self._refused.put(digest, refusal, self._clock())
            raise refusal from None
        actor = Actor.from_wire(answer["actor"])
        # An answer from before a change that has been heard meanwhile may be void already.
        if generation == self._generation:
            self._actors.put(digest, actor, self._clock())
        return actor

    def changed(self, changed: Changed) -> None:
        if changed.service == SERVICE:
            self.lost_sight()

    def lost_sight(self) -> None:
        self._generation += 1
        self._actors.clear()
        self._refused.clear()
