"""Values that more than one service speaks of: times, texts by language, coded terms, scopes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any, Final

import graphene
from graphql import GraphQLError, StringValueNode, ValueNode

from gateway.compile import plain
from gateway.selection import Info
from hinterland.clock import from_rfc3339, rfc3339

__all__ = [
    "Json",
    "LocalText",
    "LocalTextInput",
    "Location",
    "LocationInput",
    "Near",
    "Scope",
    "Term",
    "Time",
    "best_text",
    "by_key",
    "languages_argument",
    "local_texts",
    "term",
]

LANGUAGES_MAX: Final = 20  # of `languages` that are looked at
LANGUAGES_HELP: Final = (
    'BCP 47 tags in the order of your liking, for instance `["zh-Hant", "en"]`. `zh` is met by '
    "`zh-Hant`, and the other way round."
)


class Time(graphene.Scalar):
    """A moment, RFC 3339 in UTC: `2026-01-31T08:05:00.123Z`. As an argument, with any offset."""

    class Meta:
        name = "DateTime"

    @staticmethod
    def serialize(value: Any) -> str:
        if not isinstance(value, str):
            raise GraphQLError(f"DateTime cannot represent {value!r}.")
        return value

    @staticmethod
    def parse_value(value: Any) -> str:
        if not isinstance(value, str):
            raise GraphQLError(f"{value!r} is not a time like 2026-01-31T08:05:00Z.")
        try:
            return rfc3339(from_rfc3339(value))
        except ValueError as error:
            message = f"{value!r} is not a time like 2026-01-31T08:05:00Z."
            raise GraphQLError(message) from error

    @classmethod
    def parse_literal(cls, node: ValueNode, _variables: Any = None) -> str:
        return cls.parse_value(node.value if isinstance(node, StringValueNode) else None)


class Json(graphene.Scalar):
    """Any JSON value."""

    class Meta:
        name = "JSON"

    @staticmethod
    def serialize(value: Any) -> Any:
        return value


class Audience(StrEnum):
    """A record's scope, as services write it."""

    PUBLIC = "public"
    MEMBERS = "members"
    PRIVATE = "private"


Scope = graphene.Enum.from_enum(
    Audience,
    name="Scope",
    description=lambda scope: {
        None: "Who may read a record.",
        Audience.PUBLIC: "Anyone.",
        Audience.MEMBERS: "Staff of every node of the federation.",
        Audience.PRIVATE: "Staff of its node; it never leaves it.",
    }[scope],
)


class LocalText(graphene.ObjectType):
    """A text in one language."""

    language = graphene.String(required=True, description="BCP 47: `zh`, `zh-Hant`, `ar`.")
    text = graphene.String(required=True)


class LocalTextInput(graphene.InputObjectType):
    """A text in one language."""

    language = graphene.String(required=True, description="BCP 47: `zh`, `zh-Hant`, `ar`.")
    text = graphene.String(description="null removes the text in this language.")


class Location(graphene.ObjectType):
    """WGS 84, in degrees."""

    lat = graphene.Float(required=True)
    lng = graphene.Float(required=True)


class LocationInput(graphene.InputObjectType):
    """WGS 84, in degrees."""

    lat = graphene.Float(required=True)
    lng = graphene.Float(required=True)


class Near(graphene.InputObjectType):
    """Within a distance of a point (WGS 84, degrees)."""

    lat = graphene.Float(required=True)
    lng = graphene.Float(required=True)
    radius_km = graphene.Float(required=True)


def languages_argument() -> graphene.Argument:
    return graphene.Argument(
        graphene.List(graphene.NonNull(graphene.String)), description=LANGUAGES_HELP
    )


class Term(graphene.ObjectType):
    """A term of a code list. Codes stay; their labels are for people."""

    code = graphene.String(required=True)
    label = graphene.String(
        required=True,
        languages=languages_argument(),
        description="In the first of `languages` that there is, else in English, else the code.",
    )
    labels = graphene.List(
        graphene.NonNull(LocalText),
        required=True,
        default_value=(),
        description="Empty for a code of a newer node that this one does not know.",
    )

    @staticmethod
    @plain
    def resolve_label(term: Mapping[str, Any], _info: Info, languages: Any = None) -> str:
        texts = term["texts"]
        return best_text(texts, languages) or texts.get("en") or term["code"]


def term(code: str, labels: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    texts = labels.get(code, {})
    return {"code": code, "texts": texts, "labels": local_texts(texts)}


def local_texts(texts: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"language": language, "text": text} for language, text in texts.items()]


def best_text(texts: Mapping[str, str], languages: Sequence[str] | None) -> str | None:
    """The text in the first of `languages` that there is, or that there is a variety of."""
    for language in (languages or ())[:LANGUAGES_MAX]:
        if language in texts:
            return texts[language]
        primary = language.partition("-")[0].lower()
        for tag, text in texts.items():
            if tag.partition("-")[0] == primary:
                return text
    return None


def by_key(entries: Iterable[Mapping[str, Any]], key: str, value: str) -> dict[str, Any]:
    """A list of pairs, as GraphQL takes them, as the object that services take."""
    return {entry[key]: entry.get(value) for entry in entries}
