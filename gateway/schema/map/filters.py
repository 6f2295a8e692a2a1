"""Which reports: the arguments that list, summary and subscription have in common."""

from __future__ import annotations

from typing import Any

import graphene

from gateway.schema.map.report import StateEnum
from gateway.schema.values import Near, Time

__all__ = ["filter_arguments", "filter_params"]


class BoundingBox(graphene.InputObjectType):
    """WGS 84, degrees. Across the 180th meridian `west` is greater than `east`."""

    west = graphene.Float(required=True)
    south = graphene.Float(required=True)
    east = graphene.Float(required=True)
    north = graphene.Float(required=True)


def filter_arguments(*, updated_after: bool = True) -> dict[str, graphene.Argument]:
    """What is given must all hold. New ones for each field, as graphene orders them by making."""
    arguments = {
        "categories": graphene.Argument(
            graphene.List(graphene.NonNull(graphene.ID)),
            description="Any of these, or of those below them.",
        ),
        "states": graphene.Argument(graphene.List(graphene.NonNull(StateEnum))),
        "search": graphene.Argument(
            graphene.String, description="Words, in any script or in pinyin."
        ),
        "region": graphene.Argument(
            graphene.String, description="ISO 3166-2: a country (`CN`) or a province (`CN-YN`)."
        ),
        "home": graphene.Argument(graphene.String, description="The id of a node."),
        "bbox": graphene.Argument(BoundingBox),
        "near": graphene.Argument(Near),
        "happened_after": graphene.Argument(Time, description="Then, or later."),
        "happened_before": graphene.Argument(Time, description="Earlier than that."),
        "group": graphene.Argument(
            graphene.ID, description="Reports that merges make one event with this one."
        ),
    }
    if updated_after:
        arguments["updated_after"] = graphene.Argument(
            Time,
            description="What came or changed here since. Compares the arrival at this node, so "
            "that you miss nothing that was written earlier and came late.",
        )
    return arguments


def filter_params(arguments: dict[str, Any]) -> dict[str, Any]:
    """As the map wants it; an argument that is null is none."""
    return {name: value for name, value in arguments.items() if value is not None}
