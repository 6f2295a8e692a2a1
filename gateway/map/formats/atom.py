"""Reports as an Atom feed (RFC 4287) with points in GeoRSS-Simple, latitude first."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final
from xml.sax.saxutils import escape, quoteattr

__all__ = ["MEDIA_TYPE", "feed"]

MEDIA_TYPE: Final = "application/atom+xml; charset=utf-8"
NOTHING_YET: Final = "1970-01-01T00:00:00Z"
TITLE_CHARS_MAX: Final = 80  # of one that is made of the text
# What XML 1.0 cannot hold, however it is written.
_NOT_XML: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

Report = Mapping[str, Any]


def _text(text: Any) -> str:
    return escape(_NOT_XML.sub("\ufffd", str(text)))


def _attribute(text: Any) -> str:
    return quoteattr(_NOT_XML.sub("\ufffd", str(text)))


def _id(of: str) -> str:
    """Opaque, and the same for ever and everywhere (RFC 4151)."""
    return f"tag:hinterland,2026:{of}"


def _entry(report: Report, names: Mapping[str, str]) -> str:
    category = names.get(report["category"], report["category"])
    text = report.get("text", "")
    title = report.get("title") or text[:TITLE_CHARS_MAX] or category
    place = report.get("location")
    point = f"<georss:point>{place['lat']} {place['lng']}</georss:point>" if place else ""
    return (
        f"<entry><id>{_text(_id(report['id']))}</id><title>{_text(title)}</title>"
        f"<updated>{_text(report['at'])}</updated><published>{_text(report['happened_at'])}"
        f"</published><author><name>{_text(report['home'])}</name></author>"
        f"<category term={_attribute(report['category'])} label={_attribute(category)}/>"
        f'<category scheme="state" term={_attribute(report["state"])}/>'
        f'<content type="text">{_text(text)}</content>{point}</entry>\n'
    )


def feed(reports: Iterable[Report], names: Mapping[str, str], title: str, url: str) -> bytes:
    """The whole feed; `url` is where it was asked for, and its identity."""
    entries = list(reports)
    updated = max((report["at"] for report in entries), default=NOTHING_YET)
    head = (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        '<feed xmlns="http://www.w3.org/2005/Atom" xmlns:georss="http://www.georss.org/georss">\n'
        f"<id>{_text(url)}</id><title>{_text(title)}</title><updated>{_text(updated)}</updated>"
        f'<link rel="self" type="application/atom+xml" href={_attribute(url)}/>\n'
    )
    text = head + "".join(_entry(report, names) for report in entries) + "</feed>\n"
    return text.encode()
