"""XML from strangers: no entities, no DTD, and no more of it than its reader can take."""

from __future__ import annotations

from typing import Any, Final
from xml.etree.ElementTree import Element, ParseError, TreeBuilder

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from hinterland.errors import BadInput

__all__ = ["XML_DEPTH_MAX", "XML_ELEMENTS_MAX", "BadXml", "local", "read_xml"]

XML_DEPTH_MAX: Final = 32
XML_ELEMENTS_MAX: Final = 50_000


class BadXml(BadInput):
    """This is not XML that is read here. Send what the form's own program made, unchanged."""

    code = "BAD_XML"


class _Bounded(TreeBuilder):
    def __init__(self, elements_max: int) -> None:
        super().__init__()
        self._left = elements_max
        self._depth = 0

    def start(self, tag: Any, attrs: Any, /) -> Element:
        self._left -= 1
        self._depth += 1
        if self._left < 0:
            raise BadXml("The XML has too many elements. Split it up, and send the parts.")
        if self._depth > XML_DEPTH_MAX:
            raise BadXml(f"The XML is nested deeper than {XML_DEPTH_MAX} elements.")
        return super().start(tag, attrs)

    def end(self, tag: str, /) -> Element:
        self._depth -= 1
        return super().end(tag)


def read_xml(content: bytes, elements_max: int = XML_ELEMENTS_MAX) -> Element:
    """The root element. Raises BadXml."""
    parser = DefusedXMLParser(target=_Bounded(elements_max), forbid_dtd=True)
    try:
        parser.feed(content)
        root: Element = parser.close()
    except ParseError as error:
        raise BadXml(f"This is not well-formed XML: {error}.") from error
    except DefusedXmlException as error:
        raise BadXml("XML with a DTD, entities or references is not read here.") from error
    except (LookupError, ValueError) as error:
        raise BadXml(f"The XML's encoding cannot be read: {error}.") from error
    return root


def local(tag: Any) -> str:
    """A tag without its namespace; empty for comments."""
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""
