"""Categories, places and layers as moderators write them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from pydantic import BaseModel, ValidationError

from services.map.contract import limits
from services.map.contract.calls import ReportFilter
from services.map.contract.records import Category, Layer, Place
from services.map.rules.reporting import Problem, clean_text

__all__ = ["depth_of", "problems_of"]

MODELS: Final[Mapping[str, type[BaseModel]]] = {
    "category": Category,
    "place": Place,
    "layer": Layer,
}


def problems_of(kind: str, body: Mapping[str, Any], now: datetime) -> list[Problem]:
    """What is wrong with a body that somebody wrote, by field."""
    model = MODELS[kind]
    problems = [
        Problem(name, f"there is no such field; there are {', '.join(model.model_fields)}")
        for name in body
        if name not in model.model_fields
    ]
    for name in ("names", "descriptions"):
        texts = body.get(name)
        if isinstance(texts, Mapping):
            problems += _texts(name, texts)
    try:
        model.model_validate(dict(body))
        if kind == "layer":
            ReportFilter.model_validate(body.get("filter", {}))
    except ValidationError as error:
        problems += [
            Problem(".".join(map(str, each["loc"])) or "filter", each["msg"])
            for each in error.errors(include_url=False, include_input=False)
        ]
    return problems


def _texts(name: str, texts: Mapping[str, Any]) -> list[Problem]:
    problems = []
    for language, text in texts.items():
        try:
            clean_text(text, limits.NOTE_CHARS_MAX)
        except ValueError as error:
            problems.append(Problem(f"{name}.{language}", str(error)))
    return problems


def depth_of(
    category: str | None, parent: str | None, parent_of: Callable[[str], str | None]
) -> int | None:
    """How deep below the root a category with this parent lies, 0 for one without; None where it
    would be below itself, or deeper than `DEPTH_MAX`. `parent_of` is None of a root."""
    for depth in range(limits.DEPTH_MAX):
        if parent is None:
            return depth
        if parent == category:
            return None
        parent = parent_of(parent)
    return None
