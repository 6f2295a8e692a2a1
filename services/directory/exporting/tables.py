"""CSV for spreadsheets. The importer knows the headings, and reads back what it can hold."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, TextIO

from hinterland.tables.formulas import guarded

__all__ = ["COLUMNS", "write_csv"]

Ngo = Mapping[str, Any]

LANGUAGES: Final = ("zh", "en", "ar", "vi", "id")  # with a column of their own


def _in_language(field: str, language: str) -> Callable[[Ngo], str]:
    return lambda ngo: str(ngo.get(field, {}).get(language, ""))


def _in_other_languages(field: str) -> Callable[[Ngo], str]:
    """`fr=texte`, a line each."""
    return lambda ngo: "\n".join(
        f"{language}={' '.join(text.split())}"
        for language, text in ngo.get(field, {}).items()
        if language not in LANGUAGES
    )


def _list(field: str, separator: str = "; ") -> Callable[[Ngo], str]:
    return lambda ngo: separator.join(map(str, ngo.get(field, ())))


def _plain(field: str) -> Callable[[Ngo], str]:
    return lambda ngo: str(ngo.get(field, ""))


def _coordinate(axis: str) -> Callable[[Ngo], str]:
    return lambda ngo: str(ngo.get("location", {}).get(axis, ""))


def _identifiers(ngo: Ngo) -> str:
    found = ngo.get("identifiers", ())
    return "; ".join(f"{each['scheme']}: {each['value']}" for each in found)


def _social(ngo: Ngo) -> str:
    return "; ".join(f"{platform}={handle}" for platform, handle in ngo.get("social", {}).items())


def _services(ngo: Ngo) -> str:
    """`name | description | eligibility | hours`, a line each."""
    keys = ("name", "description", "eligibility", "hours")
    lines = []
    for service in ngo.get("services", ()):
        parts = [" ".join(service.get(key, "").split()) for key in keys]
        while parts and not parts[-1]:
            parts.pop()
        lines.append(" | ".join(parts))
    return "\n".join(lines)


COLUMNS: Final[Mapping[str, Callable[[Ngo], str]]] = {
    **{f"names.{language}": _in_language("names", language) for language in LANGUAGES},
    "names.*": _in_other_languages("names"),
    "aliases": _list("aliases"),
    "causes": _list("causes"),
    "region": _plain("region"),
    "city": _plain("city"),
    "address": _plain("address"),
    "lat": _coordinate("lat"),
    "lng": _coordinate("lng"),
    "founded": _plain("founded"),
    "legal_form": _plain("legal_form"),
    "identifiers": _identifiers,
    "email": _plain("email"),
    "phones": _list("phones"),
    "website": _plain("website"),
    "social.*": _social,
    "staff_count": _plain("staff_count"),
    "volunteer_count": _plain("volunteer_count"),
    "languages": _list("languages"),
    **{
        f"descriptions.{language}": _in_language("descriptions", language) for language in LANGUAGES
    },
    "descriptions.*": _in_other_languages("descriptions"),
    "services": _services,
    # What an import does not take: it is the home's to say.
    "verification": lambda ngo: str(ngo.get("verification", {}).get("state", "")),
    "last_confirmed": _plain("last_confirmed"),
    "id": _plain("id"),
    "home": _plain("home"),
    "version": _plain("version"),
}


def write_csv(ngos: Iterable[Ngo], out: TextIO) -> int:
    """Returns how many were written. `out` is opened with `newline=""`, and for Excel as utf-8-sig.
    A cell that a spreadsheet would run as a formula begins with an apostrophe."""
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    count = 0
    for ngo in ngos:
        writer.writerow(guarded(cell(ngo)) for cell in COLUMNS.values())
        count += 1
    return count
