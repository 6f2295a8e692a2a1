"""Relay's conventions: global ids and connections (relay.dev/graphql/connections.htm)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import graphene

from gateway import limits
from gateway.selection import Info, selected

__all__ = [
    "KINDS",
    "Node",
    "PageInfo",
    "as_connection",
    "connection_of",
    "counted",
    "page_arguments",
    "page_params",
]

PAGE_NAMES: Final = ("first", "after", "last", "before")
PAGE_ITEMS_DEFAULT: Final = 20  # without `first` and `last`

# The kind that an id names -> the type that it has here, and the call that reads it by its id.
KINDS: Final[dict[str, tuple[type[graphene.ObjectType], str, str]]] = {}


class Node(graphene.Interface):
    """Every record has an id that is unique in all federations, and never changes."""

    id = graphene.ID(required=True, description="Opaque: keep it, and do not take it apart.")

    @classmethod
    def resolve_type(cls, instance: Mapping[str, Any], info: Any) -> type[graphene.ObjectType]:
        return KINDS[instance["kind"]][0]


class PageInfo(graphene.ObjectType):
    """Where a page stands in its list."""

    has_next_page = graphene.Boolean(required=True)
    has_previous_page = graphene.Boolean(required=True)
    start_cursor = graphene.String(description="For `before`, to read on towards the start.")
    end_cursor = graphene.String(description="For `after`, to read on.")


def connection_of(item: type[graphene.ObjectType], what: str) -> type[graphene.ObjectType]:
    """The connection of a type, which its page comes as; `what` are its items, in the plural."""
    name = item._meta.name
    edge = type(
        f"{name}Edge",
        (graphene.ObjectType,),
        {
            "__doc__": f"One of the {what} of a list, with the cursor to read on from.",
            "cursor": graphene.String(required=True),
            "node": graphene.Field(item, required=True),
        },
    )
    fields = {
        "__doc__": f"A page of {what}.",
        "nodes": graphene.List(graphene.NonNull(item), required=True),
        "edges": graphene.List(graphene.NonNull(edge), required=True),
        "page_info": graphene.Field(PageInfo, required=True),
        "total_count": graphene.Int(
            description="Of all pages. Counted only if you ask for it; null where nobody counts."
        ),
    }
    return type(f"{name}Connection", (graphene.ObjectType,), fields)


def page_arguments() -> dict[str, graphene.Argument]:
    """New ones for each field: graphene numbers them in the order in which they are made."""
    at_most = f"at most {limits.PAGE_ITEMS_MAX}"
    return {
        "first": graphene.Argument(
            graphene.Int, description=f"So many from the start, or after `after`; {at_most}."
        ),
        "after": graphene.Argument(graphene.String, description="A cursor."),
        "last": graphene.Argument(
            graphene.Int, description=f"So many from the end, or before `before`; {at_most}."
        ),
        "before": graphene.Argument(graphene.String, description="A cursor."),
    }


def page_params(arguments: dict[str, Any]) -> dict[str, Any]:
    """Takes the page's arguments out of `arguments`, as services want them."""
    page = {name: value for name in PAGE_NAMES if (value := arguments.pop(name, None)) is not None}
    if "first" not in page and "last" not in page:
        page["first"] = PAGE_ITEMS_DEFAULT
    return page


def counted(info: Info) -> bool:
    """Counting costs a query of its own, and is done only for who wants it."""
    return "totalCount" in selected(info)


def as_connection(page: Mapping[str, Any]) -> dict[str, Any]:
    """A service's page in the form of a connection."""
    items, cursors = page["items"], page["cursors"]
    return {
        "nodes": items,
        "edges": [
            {"cursor": cursor, "node": item} for cursor, item in zip(cursors, items, strict=True)
        ],
        "page_info": {
            "has_next_page": page["has_next"],
            "has_previous_page": page["has_previous"],
            "start_cursor": cursors[0] if cursors else None,
            "end_cursor": cursors[-1] if cursors else None,
        },
        "total_count": page.get("total"),
    }
