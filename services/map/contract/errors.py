"""What the map refuses, each with its code for programs and its remedy for people."""

from __future__ import annotations

from hinterland.errors import BadInput, Busy, Inapplicable, NotFound

__all__ = [
    "CategoryInUse",
    "CategoryLoop",
    "FormRefused",
    "FormUnknown",
    "FormVersionExists",
    "MergeRefused",
    "SecondPersonNeeded",
    "SubmissionConflict",
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


class FormRefused(BadInput):
    """This form cannot be used here. Correct what `errors` name, and send it again."""

    code = "FORM_REFUSED"


class FormVersionExists(Inapplicable):
    """This version of the form is there already, and says something else. Phones tell versions by
    their names: write a new one in the column version of the sheet settings."""

    code = "FORM_VERSION_EXISTS"


class FormUnknown(NotFound):
    """There is no such form here, or not in this version. Get the forms anew on the phone."""

    code = "FORM_UNKNOWN"


class SubmissionConflict(Inapplicable):
    """Another submission has this instanceID already. Send this one with an id of its own."""

    code = "SUBMISSION_CONFLICT"
