"""Forms, by the ids that phones know."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from pymongo.collection import Collection

__all__ = ["forms"]

Records = Collection[dict[str, Any]]
Document = dict[str, Any]

FORMS_MAX: Final = 2_000  # versions of forms that one node reads together
BULKY: Final = {"body.fields": 0, "body.options": 0, "body.xform.packed": 0}


def forms(
    collection: Records, scopes: Iterable[str], form_id: str | None = None, whole: bool = False
) -> list[Document]:
    """All versions of all forms, or of one, of all homes, for a phone that asks for the list or
    hands in answers; without questions and XML, unless `whole`."""
    condition: dict[str, Any] = {
        "ix.form": {"$exists": True} if form_id is None else form_id,
        "scope": {"$in": list(scopes)},
    }
    return list(collection.find(condition, None if whole else BULKY, limit=FORMS_MAX))
