"""Changes to an NGO, as patches: what they do, what they would do, and where they conflict.

A patch is flat, from path to value: `phones` for a field that is replaced as a whole, `names.en`
for one key of a field that changes key by key. None removes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from services.directory.contract.codes import SuggestionState
from services.directory.contract.records import BY_KEY_FIELDS
from services.directory.contract.results import Difference

__all__ = [
    "apply",
    "auto_accepted_by",
    "conflicts",
    "differences",
    "flatten",
    "seen",
    "state_of",
    "value_at",
]

Patch = Mapping[str, Any]
Body = Mapping[str, Any]


def flatten(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Fields as `update_ngo` takes them, as a patch.

    >>> flatten({"names": {"en": "Green", "vi": None}, "phones": None})
    {'names.en': 'Green', 'names.vi': None, 'phones': None}
    """
    patch: dict[str, Any] = {}
    for name, value in fields.items():
        if name in BY_KEY_FIELDS and isinstance(value, Mapping):
            patch.update({f"{name}.{key}": text for key, text in value.items()})
        else:
            patch[name] = value
    return patch


def value_at(body: Body, path: str) -> Any:
    """What stands at `path` now; None if nothing does."""
    name, _, key = path.partition(".")
    value = body.get(name)
    return value.get(key) if key and isinstance(value, Mapping) else value


def apply(body: Body, patch: Patch) -> dict[str, Any]:
    """`body` after `patch`. Nothing else changes: fields of newer versions stay as they are."""
    changed = dict(body)
    for path, value in patch.items():
        name, _, key = path.partition(".")
        if key:
            inner = {**(changed.get(name) or {}), key: value}
            value = {k: v for k, v in inner.items() if v is not None}
        if value is None or value == {}:
            changed.pop(name, None)
        else:
            changed[name] = value
    return changed


def seen(body: Body, patch: Patch) -> dict[str, Any]:
    """The values that a patch would replace: what its author saw."""
    return {path: value_at(body, path) for path in patch}


def differences(body: Body, suggestion: Body) -> list[Difference]:
    """A suggestion field by field against the NGO as it is now. A field conflicts if it is neither
    as the suggester saw it nor already as he would have it."""
    lines: list[Difference] = []
    for path, proposed in suggestion["changes"].items():
        was, current = suggestion["seen"].get(path), value_at(body, path)
        lines.append(
            Difference(
                path=path,
                seen=was,
                current=current,
                proposed=proposed,
                conflict=current not in (was, proposed),
            )
        )
    return lines


def conflicts(body: Body, suggestion: Body) -> list[str]:
    """The paths of a suggestion that have changed since it was made."""
    return [line["path"] for line in differences(body, suggestion) if line["conflict"]]


def state_of(ngo: Body | None, suggestion: Body, decision: Body | None) -> SuggestionState:
    """Computed from the three records, so that every node that holds them says the same."""
    if decision is not None:
        return SuggestionState.ACCEPTED if decision["accepted"] else SuggestionState.REFUSED
    if ngo is None:
        return SuggestionState.VOID
    return SuggestionState.CONFLICT if conflicts(ngo, suggestion) else SuggestionState.OPEN


def auto_accepted_by(
    rules: Sequence[Mapping[str, Any]], node: str, ngo: Body, suggestion: Body
) -> bool:
    """Whether a policy accepts a suggestion of `node` unseen: one of its rules must name the node
    and every field of the suggestion. A conflict is always for people."""
    fields = {path.partition(".")[0] for path in suggestion["changes"]}
    return not conflicts(ngo, suggestion) and any(
        rule["node"] == node and fields <= set(rule["fields"]) for rule in rules
    )
