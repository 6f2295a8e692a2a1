"""Which NGOs: the arguments that list, summary and subscription have in common."""

from __future__ import annotations

from typing import Any

import graphene

from gateway.schema.values import Near, Time

__all__ = ["filter_arguments", "filter_params"]


def filter_arguments(*, updated_after: bool = True) -> dict[str, graphene.Argument]:
    """What is given must all hold. New ones for each field, as graphene orders them by making."""
    arguments = {
        "search": graphene.Argument(
            graphene.String,
            description="Words of names, causes, places and services, in any script or in pinyin; "
            "also identifiers and phone numbers.",
        ),
        "region": graphene.Argument(
            graphene.String, description="ISO 3166-2: a country (`CN`) or a province (`CN-YN`)."
        ),
        "city": graphene.Argument(graphene.String),
        "causes": graphene.Argument(
            graphene.List(graphene.NonNull(graphene.String)),
            description="Any of these codes; the query `causes` lists them.",
        ),
        "near": graphene.Argument(Near),
        "home": graphene.Argument(graphene.String, description="The id of a node."),
        "verified": graphene.Argument(graphene.Boolean),
    }
    if updated_after:
        arguments["updated_after"] = graphene.Argument(
            Time,
            description="What came or changed here since. Compares the arrival at this node, so "
            "that you miss nothing that was written earlier and came late.",
        )
    return arguments


def filter_params(arguments: dict[str, Any]) -> dict[str, Any]:
    """As the directory wants it; an argument that is null is none."""
    return {name: value for name, value in arguments.items() if value is not None}
