"""Suggestions of changes to NGOs, and the policy by which this node accepts some by itself."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from typing import Any

import graphene

from gateway.compile import plain
from gateway.schema.directory.ngo import Ngo
from gateway.schema.relay import KINDS, Node, PageInfo
from gateway.schema.values import Json, Time
from gateway.selection import Info
from services.directory.contract import SERVICE
from services.directory.contract.codes import SuggestionState

__all__ = ["Policy", "Suggestion", "SuggestionConnection", "SuggestionStateEnum"]

SuggestionStateEnum = graphene.Enum.from_enum(
    SuggestionState,
    name="SuggestionState",
    description=lambda state: {
        None: "What has become of a suggestion.",
        SuggestionState.OPEN: "Waits for the NGO's home.",
        SuggestionState.CONFLICT: "Open, but a field that it names has changed since it was seen.",
        SuggestionState.ACCEPTED: "Done.",
        SuggestionState.REFUSED: "The home said no.",
        SuggestionState.VOID: "The NGO has been withdrawn.",
    }[state],
)


class Difference(graphene.ObjectType):
    """One value of an NGO: as the suggester saw it, as it is now, as he would have it."""

    path = graphene.String(required=True, description="`phones`, `names.en` …")
    seen = graphene.Field(Json)
    current = graphene.Field(Json)
    proposed = graphene.Field(Json)
    conflict = graphene.Boolean(required=True, description="It has changed since it was seen.")


class Decision(graphene.ObjectType):
    """The answer of the NGO's home."""

    accepted = graphene.Boolean(required=True)
    automatic = graphene.Boolean(required=True, description="By the home's policy.")
    note = graphene.String()
    by = graphene.String(description="An account of the home, opaque.")
    at = graphene.Field(Time, required=True)


class Suggestion(graphene.ObjectType):
    """A change to an NGO that somebody of any node suggests to its home."""

    class Meta:
        interfaces = (Node,)

    id = graphene.ID(required=True)
    version = graphene.String(required=True)
    home = graphene.String(required=True, description="The suggester's node.")
    state = graphene.Field(SuggestionStateEnum, required=True)
    ngo_id = graphene.ID(required=True)
    ngo_home = graphene.String(required=True)
    ngo_version = graphene.String(required=True, description="That the suggester saw.")
    ngo = graphene.Field(Ngo, description="As it is now; null if it is gone or not for you.")
    differences = graphene.List(graphene.NonNull(Difference), required=True)
    note = graphene.String()
    by = graphene.String(description="An account of the suggester's node, opaque.")
    written_at = graphene.Field(Time, required=True)
    arrived_at = graphene.Field(Time, required=True, description="When this node got it.")
    decision = graphene.Field(Decision)

    @staticmethod
    def resolve_ngo(suggestion: Mapping[str, Any], info: Info) -> Awaitable[Any]:
        return info.context.loader(SERVICE, "get_ngos").load(suggestion["ngo_id"])

    @staticmethod
    @plain
    def resolve_written_at(suggestion: Mapping[str, Any], _info: Info) -> Any:
        return suggestion.get("at")

    @staticmethod
    @plain
    def resolve_arrived_at(suggestion: Mapping[str, Any], _info: Info) -> Any:
        return suggestion.get("arrived")


KINDS["suggestion"] = (Suggestion, SERVICE, "get_suggestions")


class SuggestionEdge(graphene.ObjectType):
    """A suggestion in a list, with the cursor to read on from."""

    cursor = graphene.String(required=True)
    node = graphene.Field(Suggestion, required=True)


class SuggestionConnection(graphene.ObjectType):
    """A page of suggestions, latest first."""

    nodes = graphene.List(graphene.NonNull(Suggestion), required=True)
    edges = graphene.List(graphene.NonNull(SuggestionEdge), required=True)
    page_info = graphene.Field(PageInfo, required=True)


class AutoAccept(graphene.ObjectType):
    """Suggestions of one node that change nothing but these fields are accepted as they arrive."""

    node = graphene.String(required=True)
    fields = graphene.List(graphene.NonNull(graphene.String), required=True)


class Policy(graphene.ObjectType):
    """What this node accepts without a person looking at it."""

    auto_accept = graphene.List(graphene.NonNull(AutoAccept), required=True, default_value=())
