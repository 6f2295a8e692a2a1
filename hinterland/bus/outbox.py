"""Messages that wait to be sent, bounded in number and in bytes. Pure."""

from __future__ import annotations

from collections import deque
from typing import Any, Final, NamedTuple

__all__ = ["UNSENT_BYTES_MAX", "UNSENT_MESSAGES_MAX", "Outbox", "Outgoing"]

UNSENT_MESSAGES_MAX: Final = 10_000  # of one process, while the broker does not take them
UNSENT_BYTES_MAX: Final = 32 * 1024 * 1024


class Outgoing(NamedTuple):
    """One message. `properties` are AMQP's; without an exchange, `routing_key` names a queue."""

    exchange: str
    routing_key: str
    body: bytes
    properties: dict[str, Any]


class Outbox:
    """First in, first out. What does not fit pushes the oldest out: the newest says the most."""

    def __init__(self) -> None:
        self.dropped = 0
        self._messages: deque[Outgoing] = deque()
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._messages)

    def put(self, message: Outgoing) -> Outgoing | None:
        """Adds a message; returns the last one that had to go for it, which `dropped` counts."""
        self._messages.append(message)
        self._bytes += len(message.body)
        pushed_out = None
        while len(self._messages) > UNSENT_MESSAGES_MAX or self._bytes > UNSENT_BYTES_MAX:
            pushed_out = self._messages.popleft()
            self._bytes -= len(pushed_out.body)
            self.dropped += 1
        return pushed_out

    def oldest(self) -> Outgoing:
        return self._messages[0]

    def sent(self, message: Outgoing) -> None:
        """Forgets `message`, which was the oldest when it was taken, and may be gone since."""
        if self._messages and self._messages[0] is message:
            self._messages.popleft()
            self._bytes -= len(message.body)
