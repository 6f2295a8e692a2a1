"""Which reports are one event: computed from the merges in force, never written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from services.map.contract import limits

__all__ = ["group_of", "is_in_force"]


def is_in_force(merge: Mapping[str, Any], refused_by: Iterable[str]) -> bool:
    """Whether a merge counts: the homes of its reports may refuse it, nobody else."""
    homes = {report.partition(".")[0] for report in merge["reports"]}
    return homes.isdisjoint(refused_by)


def group_of(report: str, merged_with: Callable[[set[str]], Iterable[Iterable[str]]]) -> list[str]:
    """All reports that are one event with `report`, itself included, in order, `GROUP_MAX` at most.

    `merged_with` gives, for some reports, the reports of every merge in force that names one of
    them. It is asked once for each step away from `report`.
    """
    known, edge = {report}, {report}
    while edge and len(known) < limits.GROUP_MAX:
        found = {each for merge in merged_with(edge) for each in merge}
        edge = found - known
        known |= edge
    return sorted(known)[: limits.GROUP_MAX]
