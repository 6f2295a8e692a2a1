"""What a room declares about its records: light, so that contracts can be imported anywhere."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import BaseModel

__all__ = ["Kind"]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of record: `model` is what a body must satisfy to be applied, here or at a follower;
    `scopes` are those that it may be written with."""

    name: str
    model: type[BaseModel]
    scopes: frozenset[str]
