"""What every record of the map shows, and how one is found."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, TypeVar

import graphene

from gateway.compile import plain
from gateway.schema.values import Scope, Time
from gateway.selection import Info
from services.map.contract import SERVICE

__all__ = ["Envelope", "File", "as_list", "known", "load"]

E = TypeVar("E", bound=StrEnum)


class Envelope:
    """What is known of a record besides what it says."""

    id = graphene.ID(required=True)
    version = graphene.String(
        required=True, description="What you saw: send it along with a change."
    )
    home = graphene.String(required=True, description="The node that writes this record.")
    scope = graphene.Field(Scope, required=True)
    written_at = graphene.Field(Time, required=True, description="When its home last wrote it.")
    arrived_at = graphene.Field(Time, required=True, description="When this node got it.")

    @staticmethod
    @plain
    def resolve_written_at(record: Mapping[str, Any], _info: Info) -> Any:
        return record.get("at")

    @staticmethod
    @plain
    def resolve_arrived_at(record: Mapping[str, Any], _info: Info) -> Any:
        return record.get("arrived")


class File(graphene.ObjectType):
    """A photo or another file, by its hash."""

    sha256 = graphene.String(required=True)
    size = graphene.Int(required=True, description="Bytes.")
    type = graphene.String(required=True, description="Its media type, as its home found it.")
    name = graphene.String()
    thumbnail = graphene.String(description="A small WebP, in base64.")


async def load(info: Info, record_id: str | None) -> Any:
    """A shared record of the map, None if it is not there for who asks."""
    if record_id is None:
        return None
    return await info.context.loader(SERVICE, "get_records").load(record_id)


async def as_list(info: Info, method: str, params: Mapping[str, Any]) -> Any:
    """A page of what `method` lists by id, in the form of a page of a list."""
    page = await info.context.read(SERVICE, method, params)
    return {
        **page,
        "cursors": [item["id"] for item in page["items"]],
        "has_next": page["next"] is not None,
        "has_previous": "after" in params,
    }


def known(code: Any, codes: type[E]) -> str | None:
    """A newer node may have more codes than this one."""
    return code if code in tuple(codes) else None
