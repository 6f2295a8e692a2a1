"""One way of connecting to MongoDB: what is acknowledged is on disk, and no wait is without end."""

from __future__ import annotations

from typing import Any, Final

from pymongo import MongoClient

__all__ = ["CONNECTIONS_MAX", "CONNECT_TIMEOUT_MS", "SELECTION_TIMEOUT_MS", "connect"]

CONNECTIONS_MAX: Final = 100  # of one process
CONNECT_TIMEOUT_MS: Final = 5_000
# How long an operation waits for a primary: an election takes seconds, a restart of mongod ten.
SELECTION_TIMEOUT_MS: Final = 15_000
SOCKET_TIMEOUT_MS: Final = 120_000  # for one answer; verifying a large feed asks for much
WRITE_TIMEOUT_MS: Final = 30_000  # for the majority to have a write on disk


def connect(
    uri: str, name: str, selection_timeout_ms: int = SELECTION_TIMEOUT_MS
) -> MongoClient[dict[str, Any]]:
    """A client that writes to the majority's journal and reads what a majority has, times in UTC.

    `name` is what MongoDB's own tools show for it. Nothing is sent before the first operation.
    """
    return MongoClient(
        uri,
        appname=name,
        tz_aware=True,
        w="majority",
        journal=True,
        wTimeoutMS=WRITE_TIMEOUT_MS,
        readConcernLevel="majority",
        maxPoolSize=CONNECTIONS_MAX,
        connectTimeoutMS=CONNECT_TIMEOUT_MS,
        serverSelectionTimeoutMS=selection_timeout_ms,
        socketTimeoutMS=SOCKET_TIMEOUT_MS,
    )
