"""Databases for rooms that are tested without their services."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.database import Database

from hinterland.testing import drop_databases, fresh_name


@pytest.fixture(scope="session")
def databases(mongo_uri: str) -> Iterator[Callable[[str], Database[dict[str, Any]]]]:
    """Databases by word, the same for a whole run: making the indexes is what takes time."""
    prefix = fresh_name()
    with MongoClient[dict[str, Any]](mongo_uri, tz_aware=True) as client:
        yield lambda word: client[f"{prefix}-{word}"]
    drop_databases(mongo_uri, prefix)
