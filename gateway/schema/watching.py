"""Subscriptions to the records of one kind: each that matches after its change, and each that
goes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from gateway import limits
from gateway.context import Context, audience
from gateway.live import Subscription, Topic

__all__ = ["watch"]


async def watch(
    context: Context,
    listing: tuple[str, str],
    kind: str,
    scopes: Iterable[str],
    wanted: Mapping[str, Any],
) -> Subscription:
    """`listing` is the service and its method that lists the records, and takes `wanted` and ids as
    its filter. Raises what that says of a filter that is wrong, and Busy."""
    service, method = listing

    async def look_up(ids: list[str]) -> Mapping[str, Any]:
        params = {"filter": {**wanted, "ids": ids}, "first": limits.PAGE_ITEMS_MAX}
        page = await context.call(service, method, params)
        return {record["id"]: record for record in page["items"]}

    topic = Topic(
        service,
        kind,
        frozenset(scopes),
        (audience(context.actor), orjson.dumps(wanted, option=orjson.OPT_SORT_KEYS)),
    )
    # From here on nothing is missed, so that who subscribes and then reads has everything.
    subscription = context.node.interests.subscribe(topic, look_up)
    try:
        # A filter that is wrong is refused now, and not at the first change.
        await look_up([])
    except BaseException:
        await subscription.aclose()
        raise
    return subscription
