"""What still counts of a node that is expelled: what the coordinator holds of it at that moment."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

__all__ = ["cutoffs"]


def cutoffs(statuses: Iterable[Mapping[str, Any]], node: str) -> dict[str, list[Any]]:
    """By feed of `node` the last position held, `[epoch, n, hash]`; `statuses` are the answers of
    every service to `feed_status`. A feed of which nothing is held does not count at all."""
    return {
        held["feed"]: [held["epoch"], held["n"], held["hash"]]
        for status in statuses
        for held in status["feeds"]
        if held["feed"].partition("/")[0] == node and held["n"] > 0
    }
