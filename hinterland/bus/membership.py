"""Whom a service believes: the membership, which the room `federation` of the node works out.

Every room asks for it: at the start, when `federation` says that it has changed, and now and then,
so that no lost message leaves anybody believing an expelled node. The room `federation` itself has
it in its own records, and says how with `membership_of`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from random import Random
from typing import Any, Final

import eventlet
from eventlet.event import Event
from nameko.extensions import SharedExtension
from pymongo.errors import PyMongoError

from hinterland.bus.calls import Caller
from hinterland.errors import HinterlandError
from hinterland.identity import FEDERATION_SERVICE, Membership

__all__ = ["MEMBERSHIP_INTERVAL_S", "MEMBERSHIP_RETRY_S", "MembershipSource"]

log = logging.getLogger(__name__)

MEMBERSHIP_INTERVAL_S: Final = 15.0  # an expulsion whose hint was lost is heard so late
MEMBERSHIP_RETRY_S: Final = 2.0  # while `federation` does not answer
JITTER: Final = 0.25


class MembershipSource(SharedExtension):  # type: ignore[misc]  # nameko is untyped
    """Tells one listener of every new membership."""

    caller = Caller()

    def __init__(self) -> None:
        super().__init__()
        self._hinted = Event()
        self._random = Random()

    def listen(
        self,
        take: Callable[[Membership], None],
        own: Callable[[], Membership | None] | None = None,
    ) -> None:
        """Calls `take` with each membership that differs from the last; `own` reads it without
        asking `federation`."""
        self.container.spawn_managed_thread(
            lambda: self._watch(take, own or self._ask), identifier="membership"
        )

    def hint(self) -> None:
        """It may have changed: look now."""
        if not self._hinted.ready():
            self._hinted.send()

    def _watch(
        self, take: Callable[[Membership], None], read: Callable[[], Membership | None]
    ) -> None:
        known: Membership | None = None
        while True:
            self._hinted = Event()
            wait_s = MEMBERSHIP_INTERVAL_S
            try:
                membership = read()
            except (HinterlandError, PyMongoError, LookupError, TypeError, ValueError) as error:
                log.info("the membership is as it was: %s", error)
                wait_s = MEMBERSHIP_RETRY_S
            else:
                if membership is not None and membership != known:
                    take(membership)
                    known = membership
            with eventlet.Timeout(wait_s * self._random.uniform(1 - JITTER, 1 + JITTER), False):
                self._hinted.wait()

    def _ask(self) -> Membership | None:
        answer: dict[str, Any] = self.caller.call(FEDERATION_SERVICE, "membership", {})
        membership = answer["membership"]
        return None if membership is None else Membership.from_dict(membership)
