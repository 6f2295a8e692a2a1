"""Who speaks for the service: all that the exchange of files needs of its replica."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol

from hinterland.replica import Publish

__all__ = ["Speaker"]


class Speaker(Protocol):
    """What `hinterland.replica.Replica` is to the exchange."""

    @property
    def service(self) -> str: ...

    @property
    def catching_up(self) -> bool:
        """Whether records are on their way: files wait until they have come."""
        ...

    def heard_within(self, seconds: float) -> set[str]:
        """Other members of whom something was heard so lately: they may be asked."""
        ...

    def say(
        self, routing_key: str, fields: dict[str, Any], frames: Iterable[bytes] = ()
    ) -> Publish:
        """A message of this service, signed."""
        ...

    def note(self, sender: str, reason: str) -> None:
        """Something that `sender` sent was refused: count it, and show it."""
        ...
