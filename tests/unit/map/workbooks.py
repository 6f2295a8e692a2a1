"""XLSForms as people write them, and phones that fill in the XForms that come of them."""

from __future__ import annotations

from io import BytesIO
from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from openpyxl import Workbook

__all__ = ["WELLS", "Phone", "workbook"]

Rows = list[list[Any]]

ZH, AR = "label::中文 (zh)", "label::العربية (ar)"
WELLS: dict[str, Rows] = {
    "survey": [
        [
            *("type", "name", ZH, AR, "hint::中文 (zh)", "required", "relevant", "constraint"),
            *("constraint_message::中文 (zh)", "constraint_message::العربية (ar)", "default"),
        ],
        ["end", "end"],
        ["phonenumber", "phone_number"],
        ["text", "village", "村名", "اسم القرية", "按当地叫法", "yes"],
        ["begin group", "well", "水井", "البئر"],
        [
            *("integer", "depth", "深度(米)", "العمق", "", "", "", ". > 0 and . < 300"),
            *("深度在 0 和 300 之间", "العمق بين 0 و300"),
        ],
        ["select_one state", "state", "状况", "الحالة", "", "yes"],
        ["text", "broken", "坏在哪里", "العطل", "", "yes", "${state} = 'broken'"],
        ["image", "photo", "照片", "صورة"],
        ["end group"],
        ["begin repeat", "households", "用户", "الأسر"],
        ["text", "head", "户主", "رب الأسرة", "", "yes"],
        ["integer", "people", "人口", "عدد الأفراد", "", "", "", "", "", "", "1"],
        ["select_multiple use", "uses", "用途", "الاستعمال", "", "", "${people} > 0"],
        ["end repeat"],
        ["date", "seen", "日期", "التاريخ", "", "", "", ". <= today()", "不能在将来", "لا مستقبل"],
        ["geopoint", "place", "地点", "المكان"],
        ["note", "thanks", "谢谢", "شكرا"],
    ],
    "choices": [
        ["list_name", "name", ZH, AR],
        ["state", "works", "能用", "تعمل"],
        ["state", "broken", "坏了", "معطلة"],
        ["use", "drink", "饮用", "شرب"],
        ["use", "fields", "灌溉", "ري"],
    ],
    "settings": [
        ["form_title", "form_id", "version", "default_language"],
        ["水井", "wells", "3", "中文 (zh)"],
    ],
}


def workbook(sheets: dict[str, Rows] | None = None, **changed: Rows) -> bytes:
    """An .xlsx of these sheets; by default WELLS, with the sheets that are given in their place."""
    book = Workbook()
    book.remove(book.active)
    for title, rows in ({**WELLS, **changed} if sheets is None else sheets).items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    out = BytesIO()
    book.save(out)
    return out.getvalue()


class Phone:
    """Fills in an XForm as ODK Collect does: a copy of its instance, with the answers in it."""

    def __init__(self, xform: bytes) -> None:
        root = ElementTree.fromstring(xform)
        instance = root.find(".//{*}model/{*}instance")
        assert instance is not None
        self._instance = instance[0]

    def fill_in(
        self, answers: dict[str, Any], instance_id: str, deprecated_id: str | None = None
    ) -> bytes:
        """The XML of a submission. Repeats are as many as there are answers to."""
        root = Element(self._instance.tag, dict(self._instance.attrib))
        self._fill_in(root, self._instance, answers)
        meta = SubElement(root, "{http://openrosa.org/xforms}meta")
        SubElement(meta, "{http://openrosa.org/xforms}instanceID").text = instance_id
        if deprecated_id:
            SubElement(meta, "{http://openrosa.org/xforms}deprecatedID").text = deprecated_id
        return ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)

    def _fill_in(self, filled: Element, asked: Element, answers: dict[str, Any]) -> None:
        done: set[str] = set()
        for each in asked:
            name = each.tag.rpartition("}")[2]
            if name in done or name == "meta":
                continue
            done.add(name)
            answer = answers.get(name)
            for one in answer if isinstance(answer, list) else [answer]:
                element = SubElement(filled, each.tag)
                if len(each):
                    self._fill_in(element, each, one or {})
                elif one is not None:
                    element.text = str(one)
