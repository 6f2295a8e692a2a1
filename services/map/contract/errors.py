"""What the map refuses, each with its code for programs and its remedy for people."""

from __future__ import annotations

from hinterland.errors import Busy, Inapplicable

__all__ = [
    "CategoryInUse",
    "CategoryLoop",
    "MergeRefused",
    "SecondPersonNeeded",
    "TooManyReports",
]


class CategoryLoop(Inapplicable):
    """A category cannot be below itself, nor deeper in the tree than the limit. Choose another
    parent."""

    code = "CATEGORY_LOOP"


class CategoryInUse(Inapplicable):
    """Reports or other categories still name this category. Move them first."""

    code = "CATEGORY_IN_USE"


class SecondPersonNeeded(Inapplicable):
    """This category takes two persons to verify a report, and you were the first. Somebody else,
    with an account of his own, has to verify it, too."""

    code = "SECOND_PERSON_NEEDED"


class MergeRefused(Inapplicable):
    """The home of one of these reports has refused this merge. Make another without it."""

    code = "MERGE_REFUSED"


class TooManyReports(Busy):
    """Too many reports have come from this address, or to this node, within the hour. Keep the
    report and send it again later, with the same id."""

    code = "TOO_MANY_REPORTS"
