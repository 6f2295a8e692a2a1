"""Which reports a query string asks for: the filter of the map's files and tiles.

`categories=…&states=…&region=CN-YN&bbox=west,south,east,north&near=lat,lng,km&layer=…`; lists are
written with commas, or by naming the parameter again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from pydantic import ValidationError
from starlette.datastructures import QueryParams

from gateway import limits
from hinterland.errors import BadInput
from services.map.contract.calls import ReportFilter

__all__ = ["FILTERS", "LAYER", "filter_of"]

LAYER: Final = "layer"


def _one(name: str, given: Sequence[str]) -> str:
    if len(given) > 1:
        raise BadInput(f"`{name}` is given {len(given)} times", field=name)
    return given[0]


def _list(name: str, given: Sequence[str]) -> list[str]:
    return [part.strip() for each in given for part in each.split(",") if part.strip()]


def _numbers(*keys: str) -> Callable[[str, Sequence[str]], dict[str, float]]:
    def read(name: str, given: Sequence[str]) -> dict[str, float]:
        parts = _one(name, given).split(",")
        try:
            return dict(zip(keys, map(float, parts), strict=True))
        except ValueError as error:
            raise BadInput(f"`{name}` is {','.join(keys)}, in degrees", field=name) from error

    return read


FILTERS: Final[Mapping[str, Callable[[str, Sequence[str]], Any]]] = {
    "categories": _list,
    "states": _list,
    "search": _one,
    "region": _one,
    "home": _one,
    "bbox": _numbers("west", "south", "east", "north"),
    "near": _numbers("lat", "lng", "radius_km"),
    "happened_after": _one,
    "happened_before": _one,
    "updated_after": _one,
    "group": _one,
    "ids": _list,
}


def filter_of(
    given: QueryParams, layer: Mapping[str, Any] | None = None, beside: Iterable[str] = ()
) -> dict[str, Any]:
    """The filter, as the map's calls take it. What is given goes before what the `layer` says;
    `beside` are parameters that somebody else reads. Raises BadInput, naming the parameter."""
    if len(given.multi_items()) > limits.PARAMETERS_MAX:
        raise BadInput(f"there are more than {limits.PARAMETERS_MAX} parameters")
    found = dict(layer or {})
    others = {LAYER, *beside}
    for name in given:
        if name in others:
            continue
        if name not in FILTERS:
            known = ", ".join((*FILTERS, *sorted(others)))
            raise BadInput(f"there is no `{name}`; there are {known}", field=name)
        found[name] = FILTERS[name](name, given.getlist(name))
    try:
        return ReportFilter.model_validate(found).model_dump(mode="json", exclude_none=True)
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False)[0]
        field = ".".join(map(str, fault["loc"]))
        raise BadInput(fault["msg"].removeprefix("Value error, "), field=field) from error
