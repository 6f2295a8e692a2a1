"""The type Pin: an NGO on the map."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from typing import Any

import graphene

from gateway.compile import plain
from gateway.schema.directory.ngo import Ngo
from gateway.schema.relay import connection_of
from gateway.schema.values import (
    LocalText,
    Location,
    best_text,
    languages_argument,
    local_texts,
)
from gateway.selection import Info
from services.directory.contract import SERVICE as DIRECTORY

__all__ = ["PinConnection"]


class Pin(graphene.ObjectType):
    """Where an NGO is. It follows the directory within moments."""

    id = graphene.ID(required=True, description="Of the NGO.")
    home = graphene.String(required=True)
    name = graphene.String(required=True, languages=languages_argument())
    names = graphene.List(graphene.NonNull(LocalText), required=True)
    causes = graphene.List(graphene.NonNull(graphene.String), required=True, description="Codes.")
    region = graphene.String(required=True, description="ISO 3166-2: `CN-YN`.")
    location = graphene.Field(Location, required=True)
    ngo = graphene.Field(Ngo, description="All that the directory knows.")

    @staticmethod
    @plain
    def resolve_name(pin: Mapping[str, Any], _info: Info, languages: Any = None) -> str:
        names: Mapping[str, str] = pin["names"]
        return best_text(names, languages) or next(iter(names.values()))

    @staticmethod
    @plain
    def resolve_names(pin: Mapping[str, Any], _info: Info) -> Any:
        return local_texts(pin["names"])

    @staticmethod
    def resolve_ngo(pin: Mapping[str, Any], info: Info) -> Awaitable[Any]:
        return info.context.loader(DIRECTORY, "get_ngos").load(pin["id"])


PinConnection = connection_of(Pin, "NGOs on the map")
