"""What is written to the map."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import graphene

from gateway.schema.values import Json, LocalTextInput, LocationInput, Time, by_key

__all__ = [
    "CategoryInput",
    "FileInput",
    "LayerInput",
    "PlaceInput",
    "ReportChangesInput",
    "ReportInput",
    "ReporterInput",
    "ReviewedInput",
    "named",
]


def _list(of: Any, description: str | None = None) -> Any:
    return graphene.List(graphene.NonNull(of), description=description)


class Said:
    """What a report says."""

    category = graphene.ID()
    title = graphene.String()
    text = graphene.String()
    language = graphene.String(description="BCP 47.")
    location = graphene.InputField(LocationInput)
    accuracy_m = graphene.Float(description="How far from `location` it may be.")
    located_by = graphene.String(description="`gps`, `map` or `place`.")
    place_name = graphene.String()
    region = graphene.String(description="ISO 3166-2: `CN-YN`.")
    happened_at = graphene.InputField(Time, description="Now, if you do not say.")


class ReportInput(Said, graphene.InputObjectType):
    """What happened, where and when. Only what you know is needed."""

    form = graphene.ID()
    answers = graphene.InputField(Json, description="To the form's questions, by their names.")


class ReportChangesInput(Said, graphene.InputObjectType):
    """What is to change. What you leave out stays, null removes."""


class ReporterInput(graphene.InputObjectType):
    """Who you are, if you want to say. Never leaves the node."""

    name = graphene.String()
    phone = graphene.String()
    email = graphene.String()


class FileInput(graphene.InputObjectType):
    """A file that was uploaded before."""

    sha256 = graphene.String(required=True)
    size = graphene.Int(required=True, description="Bytes.")
    type = graphene.String(required=True)
    name = graphene.String()
    thumbnail = graphene.String()


class ReviewedInput(graphene.InputObjectType):
    """What is let out in place of what was sent; of a sensitive category nothing else."""

    title = graphene.String()
    text = graphene.String()
    answers = _list(graphene.String, "By their names.")
    files = _list(graphene.String, "By their hashes.")


class CategoryInput(graphene.InputObjectType):
    """A category, as a whole."""

    names = graphene.List(graphene.NonNull(LocalTextInput), required=True)
    descriptions = _list(LocalTextInput)
    parent = graphene.ID()
    colour = graphene.String(description="`#rrggbb`.")
    icon = graphene.String()
    order = graphene.Int()
    keywords = _list(graphene.String)
    sensitive = graphene.Boolean()
    cell_level = graphene.Int()
    two_persons = graphene.Boolean()
    audience = graphene.String(description="Of its reports: `public` or `members`.")
    form = graphene.ID()
    closed = graphene.Boolean()


class PlaceInput(graphene.InputObjectType):
    """A place, as a whole."""

    names = graphene.List(graphene.NonNull(LocalTextInput), required=True)
    location = graphene.InputField(LocationInput, required=True)
    accuracy_m = graphene.Float()
    outline = graphene.InputField(Json, description="The coordinates of a GeoJSON polygon.")
    region = graphene.String()


class LayerInput(graphene.InputObjectType):
    """A layer, as a whole."""

    names = graphene.List(graphene.NonNull(LocalTextInput), required=True)
    filter = graphene.InputField(Json, required=True)
    colour = graphene.String(description="`#rrggbb`.")
    order = graphene.Int()
    alert = graphene.Boolean()


def named(given: Mapping[str, Any]) -> dict[str, Any]:
    """A record as the map wants it: texts by language become objects, null is left out."""
    body = {key: value for key, value in given.items() if value is not None}
    for name in ("names", "descriptions"):
        if name in body:
            body[name] = by_key(body[name], "language", "text")
    return body
