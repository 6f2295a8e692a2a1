"""An XForm (https://getodk.github.io/xforms-spec), as pyxform writes it, to the fields of a form.

What a form asks comes from three places of its XML: the instance (which fields, in which order),
the binds (their types and conditions), and the body (how they are shown, with their options).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from xml.etree.ElementTree import Element

import orjson

from services.map.contract.errors import FormRefused
from services.map.contract.forms import FIELDS_BYTES_MAX, XFORM_BYTES_MAX, Xform
from services.map.forms.languages import UNDETERMINED, language_tag
from services.map.forms.xml import local, read_xml
from services.map.rules.expressions import ExpressionRefused, require_known

__all__ = ["FormReading", "Remark", "read_xform"]

REFUSALS_MAX: Final = 50  # named of one form
META: Final = "meta"  # of the answers as such: their id, their name
JAVAROSA: Final = "{http://openrosa.org/javarosa}"
ACKNOWLEDGED: Final = "OK"  # what a trigger answers
UNTRANSLATED: Final = "-"  # what pyxform puts where a translation is missing

_ITEXT: Final = re.compile(r"jr:itext\(\s*['\"](.+?)['\"]\s*\)")
_INSTANCE: Final = re.compile(r"instance\(\s*['\"]([^'\"]+)['\"]\s*\)")
_TYPES: Final[Mapping[str, str]] = {
    "string": "text",
    "barcode": "text",
    "int": "integer",
    "integer": "integer",
    "long": "integer",
    "decimal": "decimal",
    "double": "decimal",
    "date": "date",
    "time": "time",
    "dateTime": "datetime",
    "geopoint": "location",
    "binary": "file",
}
# What is kept, and passed on to phones, but neither shown nor checked as what it is.
_AS_TEXT: Final = {
    "geotrace": "a line on the map is kept as text",
    "geoshape": "an area on the map is kept as text",
    "boolean": "a truth value is kept as text",
}
_CONTROLS: Final = {"select1": "choice", "select": "choices", "rank": "choices"}
# What a phone tells about itself and its owner, unasked.
_PERSONAL: Final = frozenset(
    {"deviceid", "phonenumber", "simserial", "subscriberid", "username", "email"}
)


@dataclass(frozen=True, slots=True)
class Remark:
    """Something about the field at `path` that is not done here as its author may expect; `column`
    is that of an XLSForm."""

    path: str
    column: str
    message: str


@dataclass(slots=True)
class FormReading:
    """`body` is one of the kind `form`, without category, media and files."""

    body: dict[str, Any]
    remarks: list[Remark] = field(default_factory=list)


@dataclass(slots=True)
class _Control:
    """What the body of a form says of one field."""

    tag: str
    element: Element


def read_xform(content: bytes) -> FormReading:
    """Raises FormRefused, with `errors` by field; BadXml."""
    if len(content) > XFORM_BYTES_MAX:
        raise FormRefused(
            f"The form's XML has {len(content)} bytes; {XFORM_BYTES_MAX} is the limit. Move long "
            "lists of choices to a file (select_one_from_file)."
        )
    reading = _Reader(read_xml(content)).read()
    reading.body["xform"] = Xform.of(content).model_dump()
    return reading


class _Reader:
    def __init__(self, root: Element) -> None:
        head = _child(root, "head")
        model = None if head is None else _child(head, "model")
        body = _child(root, "body")
        if head is None or model is None or body is None:
            raise FormRefused("This is not an XForm: it has no head, model or body.")
        self._title = _text(_child(head, "title"))
        self._texts, self._languages, self._untagged = _translations(_child(model, "itext"))
        self._default = self._languages[0] if self._languages else UNDETERMINED
        instances = [each for each in model if local(each.tag) == "instance"]
        primary = next(iter(instances[0]), None) if instances else None
        if primary is None:
            raise FormRefused("This is not an XForm: it has no instance to fill in.")
        self._primary = primary
        self._lists = {each.get("id", ""): each for each in instances[1:]}
        self._binds = {each.get("nodeset", ""): each for each in model if local(each.tag) == "bind"}
        self._controls: dict[str, _Control] = {}
        self._repeats: set[str] = set()
        self._find_controls(body)
        self._remarks: list[Remark] = []
        self._refused: list[dict[str, str]] = []
        self._options: dict[str, list[dict[str, Any]]] = {}
        self._fields: list[dict[str, Any]] = []

    def read(self) -> FormReading:
        form_id = self._primary.get("id") or self._primary.get("xmlns") or ""
        if not form_id:
            raise FormRefused("The form has no form_id. Give it one in the sheet settings.")
        for name in self._untagged:
            message = (
                f"the language {name!r} has no code, so its texts are left out here; phones show "
                f"them. Write it as `{name} (en)`, with its own code"
            )
            self._remarks.append(Remark("", f"label::{name}", message))
        self._read_children(self._primary, "/" + _tag(self._primary), "")
        if self._refused:
            first = self._refused[0]
            raise FormRefused(
                first["message"], field=first["field"], errors=self._refused[:REFUSALS_MAX]
            )
        body = {
            "form_id": form_id,
            "version": self._primary.get("version", ""),
            "names": {self._default: self._title or form_id},
            "languages": self._languages,
            "root": _tag(self._primary),
            "fields": self._fields,
            "options": self._options,
        }
        size = len(orjson.dumps([self._fields, self._options]))
        if size > FIELDS_BYTES_MAX:
            raise FormRefused(
                f"The form's questions and choices are {size} bytes; {FIELDS_BYTES_MAX} is the "
                "limit. Move long lists of choices to a file (select_one_from_file)."
            )
        return FormReading(body, self._remarks)

    # The body

    def _find_controls(self, element: Element) -> None:
        for each in element:
            tag = local(each.tag)
            ref = each.get("ref") or each.get("nodeset") or ""
            if tag == "repeat":
                self._repeats.add(ref)
            elif ref:
                self._controls.setdefault(ref, _Control(tag, each))
            elif tag == "group" and (repeat := _child(each, "repeat")) is not None:
                # Other programs than pyxform give the label of a repeat to a group around it.
                self._controls.setdefault(repeat.get("nodeset", ""), _Control(tag, each))
            if tag in ("group", "repeat"):
                self._find_controls(each)

    # The instance

    def _read_children(self, parent: Element, nodeset: str, path: str) -> None:
        seen: set[str] = set()
        for each in parent:
            name = _tag(each)
            # A repeat is there twice: as its template, and as its first occurrence.
            if name in seen or not name or (not path and name == META):
                continue
            seen.add(name)
            self._read_field(each, f"{nodeset}/{name}", f"{path}/{name}".lstrip("/"))
        if not path and any(_tag(each) == META and len(each) for each in parent):
            self._remark_meta(nodeset)

    def _remark_meta(self, nodeset: str) -> None:
        if f"{nodeset}/{META}/audit" in self._binds:
            message = "the log of how somebody filled in the form is not kept"
            self._remarks.append(Remark("audit", "type", message))

    def _read_field(self, element: Element, nodeset: str, path: str) -> None:
        bind = self._binds.get(nodeset)
        control = self._controls.get(nodeset)
        found: dict[str, Any] = {"path": path}
        self._fields.append(found)
        if nodeset in self._repeats:
            found["kind"] = "repeat"
        elif len(element):
            found["kind"] = "group"
        else:
            self._read_kind(found, bind, control)
            found["default"] = (element.text or "").strip() or None
        if control is not None:
            self._read_control(found, control)
        if bind is not None:
            self._read_bind(found, bind)
        for key in [key for key, value in found.items() if value is None or value is False]:
            del found[key]
        if found["kind"] in ("group", "repeat"):
            self._read_children(element, nodeset, path)

    def _read_kind(
        self, found: dict[str, Any], bind: Element | None, control: _Control | None
    ) -> None:
        declared = "string" if bind is None else bind.get("type", "string").rpartition(":")[2]
        tag = control.tag if control else ""
        found["calculated"] = control is None
        if tag in _CONTROLS:
            found["kind"] = _CONTROLS[tag]
        elif tag == "trigger":
            found["kind"] = "choice"
            found["options"] = ACKNOWLEDGED
            self._options[ACKNOWLEDGED] = [{"value": ACKNOWLEDGED}]
        elif control is not None and tag == "upload":
            media = control.element.get("mediatype", "")
            found["kind"] = "photo" if media.startswith("image/") else "file"
            found["media_type"] = media or None
        elif declared in _AS_TEXT:
            found["kind"] = "text"
            self._remarks.append(Remark(found["path"], "type", _AS_TEXT[declared]))
        elif declared in _TYPES:
            found["kind"] = _TYPES[declared]
        else:
            found["kind"] = "text"
            message = f"answers of the type {declared} are kept as text"
            self._remarks.append(Remark(found["path"], "type", message))

    def _read_control(self, found: dict[str, Any], control: _Control) -> None:
        element = control.element
        found["labels"] = self._labels(_child(element, "label")) or None
        found["hints"] = self._labels(_child(element, "hint")) or None
        found["appearance"] = element.get("appearance")
        if control.tag == "range":
            bounds = [_number(element.get(each)) for each in ("start", "end")]
            ordered = sorted(each for each in bounds if each is not None)
            if len(ordered) == 2:
                found["min"], found["max"] = ordered
        if control.tag in _CONTROLS:
            self._read_choices(found, element)

    def _read_bind(self, found: dict[str, Any], bind: Element) -> None:
        found["read_only"] = bind.get("readonly", "").strip() == "true()"
        found["calculated"] = found.get("calculated", False) or "calculate" in bind.attrib
        if found["kind"] == "text" and found["read_only"] and not found["calculated"]:
            found["kind"] = "note"
        personal = bind.get(f"{JAVAROSA}preloadParams", "") in _PERSONAL
        found["personal"] = personal and bind.get(f"{JAVAROSA}preload") == "property"
        required = bind.get("required", "").strip()
        found["required"] = required == "true()"
        if required not in ("", "true()", "false()"):
            found["required_when"] = self._expression(found, "required", required)
        found["relevant"] = self._expression(found, "relevant", bind.get("relevant", ""))
        found["constraint"] = self._expression(found, "constraint", bind.get("constraint", ""))
        for key, attribute in (("constraint", "constraintMsg"), ("required", "requiredMsg")):
            message = bind.get(JAVAROSA + attribute, "")
            found[f"{key}_messages"] = (self._referred(message) or None) if message else None

    def _expression(self, found: dict[str, Any], column: str, expression: str) -> str | None:
        expression = expression.strip()
        if not expression:
            return None
        try:
            require_known(expression)
        except ExpressionRefused as error:
            self._refused.append({"field": f"{found['path']}.{column}", "message": error.message})
        return expression

    # Options

    def _read_choices(self, found: dict[str, Any], element: Element) -> None:
        itemset = _child(element, "itemset")
        if itemset is None:
            items = [each for each in element if local(each.tag) == "item"]
            self._options[found["path"]] = [
                self._option(_text(_child(each, "value")), self._labels(_child(each, "label")))
                for each in items
            ]
            found["options"] = found["path"]
            return
        nodeset = itemset.get("nodeset", "")
        match = _INSTANCE.search(nodeset)
        instance = self._lists.get(match[1]) if match else None
        if match is None or instance is None or instance.get("src"):
            found["choices_elsewhere"] = True
            message = "the choices are in another file or answer; any answer is taken here"
            self._remarks.append(Remark(found["path"], "type", message))
            return
        name = match[1]
        if name not in self._options:
            value_ref = _ref(_child(itemset, "value"), "name")
            self._options[name] = list(self._items(instance, value_ref))
        found["options"] = name
        if "[" in nodeset:
            message = "which choices are shown, phones alone decide; here all of the list are taken"
            self._remarks.append(Remark(found["path"], "choice_filter", message))

    def _items(self, instance: Element, value_ref: str) -> Iterator[dict[str, Any]]:
        for root in instance:
            for item in root:
                values = {_tag(each): _text(each) for each in item}
                if "itextId" in values:
                    labels = self._texts_of(values["itextId"])
                else:
                    labels = self._in_default(values.get("label", ""))
                yield self._option(values.get(value_ref, ""), labels)

    @staticmethod
    def _option(value: str, labels: dict[str, str]) -> dict[str, Any]:
        return {"value": value, "labels": labels} if labels else {"value": value}

    # Texts

    def _labels(self, element: Element | None) -> dict[str, str]:
        if element is None:
            return {}
        ref = element.get("ref")
        return self._referred(ref) if ref else self._in_default(_text(element))

    def _referred(self, text: str) -> dict[str, str]:
        match = _ITEXT.fullmatch(text.strip())
        return self._texts_of(match[1]) if match else self._in_default(text.strip())

    def _texts_of(self, text_id: str) -> dict[str, str]:
        return {
            language: texts[text_id]
            for language, texts in self._texts.items()
            if texts.get(text_id) and texts[text_id] != UNTRANSLATED
        }

    def _in_default(self, text: str) -> dict[str, str]:
        return {self._default: text} if text else {}


def _translations(
    itext: Element | None,
) -> tuple[dict[str, dict[str, str]], list[str], list[str]]:
    """Texts by language and id; the languages, the default one first; names without a tag."""
    texts: dict[str, dict[str, str]] = {}
    untagged: list[str] = []
    default = None
    for translation in itext if itext is not None else ():
        name = translation.get("lang", "")
        tag = language_tag(name)
        if tag is None:
            untagged.append(name)
            continue
        if "default" in translation.attrib and default is None:
            default = tag
        texts[tag] = {
            each.get("id", ""): text
            for each in translation
            for value in each
            # Other forms of a text are pictures, sounds and the long hint.
            if value.get("form") is None and (text := _text(value))
        }
    languages = sorted(texts, key=lambda tag: tag != default)
    return texts, languages, untagged


def _child(element: Element, name: str) -> Element | None:
    return next((each for each in element if local(each.tag) == name), None)


def _tag(element: Element) -> str:
    """The name of a field. Those of a namespace of their own are of the answers as such."""
    return local(element.tag)


def _text(element: Element | None) -> str:
    """The text of a label; answers that it repeats stand as `${name}`."""
    if element is None:
        return ""
    parts = [element.text or ""]
    for each in element:
        if local(each.tag) == "output":
            parts.append("${" + each.get("value", "").strip().rpartition("/")[2] + "}")
        else:
            parts.append(_text(each))
        parts.append(each.tail or "")
    return "".join(parts).strip()


def _ref(element: Element | None, otherwise: str) -> str:
    return (element.get("ref") if element is not None else None) or otherwise


def _number(text: str | None) -> float | None:
    try:
        return float(text) if text else None
    except ValueError:
        return None
