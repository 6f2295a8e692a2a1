"""The directory's fields of Mutation."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from typing import Any

import graphene

from gateway.schema.commands import Command
from gateway.schema.directory.inputs import NgoChangesInput, NgoInput, ngo_params
from gateway.schema.directory.ngo import Ngo, VerificationStateEnum
from gateway.schema.directory.suggestion import Policy, Suggestion
from gateway.schema.values import Scope
from gateway.selection import Info
from services.directory.contract import SERVICE

__all__ = ["DirectoryMutation"]


def _ngo(payload: Any, info: Info) -> Awaitable[Any]:
    return info.context.loader(SERVICE, "get_ngos").load(payload.result["id"])


def _suggestion(payload: Any, info: Info) -> Awaitable[Any]:
    return info.context.loader(SERVICE, "get_suggestions").load(payload.result["id"])


class RegisterNgo(Command):
    """Registers an NGO at this node, which becomes its home."""

    service, method = SERVICE, "register_ngo"

    class Input:
        ngo = NgoInput(required=True)
        scope = graphene.InputField(Scope, description="PUBLIC by default.")

    ngo = graphene.Field(Ngo, resolver=_ngo)
    similar = graphene.List(
        graphene.NonNull(Ngo),
        required=True,
        description="NGOs with a like name nearby: is it one of them?",
    )

    @classmethod
    def params(cls, arguments: dict[str, Any]) -> Mapping[str, Any]:
        scope = arguments.get("scope")
        return {"ngo": ngo_params(arguments["ngo"]), **({} if scope is None else {"scope": scope})}

    @staticmethod
    async def resolve_similar(payload: Any, info: Info) -> Any:
        loader = info.context.loader(SERVICE, "get_ngos")
        found = [loader.load(ngo_id) for ngo_id in payload.result.get("similar") or ()]
        return [ngo for waiting in found if (ngo := await waiting) is not None]


class UpdateNgo(Command):
    """Changes an NGO of this node; STALE_VERSION if it is not any more what you saw."""

    service, method = SERVICE, "update_ngo"

    class Input:
        id = graphene.ID(required=True)
        version = graphene.String(required=True, description="That you saw.")
        changes = NgoChangesInput(required=True)
        scope = graphene.InputField(Scope, description="Publishes, or takes back to the members.")

    ngo = graphene.Field(Ngo, resolver=_ngo)

    @classmethod
    def params(cls, arguments: dict[str, Any]) -> Mapping[str, Any]:
        return {**arguments, "changes": ngo_params(arguments["changes"])}


class ConfirmNgo(Command):
    """Says that what this node holds of its NGO is right as of now."""

    service, method = SERVICE, "confirm_ngo"

    class Input:
        id = graphene.ID(required=True)

    ngo = graphene.Field(Ngo, resolver=_ngo)


class VerifyNgo(Command):
    """Says how far this node vouches for its NGO's existence. For moderators."""

    service, method = SERVICE, "verify_ngo"

    class Input:
        id = graphene.ID(required=True)
        state = graphene.InputField(VerificationStateEnum, required=True)
        note = graphene.String()

    ngo = graphene.Field(Ngo, resolver=_ngo)


class WithdrawNgo(Command):
    """Erases an NGO of this node, here and at every other. For moderators."""

    service, method = SERVICE, "withdraw_ngo"

    class Input:
        id = graphene.ID(required=True)
        reason = graphene.String()

    id = graphene.ID(required=True)

    @staticmethod
    def resolve_id(payload: Any, _info: Info) -> Any:
        return payload.result["id"]


class SuggestChange(Command):
    """Suggests a change to an NGO of any node, to its home."""

    service, method = SERVICE, "suggest_change"

    class Input:
        ngo_id = graphene.ID(required=True)
        version = graphene.String(required=True, description="That you saw.")
        changes = NgoChangesInput(required=True)
        note = graphene.String()

    suggestion = graphene.Field(Suggestion, resolver=_suggestion)

    @classmethod
    def params(cls, arguments: dict[str, Any]) -> Mapping[str, Any]:
        return {**arguments, "changes": ngo_params(arguments["changes"])}


class WithdrawSuggestion(Command):
    """Erases a suggestion of this node."""

    service, method = SERVICE, "withdraw_suggestion"

    class Input:
        id = graphene.ID(required=True)

    id = graphene.ID(required=True)

    @staticmethod
    def resolve_id(payload: Any, _info: Info) -> Any:
        return payload.result["id"]


class DecideSuggestion(Command):
    """Accepts or refuses a suggestion for an NGO of this node. An accepted one is carried out."""

    service, method = SERVICE, "decide_suggestion"

    class Input:
        id = graphene.ID(required=True)
        accept = graphene.Boolean(required=True)
        note = graphene.String()
        ngo_version = graphene.String(
            description="The NGO's present version; needed to accept a suggestion in conflict."
        )

    suggestion = graphene.Field(Suggestion)

    @staticmethod
    async def resolve_suggestion(payload: Any, info: Info) -> Any:
        loader = info.context.loader(SERVICE, "get_suggestions")
        return await loader.load(payload.input["id"])


class AutoAcceptInput(graphene.InputObjectType):
    """Suggestions of one node that change nothing but these fields are accepted as they arrive."""

    node = graphene.String(required=True)
    fields = graphene.List(graphene.NonNull(graphene.String), required=True)


class SetPolicy(Command):
    """Says what this node accepts without a person looking at it. For operators."""

    service, method = SERVICE, "set_policy"

    class Input:
        auto_accept = graphene.List(graphene.NonNull(AutoAcceptInput), required=True)

    policy = graphene.Field(Policy, required=True)

    @classmethod
    def params(cls, arguments: dict[str, Any]) -> Mapping[str, Any]:
        return {"policy": arguments}

    @staticmethod
    async def resolve_policy(_payload: Any, info: Info) -> Any:
        return (await info.context.read(SERVICE, "get_policy", {}))["policy"]


class DirectoryMutation(graphene.ObjectType):
    """What can be done in the directory."""

    register_ngo = RegisterNgo.Field()
    update_ngo = UpdateNgo.Field()
    confirm_ngo = ConfirmNgo.Field()
    verify_ngo = VerifyNgo.Field()
    withdraw_ngo = WithdrawNgo.Field()
    suggest_change = SuggestChange.Field()
    withdraw_suggestion = WithdrawSuggestion.Field()
    decide_suggestion = DecideSuggestion.Field()
    set_policy = SetPolicy.Field()
