"""The directory's only MongoDB: its indexes and its named queries, each with its reason.

- `conditions`: which NGOs a filter and an audience mean
- `lists`: pages of NGOs in four orders, by keyset
- `summaries`: counts
- `alike`: NGOs that may be the same organisation
- `suggestions`: the other kinds

Only NGOs with a readable body have `ix.region`, so that a condition on it means NGOs.
"""

from hinterland.rooms.imports import imports_latest_first, next_chunk_to_undo
from hinterland.rooms.paging import Found
from services.directory.queries.alike import find_candidates, find_identifier_owners
from services.directory.queries.conditions import FACETS, INDEXES, matching, visible
from services.directory.queries.lists import export_page, list_page, ngos_by_id
from services.directory.queries.suggestions import (
    decisions_of,
    decisions_without_ngo,
    suggestion_page,
    suggestions_by_id,
    suggestions_without_ngo,
    undecided_suggestions,
)
from services.directory.queries.summaries import Counts, count_ngos, summarise

__all__ = [
    "FACETS",
    "INDEXES",
    "Counts",
    "Found",
    "count_ngos",
    "decisions_of",
    "decisions_without_ngo",
    "export_page",
    "find_candidates",
    "find_identifier_owners",
    "imports_latest_first",
    "list_page",
    "matching",
    "next_chunk_to_undo",
    "ngos_by_id",
    "suggestion_page",
    "suggestions_by_id",
    "suggestions_without_ngo",
    "summarise",
    "undecided_suggestions",
    "visible",
]
