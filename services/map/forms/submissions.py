"""The XML that a phone sends: whose form it is of, which submission it is, and its answers.

https://docs.getodk.org/openrosa-metadata for what stands in `meta`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from xml.etree.ElementTree import Element

from hinterland.errors import BadInput
from services.map.contract.forms import CONTAINERS
from services.map.forms.xml import local, read_xml

__all__ = ["BadSubmission", "Submission", "filled_in_at", "read_answers", "read_submission"]

SUBMISSION_ELEMENTS_MAX: Final = 10_000
META: Final = "meta"
INSTANCE_ID_CHARS_MIN: Final = 8
INSTANCE_ID_CHARS_MAX: Final = 120


class BadSubmission(BadInput):
    """This is no submission that is taken here. Send what the form's own program made."""

    code = "BAD_SUBMISSION"


@dataclass(frozen=True, slots=True)
class Submission:
    """`instance_id` is made by the phone, and names the submission for ever; `deprecated_id` is
    the one that this replaces. `root` holds the answers."""

    form_id: str
    version: str
    instance_id: str
    deprecated_id: str | None
    instance_name: str | None
    root: Element


def read_submission(content: bytes) -> Submission:
    """Raises BadSubmission or BadXml."""
    root = read_xml(content, SUBMISSION_ELEMENTS_MAX)
    if root.get("encrypted"):
        raise BadSubmission(
            "Encrypted submissions are not taken here: take public_key out of the form's settings."
        )
    meta = next((each for each in root if local(each.tag) == META), None)
    said = {} if meta is None else {local(each.tag): (each.text or "").strip() for each in meta}
    instance_id = said.get("instanceID") or root.get("instanceID") or ""
    form_id = root.get("id") or ""
    if not form_id:
        raise BadSubmission("The outermost element has no attribute id with the form's id.")
    if not INSTANCE_ID_CHARS_MIN <= len(instance_id) <= INSTANCE_ID_CHARS_MAX:
        raise BadSubmission(
            "The submission has no instanceID in meta, by which it could be told from others.",
            field="instanceID",
        )
    return Submission(
        form_id=form_id,
        version=root.get("version") or "",
        instance_id=instance_id,
        deprecated_id=said.get("deprecatedID") or None,
        instance_name=said.get("instanceName") or None,
        root=root,
    )


def read_answers(form: Mapping[str, Any], root: Element) -> dict[str, Any]:
    """The answers as `rules.answers` takes them, values still as text. What the form does not know
    is among them, so that it is named and not lost."""
    kinds = {each["path"]: each["kind"] for each in form.get("fields", ())}
    return _read_group(root, "", kinds)


def _read_group(element: Element, group: str, kinds: Mapping[str, str]) -> dict[str, Any]:
    answers: dict[str, Any] = {}
    for each in element:
        name = local(each.tag)
        path = f"{group}/{name}".lstrip("/")
        kind = kinds.get(path)
        if not name or (kind is None and path == META):
            continue
        if kind == "repeat":
            answers.setdefault(name, []).append(_read_group(each, path, kinds))
        elif kind in CONTAINERS or (kind is None and len(each)):
            answers[name] = _read_group(each, path, kinds)
        elif each.text:
            answers[name] = each.text if kind == "text" else each.text.strip()
    return answers


def filled_in_at(form: Mapping[str, Any], answers: Mapping[str, Any]) -> datetime | None:
    """When a phone says that it was done with the form, or began; with the offset of its place."""
    calculated = {
        each["path"]
        for each in form.get("fields", ())
        if each["kind"] == "datetime" and each.get("calculated")
    }
    for name in ("end", "start"):
        if name in calculated and isinstance(answers.get(name), str):
            try:
                found = datetime.fromisoformat(answers[name])
            except ValueError:
                continue
            if found.tzinfo is not None:
                return found
    return None
