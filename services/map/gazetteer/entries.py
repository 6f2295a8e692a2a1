"""What the sources give: one entry for each place, with its names folded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from services.map.gazetteer.keys import KEY_CHARS_MAX, bare_key, is_han, is_short, key_of
from services.map.gazetteer.places import Place

__all__ = ["Entry", "keys_of"]


@dataclass(frozen=True, slots=True)
class Entry:
    """A place, its keys (True: without its 市 or 县), and its names by language where known."""

    place: Place
    keys: Mapping[str, bool]
    labels: Mapping[str, str] = field(default_factory=dict)


def keys_of(name: str, others: Iterable[str], *bare: str) -> dict[str, bool]:
    """The keys of a place's names: its first, short as that may be, of the others those that can be
    looked for, and shorter forms of all Chinese ones; `bare` has those that no rule makes."""
    keys = {key_of(name): False}
    for other in others:
        key = key_of(other)
        if not is_short(key) and not key.isdigit():
            keys.setdefault(key, False)
    for key in (*map(key_of, bare), *map(bare_key, [key for key in keys if is_han(key)])):
        if not is_short(key):
            keys.setdefault(key, True)
    return {key: bare for key, bare in keys.items() if 0 < len(key) <= KEY_CHARS_MAX}
