"""The XML that OpenRosa answers with. Values alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final
from xml.etree.ElementTree import Element, SubElement, tostring

__all__ = ["form_list", "manifest", "response"]

# https://docs.getodk.org/openrosa-form-list, openrosa-form-submission
LIST_NAMESPACE: Final = "http://openrosa.org/xforms/xformsList"
MANIFEST_NAMESPACE: Final = "http://openrosa.org/xforms/xformsManifest"
RESPONSE_NAMESPACE: Final = "http://openrosa.org/http/response"


def form_list(forms: Iterable[Mapping[str, Any]], base: str, verbose: bool) -> bytes:
    """`forms` as `map.list_forms` has them; `base` is the address that those of each are under."""
    root = Element("xforms", {"xmlns": LIST_NAMESPACE})
    for form in forms:
        each = SubElement(root, "xform")
        names = list(form["names"].values())
        SubElement(each, "formID").text = form["form_id"]
        SubElement(each, "name").text = names[0]
        SubElement(each, "version").text = form["version"]
        SubElement(each, "hash").text = f"md5:{form['md5']}"
        if verbose:
            SubElement(each, "descriptionText").text = " / ".join(names)
        SubElement(each, "downloadUrl").text = f"{base}/forms/{form['id']}/form.xml"
        if form["has_media"]:
            SubElement(each, "manifestUrl").text = f"{base}/forms/{form['id']}/manifest.xml"
    return _written(root)


def manifest(media: Iterable[Mapping[str, str]], address_of: Mapping[str, str]) -> bytes:
    """`media` are `{name, md5}`; `address_of` says where each is, by name."""
    root = Element("manifest", {"xmlns": MANIFEST_NAMESPACE})
    for each in media:
        file = SubElement(root, "mediaFile")
        SubElement(file, "filename").text = each["name"]
        SubElement(file, "hash").text = f"md5:{each['md5']}"
        SubElement(file, "downloadUrl").text = address_of[each["name"]]
    return _written(root)


def response(
    message: str, *, error: bool = False, metadata: Mapping[str, str] | None = None
) -> bytes:
    """What phones show to whoever holds them, and `metadata` of the submission that was taken."""
    root = Element("OpenRosaResponse", {"xmlns": RESPONSE_NAMESPACE})
    nature = "submit_error" if error else "submit_success"
    SubElement(root, "message", {"nature": nature}).text = message
    if metadata is not None:
        namespace = {"xmlns": "http://www.opendatakit.org/xforms"}
        SubElement(root, "submissionMetadata", {**namespace, **metadata})
    return _written(root)


def _written(root: Element) -> bytes:
    return bytes(tostring(root, encoding="utf-8", xml_declaration=True))
