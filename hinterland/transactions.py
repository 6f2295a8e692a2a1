"""One way of running a transaction in MongoDB: snapshot reads, majority, journaled, bounded."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar

import pymongo
from pymongo.client_session import ClientSession
from pymongo.database import Database
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

__all__ = ["TRANSACTION_S_MAX", "transact"]

T = TypeVar("T")

# With all repeats; the driver's own limit of two minutes is longer than callers wait.
TRANSACTION_S_MAX: Final = 30.0
MAJORITY: Final = WriteConcern("majority", j=True)


def transact(database: Database[dict[str, Any]], work: Callable[[ClientSession], T]) -> T:
    """Run `work`, again where another transaction came between; all of it happens, or nothing.

    Raises PyMongoError, after `TRANSACTION_S_MAX` at the latest; then nobody knows whether it did.
    """
    with pymongo.timeout(TRANSACTION_S_MAX), database.client.start_session() as session:
        return session.with_transaction(
            work,
            read_concern=ReadConcern("snapshot"),
            write_concern=MAJORITY,
        )
