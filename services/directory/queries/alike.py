"""NGOs that may be the organisation that somebody is about to enter."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from pymongo.collection import Collection

from hinterland import search
from hinterland.rooms.searching import TERMS

__all__ = ["CANDIDATES_MAX", "find_candidates", "find_identifier_owners"]

Records = Collection[dict[str, Any]]
Document = dict[str, Any]

CANDIDATES_MAX: Final = 5_000  # NGOs that one command or chunk is compared with
_FIELDS: Final = {"home": 1, "scope": 1, "body": 1, "ix.alike": 1}


def find_candidates(
    collection: Records, keys: Iterable[int], identifiers: Iterable[str]
) -> list[Document]:
    """NGOs with a like name or the same identifier, for `rules.alike.likeness` to judge."""
    found: dict[str, Document] = {}
    terms = [search.identifier_term(value) for value in identifiers]
    names = collection.find({"ix.alike": {"$in": list(keys)}}, _FIELDS).limit(CANDIDATES_MAX)
    found.update((document["_id"], document) for document in names)
    if terms:
        same = collection.find({TERMS: {"$in": terms}}, _FIELDS).limit(CANDIDATES_MAX)
        found.update((document["_id"], document) for document in same)
    return list(found.values())


def find_identifier_owners(
    collection: Records, home: str, identifiers: Iterable[dict[str, str]]
) -> list[str]:
    """Ids of the home's own NGOs that have one of these identifiers, which no two may share."""
    wanted = list(identifiers)
    terms = [search.identifier_term(found["value"]) for found in wanted]
    documents = collection.find({TERMS: {"$in": terms}, "home": home}, {"body.identifiers": 1})
    return [
        document["_id"]
        for document in documents
        if any(identifier in wanted for identifier in document["body"].get("identifiers", ()))
    ]
