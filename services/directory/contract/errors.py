"""What the directory refuses, each with its code for programs and its remedy for people."""

from __future__ import annotations

from hinterland.errors import Inapplicable

__all__ = ["DuplicateNgo", "SuggestionConflict", "SuggestionDecided"]


class DuplicateNgo(Inapplicable):
    """This node already has an NGO with that identifier. Update that one; `id` names it."""

    code = "DUPLICATE_NGO"


class SuggestionConflict(Inapplicable):
    """Fields of this suggestion have changed since it was made. Look at the difference, and accept
    it with the NGO's current version as `ngo_version`, or refuse it."""

    code = "SUGGESTION_CONFLICT"


class SuggestionDecided(Inapplicable):
    """This suggestion has been decided already. Read it again to see how."""

    code = "SUGGESTION_DECIDED"
