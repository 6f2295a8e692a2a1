"""The names that XLSForm gives to languages, as BCP 47: `中文 (zh)`, `Português (pt-BR)`, `en`."""

from __future__ import annotations

import re
from typing import Final

from pydantic import TypeAdapter, ValidationError

from hinterland.rooms.shapes import Language

__all__ = ["UNDETERMINED", "language_tag"]

UNDETERMINED: Final = "und"  # BCP 47: a text whose language nobody said
_IN_BRACKETS: Final = re.compile(r"[(（]\s*([A-Za-z0-9_-]+)\s*[)）]\s*$")
_ALONE: Final = re.compile(r"[A-Za-z]{2,3}([_-][A-Za-z0-9]+)*")
_LANGUAGE: Final = TypeAdapter[str](Language)


def language_tag(name: str) -> str | None:
    """The tag that a column's language has, in brackets behind its name or instead of one; None
    where there is none. `default`, which pyxform says where nobody said anything, is `und`."""
    name = name.strip()
    if name in ("", "default"):
        return UNDETERMINED
    match = _IN_BRACKETS.search(name)
    if match is None and not _ALONE.fullmatch(name):
        return None
    first, *rest = (match[1] if match else name).replace("_", "-").split("-")
    tag = "-".join([first.lower(), *map(_cased, rest)])
    try:
        return _LANGUAGE.validate_python(tag)
    except ValidationError:
        return None


def _cased(part: str) -> str:
    """As RFC 5646 writes them: `Hans`, `BR`, `rozaj`."""
    if len(part) == 4 and part.isalpha():
        return part.title()
    return part.upper() if len(part) in (2, 3) else part.lower()
