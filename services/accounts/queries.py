"""All that `accounts` asks of MongoDB, each with its reason. Records are read by id elsewhere."""

from __future__ import annotations

from typing import Any, Final

from pymongo import ASCENDING, IndexModel
from pymongo.collection import Collection

from hinterland.records import Record

__all__ = ["INDEXES", "list_accounts", "list_keys"]

INDEXES: Final = [
    # An operator looks at the keys of one account; also a page of all keys, or of all accounts.
    IndexModel([("kind", ASCENDING), ("_id", ASCENDING)], name="kind_id"),
    IndexModel([("ix.account", ASCENDING), ("_id", ASCENDING)], name="account", sparse=True),
]


def list_accounts(records: Collection[dict[str, Any]], after: str, count: int) -> list[Record]:
    """The next `count` accounts in order of ids, for an operator's list."""
    return _page(records, {"kind": "account", "_id": {"$gt": after}}, count)


def list_keys(
    records: Collection[dict[str, Any]], account: str | None, after: str, count: int
) -> list[Record]:
    """The next `count` keys in order of ids, of one account or of all, for an operator's list."""
    of_account = {"ix.account": account} if account else {}
    return _page(records, {"kind": "key", **of_account, "_id": {"$gt": after}}, count)


def _page(
    records: Collection[dict[str, Any]], condition: dict[str, Any], count: int
) -> list[Record]:
    found = records.find(condition, sort={"_id": ASCENDING}, limit=count)
    return [Record.from_document(document) for document in found]
