"""One way of running a transaction in MongoDB: snapshot reads, majority, journaled, bounded."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar

from pymongo.client_session import ClientSession
from pymongo.database import Database
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

__all__ = ["TRANSACTION_MS_MAX", "transact"]

T = TypeVar("T")

TRANSACTION_MS_MAX: Final = 60_000
MAJORITY: Final = WriteConcern("majority", j=True)


def transact(database: Database[dict[str, Any]], work: Callable[[ClientSession], T]) -> T:
    """Run `work`, again where another transaction came between; all of it happens, or nothing."""
    with database.client.start_session() as session:
        return session.with_transaction(
            work,
            read_concern=ReadConcern("snapshot"),
            write_concern=MAJORITY,
            max_commit_time_ms=TRANSACTION_MS_MAX,
        )
