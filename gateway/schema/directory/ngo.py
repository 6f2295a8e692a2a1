"""The type Ngo."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import graphene

from gateway.compile import plain
from gateway.schema.relay import KINDS, Node, PageInfo
from gateway.schema.values import (
    LocalText,
    Location,
    Scope,
    Term,
    Time,
    best_text,
    languages_argument,
    local_texts,
    term,
)
from gateway.selection import Info
from services.directory.contract import SERVICE
from services.directory.contract.codes import CAUSES, LEGAL_FORMS, VerificationState

__all__ = [
    "CAUSE_TERMS",
    "LEGAL_FORM_TERMS",
    "Ngo",
    "NgoConnection",
    "VerificationStateEnum",
    "known_state",
]

CAUSE_TERMS: Final = {code: term(code, CAUSES) for code in CAUSES}
STATES: Final = frozenset(map(str, VerificationState))
LEGAL_FORM_TERMS: Final = {code: term(code, LEGAL_FORMS) for code in LEGAL_FORMS}


def _strings(description: str) -> Any:
    return graphene.List(
        graphene.NonNull(graphene.String), required=True, default_value=(), description=description
    )


VerificationStateEnum = graphene.Enum.from_enum(
    VerificationState,
    name="VerificationState",
    description=lambda state: {
        None: "How far the home vouches for an NGO's existence.",
        VerificationState.UNVERIFIED: "Nobody has looked yet.",
        VerificationState.IN_REVIEW: "Somebody is looking.",
        VerificationState.VERIFIED: "It exists and is what it says.",
        VerificationState.REFUSED: "It could not be verified.",
    }[state],
)


class Identifier(graphene.ObjectType):
    """A number in an official list."""

    scheme = graphene.String(
        required=True, description="The list, by its prefix at org-id.guide: `CN-USCI`."
    )
    value = graphene.String(required=True)


class SocialHandle(graphene.ObjectType):
    """An account in a social network."""

    platform = graphene.String(required=True, description="`weibo`, `wechat`, `zalo` …")
    handle = graphene.String(required=True)


class ServiceOffered(graphene.ObjectType):
    """What an NGO does for people, in its own words."""

    name = graphene.String(required=True)
    description = graphene.String()
    eligibility = graphene.String(description="Who may come.")
    hours = graphene.String(description="When it is open.")


def known_state(state: str | None) -> str | None:
    """A newer node may have more states than this one."""
    return state if state in STATES else None


class Verification(graphene.ObjectType):
    """What the home says about an NGO's existence."""

    state = graphene.Field(
        VerificationStateEnum, description="null if it is a state that only newer nodes know."
    )
    at = graphene.Field(Time)
    note = graphene.String()

    @staticmethod
    @plain
    def resolve_state(verification: Mapping[str, Any], _info: Info) -> str | None:
        return known_state(verification.get("state"))


class Ngo(graphene.ObjectType):
    """An organisation, as its home knows it. Contacts are the organisation's public ones."""

    class Meta:
        interfaces = (Node,)

    id = graphene.ID(required=True)
    version = graphene.String(
        required=True, description="What you saw: send it along with a change."
    )
    home = graphene.String(required=True, description="The node that answers for this NGO.")
    scope = graphene.Field(Scope, required=True)
    written_at = graphene.Field(Time, required=True, description="When its home last wrote it.")
    arrived_at = graphene.Field(
        Time, required=True, description="When this node got it; what `updatedAfter` compares."
    )
    name = graphene.String(
        required=True,
        languages=languages_argument(),
        description="In the first of `languages` that there is, else as its home put it first.",
    )
    names = graphene.List(graphene.NonNull(LocalText), required=True)
    description = graphene.String(
        languages=languages_argument(),
        description="In the first of `languages` that there is, else as its home put it first.",
    )
    descriptions = graphene.List(graphene.NonNull(LocalText), required=True)
    aliases = _strings("Other names that it is known by.")
    causes = graphene.List(graphene.NonNull(Term), required=True)
    region = graphene.String(required=True, description="ISO 3166-2: `CN-YN`.")
    city = graphene.String()
    address = graphene.String()
    location = graphene.Field(Location)
    founded = graphene.String(description="`2009`, `2009-05` or `2009-05-12`.")
    legal_form = graphene.Field(Term)
    identifiers = graphene.List(graphene.NonNull(Identifier), required=True, default_value=())
    email = graphene.String()
    phones = _strings("E.164: `+8687112345678`.")
    website = graphene.String()
    social = graphene.List(graphene.NonNull(SocialHandle), required=True)
    staff_count = graphene.Int()
    volunteer_count = graphene.Int()
    languages = _strings("That it works in, BCP 47.")
    services = graphene.List(graphene.NonNull(ServiceOffered), required=True, default_value=())
    verification = graphene.Field(Verification, required=True)
    last_confirmed = graphene.Field(Time, description="When its home last said that this is right.")
    distance_km = graphene.Float(description="From the point of `near`, in a list that has one.")

    @staticmethod
    @plain
    def resolve_written_at(ngo: Mapping[str, Any], _info: Info) -> Any:
        return ngo.get("at")

    @staticmethod
    @plain
    def resolve_arrived_at(ngo: Mapping[str, Any], _info: Info) -> Any:
        return ngo.get("arrived")

    @staticmethod
    @plain
    def resolve_name(ngo: Mapping[str, Any], _info: Info, languages: Any = None) -> str:
        names: Mapping[str, str] = ngo["names"]
        return best_text(names, languages) or next(iter(names.values()))

    @staticmethod
    @plain
    def resolve_names(ngo: Mapping[str, Any], _info: Info) -> Any:
        return local_texts(ngo["names"])

    @staticmethod
    @plain
    def resolve_description(
        ngo: Mapping[str, Any], _info: Info, languages: Any = None
    ) -> str | None:
        texts: Mapping[str, str] = ngo.get("descriptions") or {}
        return best_text(texts, languages) or next(iter(texts.values()), None)

    @staticmethod
    @plain
    def resolve_descriptions(ngo: Mapping[str, Any], _info: Info) -> Any:
        return local_texts(ngo.get("descriptions") or {})

    @staticmethod
    @plain
    def resolve_causes(ngo: Mapping[str, Any], _info: Info) -> Any:
        return [CAUSE_TERMS.get(code) or term(code, {}) for code in ngo["causes"]]

    @staticmethod
    @plain
    def resolve_legal_form(ngo: Mapping[str, Any], _info: Info) -> Any:
        code = ngo.get("legal_form")
        return code and (LEGAL_FORM_TERMS.get(code) or term(code, {}))

    @staticmethod
    @plain
    def resolve_verification(ngo: Mapping[str, Any], _info: Info) -> Any:
        return ngo.get("verification") or {}

    @staticmethod
    @plain
    def resolve_social(ngo: Mapping[str, Any], _info: Info) -> Any:
        social: Mapping[str, str] = ngo.get("social") or {}
        return [{"platform": name, "handle": handle} for name, handle in social.items()]


KINDS["ngo"] = (Ngo, SERVICE, "get_ngos")


class NgoEdge(graphene.ObjectType):
    """An NGO in a list, with the cursor to read on from."""

    cursor = graphene.String(required=True)
    node = graphene.Field(Ngo, required=True)


class NgoConnection(graphene.ObjectType):
    """A page of NGOs."""

    nodes = graphene.List(graphene.NonNull(Ngo), required=True)
    edges = graphene.List(graphene.NonNull(NgoEdge), required=True)
    page_info = graphene.Field(PageInfo, required=True)
    total_count = graphene.Int(description="Of all pages. Counted only if you ask for it.")
