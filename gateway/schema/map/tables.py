"""What moderators keep: categories, places, layers and forms."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from typing import Any, Final

import graphene

from gateway.compile import plain
from gateway.schema.map.common import Envelope, load
from gateway.schema.relay import KINDS, Node, connection_of
from gateway.schema.values import (
    Json,
    LocalText,
    Location,
    best_text,
    languages_argument,
    local_texts,
)
from gateway.selection import Info
from services.map.contract import SERVICE

__all__ = [
    "Category",
    "CategoryConnection",
    "Form",
    "FormConnection",
    "Layer",
    "LayerConnection",
    "Place",
    "PlaceConnection",
]

NAME_HELP: Final = "In the first of `languages` that there is, else as its home put it first."
BESIDE: Final = ("id", "version", "home", "scope", "at", "arrived", "kind")


class Named:
    """What has names by language."""

    name = graphene.String(required=True, languages=languages_argument(), description=NAME_HELP)
    names = graphene.List(graphene.NonNull(LocalText), required=True)

    @staticmethod
    @plain
    def resolve_name(record: Mapping[str, Any], _info: Info, languages: Any = None) -> str:
        names: Mapping[str, str] = record["names"]
        return best_text(names, languages) or next(iter(names.values()))

    @staticmethod
    @plain
    def resolve_names(record: Mapping[str, Any], _info: Info) -> Any:
        return local_texts(record["names"])


class Category(Envelope, Named, graphene.ObjectType):
    """What reports are about. Categories are a tree, with branches at several nodes."""

    class Meta:
        interfaces = (Node,)

    description = graphene.String(languages=languages_argument(), description=NAME_HELP)
    descriptions = graphene.List(graphene.NonNull(LocalText), required=True)
    parent_id = graphene.ID()
    parent = graphene.Field(lambda: Category)
    colour = graphene.String(description="`#rrggbb`.")
    icon = graphene.String(description="A code.")
    order = graphene.Int(required=True, default_value=0)
    keywords = graphene.List(
        graphene.NonNull(graphene.String),
        required=True,
        default_value=(),
        description="With which a text message says that it is about this.",
    )
    sensitive = graphene.Boolean(
        required=True,
        default_value=False,
        description="Its reports show a cell in place of their place.",
    )
    cell_level = graphene.Int(description="A cell is 180/2^level degrees high, twice as wide.")
    two_persons = graphene.Boolean(
        required=True, default_value=False, description="It takes two to verify a report."
    )
    closed = graphene.Boolean(
        required=True, default_value=False, description="It takes no reports any more."
    )
    form_id = graphene.ID(description="The questions that its reports answer.")

    @staticmethod
    @plain
    def resolve_description(
        category: Mapping[str, Any], _info: Info, languages: Any = None
    ) -> str | None:
        texts: Mapping[str, str] = category.get("descriptions") or {}
        return best_text(texts, languages) or next(iter(texts.values()), None)

    @staticmethod
    @plain
    def resolve_descriptions(category: Mapping[str, Any], _info: Info) -> Any:
        return local_texts(category.get("descriptions") or {})

    @staticmethod
    @plain
    def resolve_parent_id(category: Mapping[str, Any], _info: Info) -> Any:
        return category.get("parent")

    @staticmethod
    def resolve_parent(category: Mapping[str, Any], info: Info) -> Awaitable[Any]:
        return load(info, category.get("parent"))

    @staticmethod
    @plain
    def resolve_form_id(category: Mapping[str, Any], _info: Info) -> Any:
        return category.get("form")


class Place(Envelope, Named, graphene.ObjectType):
    """A point or an area, under the names that people use."""

    class Meta:
        interfaces = (Node,)

    location = graphene.Field(Location, required=True)
    accuracy_m = graphene.Float(
        required=True, default_value=0.0, description="How far from `location` it reaches."
    )
    outline = graphene.Field(
        Json, description="The coordinates of a GeoJSON polygon: longitude first."
    )
    region = graphene.String(description="ISO 3166-2: `CN-YN`.")


class Layer(Envelope, Named, graphene.ObjectType):
    """A filter under a name, with its colour."""

    class Meta:
        interfaces = (Node,)

    filter = graphene.Field(Json, required=True, description="As `/map/reports.geojson` takes it.")
    colour = graphene.String(description="`#rrggbb`.")
    order = graphene.Int(required=True, default_value=0)
    alert = graphene.Boolean(
        required=True, default_value=False, description="What people are told of as it comes."
    )


class Form(Envelope, graphene.ObjectType):
    """The questions that reports of a category answer."""

    class Meta:
        interfaces = (Node,)

    definition = graphene.Field(Json, required=True, description="The form as its home wrote it.")

    @staticmethod
    @plain
    def resolve_definition(form: Mapping[str, Any], _info: Info) -> Any:
        return {key: value for key, value in form.items() if key not in BESIDE}


KINDS["category"] = (Category, SERVICE, "get_records")
KINDS["place"] = (Place, SERVICE, "get_records")
KINDS["layer"] = (Layer, SERVICE, "get_records")
KINDS["form"] = (Form, SERVICE, "get_records")

CategoryConnection = connection_of(Category, "categories")
PlaceConnection = connection_of(Place, "places")
LayerConnection = connection_of(Layer, "layers")
FormConnection = connection_of(Form, "forms")
