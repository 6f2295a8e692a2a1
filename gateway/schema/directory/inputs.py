"""What is written about an NGO."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import graphene

from gateway.schema.values import LocalTextInput, LocationInput, by_key

__all__ = ["NgoChangesInput", "NgoInput", "ngo_params"]


class IdentifierInput(graphene.InputObjectType):
    """A number in an official list."""

    scheme = graphene.String(
        required=True, description="The list, by its prefix at org-id.guide: `CN-USCI`."
    )
    value = graphene.String(required=True)


class SocialHandleInput(graphene.InputObjectType):
    """An account in a social network."""

    platform = graphene.String(required=True, description="`weibo`, `wechat`, `zalo` …")
    handle = graphene.String(description="null removes it.")


class ServiceOfferedInput(graphene.InputObjectType):
    """What an NGO does for people, in its own words."""

    name = graphene.String(required=True)
    description = graphene.String()
    eligibility = graphene.String()
    hours = graphene.String()


def _list(of: Any, description: str | None = None) -> Any:
    return graphene.List(graphene.NonNull(of), description=description)


class OptionalFields:
    """What an NGO may leave out."""

    descriptions = _list(LocalTextInput)
    aliases = _list(graphene.String)
    city = graphene.String()
    address = graphene.String()
    location = graphene.InputField(LocationInput)
    founded = graphene.String(description="`2009`, `2009-05` or `2009-05-12`.")
    legal_form = graphene.String(description="A code; the query `legalForms` lists them.")
    identifiers = _list(IdentifierInput)
    email = graphene.String()
    phones = _list(graphene.String, "In any notation; kept as E.164.")
    website = graphene.String()
    social = _list(SocialHandleInput)
    staff_count = graphene.Int()
    volunteer_count = graphene.Int()
    languages = _list(graphene.String, "That it works in, BCP 47.")
    services = _list(ServiceOfferedInput)


class NgoInput(OptionalFields, graphene.InputObjectType):
    """A new NGO. A name in one language, a region and a cause are required."""

    names = graphene.List(graphene.NonNull(LocalTextInput), required=True)
    causes = graphene.List(
        graphene.NonNull(graphene.String),
        required=True,
        description="Codes; the query `causes` lists them.",
    )
    region = graphene.String(required=True, description="ISO 3166-2: `CN-YN`.")


class NgoChangesInput(OptionalFields, graphene.InputObjectType):
    """What is to change. What you leave out stays, null removes. `names`, `descriptions` and
    `social` change entry by entry; every other field is replaced as a whole."""

    names = _list(LocalTextInput)
    causes = _list(graphene.String, "Codes; the query `causes` lists them.")
    region = graphene.String(description="ISO 3166-2: `CN-YN`.")


def ngo_params(given: Mapping[str, Any]) -> dict[str, Any]:
    """An NGO, or changes to one, as the directory wants it: keyed lists become objects."""
    params = dict(given)
    for name in ("names", "descriptions"):
        if params.get(name) is not None:
            params[name] = by_key(params[name], "language", "text")
    if params.get("social") is not None:
        params["social"] = by_key(params["social"], "platform", "handle")
    return params
