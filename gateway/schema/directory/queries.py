"""The directory's fields of Query."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import graphene

from gateway.compile import plain
from gateway.schema.directory.filters import filter_arguments, filter_params
from gateway.schema.directory.ngo import (
    CAUSE_TERMS,
    LEGAL_FORM_TERMS,
    Ngo,
    NgoConnection,
    VerificationStateEnum,
    known_state,
)
from gateway.schema.directory.suggestion import Policy, SuggestionConnection, SuggestionStateEnum
from gateway.schema.relay import as_connection, counted, page_arguments, page_params
from gateway.schema.values import Term, term
from gateway.selection import Info
from services.directory.contract import SERVICE
from services.directory.contract.codes import OrderBy, SummaryKey

__all__ = ["DirectoryQuery"]

NgoOrder = graphene.Enum.from_enum(
    OrderBy,
    name="NgoOrder",
    description=lambda order: {
        None: "By default RELEVANCE with `search`, else DISTANCE with `near`, else NAME.",
        OrderBy.RELEVANCE: "Best match first; needs `search`.",
        OrderBy.NAME: "Chinese names by pinyin.",
        OrderBy.DISTANCE: "Nearest first; needs `near`.",
        OrderBy.UPDATED: "What came to this node last first.",
    }[order],
)

SummaryKeyEnum = graphene.Enum.from_enum(
    SummaryKey,
    name="NgoSummaryKey",
    description=lambda key: {
        None: "What to count by.",
        SummaryKey.REGION: "Province.",
        SummaryKey.CAUSE: "An NGO with three causes counts in three groups.",
        SummaryKey.HOME: "Node.",
        SummaryKey.VERIFICATION: "State of verification.",
        SummaryKey.FOUNDED_YEAR: "Year of foundation.",
    }[key],
)


class NgoSummaryGroup(graphene.ObjectType):
    """How many NGOs have these values; null for what was not asked for, or is not known."""

    region = graphene.String()
    cause = graphene.Field(Term)
    home = graphene.String()
    verification = graphene.Field(VerificationStateEnum)
    founded_year = graphene.Int()
    count = graphene.Int(required=True)

    @staticmethod
    @plain
    def resolve_region(group: Mapping[str, Any], _info: Info) -> Any:
        return group["keys"].get(SummaryKey.REGION)

    @staticmethod
    @plain
    def resolve_cause(group: Mapping[str, Any], _info: Info) -> Any:
        code = group["keys"].get(SummaryKey.CAUSE)
        return code and (CAUSE_TERMS.get(code) or term(code, {}))

    @staticmethod
    @plain
    def resolve_home(group: Mapping[str, Any], _info: Info) -> Any:
        return group["keys"].get(SummaryKey.HOME)

    @staticmethod
    @plain
    def resolve_verification(group: Mapping[str, Any], _info: Info) -> Any:
        return known_state(group["keys"].get(SummaryKey.VERIFICATION))

    @staticmethod
    @plain
    def resolve_founded_year(group: Mapping[str, Any], _info: Info) -> Any:
        return group["keys"].get(SummaryKey.FOUNDED_YEAR)


class NgoSummary(graphene.ObjectType):
    """NGOs counted by up to three keys, largest group first."""

    total = graphene.Int(required=True, description="NGOs, each once.")
    groups = graphene.List(graphene.NonNull(NgoSummaryGroup), required=True)
    truncated = graphene.Boolean(required=True, description="There are more groups than are shown.")


class DirectoryQuery(graphene.ObjectType):
    """What can be asked of the directory. Where the service could not answer, a field is null with
    an error beside it, and the rest of the answer stands."""

    ngo = graphene.Field(
        Ngo,
        id=graphene.ID(required=True),
        description="One NGO; null if there is none, or none that you may read.",
    )
    ngos = graphene.Field(
        NgoConnection,
        **filter_arguments(),
        order_by=graphene.Argument(NgoOrder),
        **page_arguments(),
        description="NGOs of all nodes, as this node holds them.",
    )
    ngo_summary = graphene.Field(
        NgoSummary,
        by=graphene.List(graphene.NonNull(SummaryKeyEnum), required=True),
        **filter_arguments(),
    )
    causes = graphene.List(
        graphene.NonNull(Term), required=True, description="The code list of causes."
    )
    legal_forms = graphene.List(
        graphene.NonNull(Term), required=True, description="The code list of legal forms."
    )
    suggestions = graphene.Field(
        SuggestionConnection,
        ngo_ids=graphene.Argument(graphene.List(graphene.NonNull(graphene.ID))),
        states=graphene.Argument(graphene.List(graphene.NonNull(SuggestionStateEnum))),
        suggested_by=graphene.Argument(graphene.String, description="The suggester's node."),
        home=graphene.Argument(graphene.String, description="The NGO's home."),
        **page_arguments(),
        description="Suggested changes, latest first. For staff.",
    )
    policy = graphene.Field(Policy, description="What this node accepts by itself. For its staff.")

    @staticmethod
    async def resolve_ngo(_root: None, info: Info, id: str) -> Any:
        return await info.context.loader(SERVICE, "get_ngos").load(id)

    @staticmethod
    async def resolve_ngos(_root: None, info: Info, **arguments: Any) -> Any:
        page = page_params(arguments)
        order_by = arguments.pop("order_by", None)
        params = {"filter": filter_params(arguments), "count": counted(info), **page}
        if order_by is not None:
            params["order_by"] = order_by
        return as_connection(await info.context.read(SERVICE, "list_ngos", params))

    @staticmethod
    async def resolve_ngo_summary(_root: None, info: Info, by: Any, **arguments: Any) -> Any:
        params = {"by": by, "filter": filter_params(arguments)}
        return await info.context.read(SERVICE, "summarise_ngos", params)

    @staticmethod
    def resolve_causes(_root: None, _info: Info) -> Any:
        return list(CAUSE_TERMS.values())

    @staticmethod
    def resolve_legal_forms(_root: None, _info: Info) -> Any:
        return list(LEGAL_FORM_TERMS.values())

    @staticmethod
    async def resolve_suggestions(_root: None, info: Info, **arguments: Any) -> Any:
        page = page_params(arguments)
        params = {"filter": filter_params(arguments), **page}
        return as_connection(await info.context.read(SERVICE, "list_suggestions", params))

    @staticmethod
    async def resolve_policy(_root: None, info: Info) -> Any:
        return (await info.context.read(SERVICE, "get_policy", {}))["policy"]
