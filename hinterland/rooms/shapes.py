"""Shapes that bodies of records share, whichever room they belong to."""

from __future__ import annotations

import re
from typing import Annotated, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

__all__ = ["Body", "Code", "Language", "Location", "Phone", "Region", "bounded"]

# BCP 47 (RFC 5646), the part that names languages: language, script, region, variants.
_LANGUAGE: Final = re.compile(
    r"[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?(-([a-z0-9]{5,8}|[0-9][a-z0-9]{3}))*"
)


def _language(tag: str) -> str:
    if not _LANGUAGE.fullmatch(tag):
        raise ValueError(f"{tag!r} is not a BCP 47 language tag like zh, zh-Hant or pt-BR")
    return tag


def bounded(characters_max: int) -> StringConstraints:
    """At least one character, and not more than that."""
    return StringConstraints(min_length=1, max_length=characters_max)


Code = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
Language = Annotated[str, StringConstraints(max_length=35), AfterValidator(_language)]
Region = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}(-[A-Z0-9]{1,3})?$")]  # ISO 3166-2
Phone = Annotated[str, StringConstraints(pattern=r"^\+[1-9][0-9]{5,14}$")]  # E.164


class Body(BaseModel):
    """Fields that this version does not know are left to the record as it was signed."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class Location(Body):
    """WGS 84, in degrees."""

    lng: Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]
    lat: Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]
