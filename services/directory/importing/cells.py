"""Cells to the fields of an NGO: lists split, words looked up, notations left to `rules`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from hinterland.tables.text import REPLACEMENT
from services.directory.contract.calls import ImportOptions
from services.directory.importing.columns import IGNORED, PERSONAL
from services.directory.importing.vocabulary import (
    cause_of,
    language_of,
    legal_form_of,
    region_and_rest,
)

__all__ = ["CellFault", "RowReader", "is_blank"]

LIST_ITEMS_MAX: Final = 50  # of one cell
FAULT_CHARS_MAX: Final = 80  # of a cell that are quoted back

_BLANKS: Final = frozenset({
    "-", "--", "—", "/", ".", "?", "？", "无", "沒有", "没有", "暂无", "不详", "未知", "空",
    "無", "暫無", "不詳", "n/a", "na", "none", "null", "nil", "nan", "unknown", "tbd", "không",
    "لا يوجد",
})  # fmt: skip
_LIST: Final = re.compile(r"[、,，;；\n|]+|\s/\s")
_PHONES: Final = re.compile(r"[、,，;；\n|/]+|\s{2,}|(?<=\d{7})\s+(?=\d{7})|\s*(?:或|及|and|or)\s*")
_LINES: Final = re.compile(r"[;；\n]+")
_HEADCOUNT: Final = re.compile(
    r"(?:约|約|大约|大約|近|共|about|approx\.?|ca\.?|~)?\s*(\d[\d,]*)\s*(?:余|餘|多|来|來)?\s*"
    r"(?:人|名|位|个|個|people|persons)?\s*\+?",
    re.IGNORECASE,
)
_SCHEMED: Final = re.compile(r"([A-Z]{2}-[A-Z]{2,10})[-:：\s]\s*(\S.*)")
_USCI: Final = re.compile(r"[0-9A-HJ-NPQRTUWXY]{18}")
_AREA: Final = re.compile(r"\(?(0\d{2,3})\)?[-\s]?\d{7,8}")
_CITY: Final = re.compile(r"^(\w{2,12}?(?:市|自治州|州|盟|地区))")
_TAGGED: Final = re.compile(r"([A-Za-z]{2,3}(?:-[A-Za-z0-9]+)*)\s*=\s*(.+)")
_HAN: Final = re.compile(r"[\u3400-\u9fff]")
_ARABIC: Final = re.compile(r"[\u0600-\u06ff]")
_VIETNAMESE: Final = re.compile(
    r"[ăđơưạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ]", re.IGNORECASE
)
_FORMULA_GUARD: Final = re.compile(r"^'(?=[=+\-@\t\r])")  # as our own export writes


@dataclass(frozen=True, slots=True)
class CellFault:
    """What is wrong with the cell of one column; None where it is the row."""

    target: str | None
    message: str


def is_blank(cell: str) -> bool:
    """Nothing, or what people write for nothing: 无, N/A, a dash."""
    bare = cell.strip()
    return not bare or bare.lower() in _BLANKS


def _language_of_text(text: str) -> str:
    """A guess by script, where neither heading nor options say; Latin letters count as English."""
    if _HAN.search(text):
        return "zh"
    if _ARABIC.search(text):
        return "ar"
    return "vi" if _VIETNAMESE.search(text) else "en"


@dataclass(slots=True)
class RowReader:
    """Reads the cells of one row after the other into an `ngo` as RegisterNgo takes it."""

    options: ImportOptions
    ngo: dict[str, Any] = field(default_factory=dict)
    faults: list[CellFault] = field(default_factory=list)
    _loose: dict[str, str] = field(default_factory=dict)  # lat, lng

    def read(self, target: str, cell: str) -> None:
        """Takes one cell. What it cannot use becomes a fault."""
        if is_blank(cell) or target in (IGNORED, PERSONAL):
            return
        text = _FORMULA_GUARD.sub("", cell.strip())
        if REPLACEMENT in text:
            self._fault(target, f"{text[:FAULT_CHARS_MAX]!r} has characters that are unreadable")
            return
        name, _, key = target.partition(".")
        _READERS[name](self, name, key, text)

    def finish(self) -> dict[str, Any]:
        """The row's NGO, with what the options and the address say where the file does not."""
        if self._loose:
            if set(self._loose) == {"lat", "lng"}:
                self.ngo["location"] = dict(self._loose)
            else:
                self._fault(next(iter(self._loose)), "latitude or longitude is missing")
        self._place()
        options = self.options
        if not self.ngo.get("causes") and options.cause:
            self.ngo["causes"] = [options.cause]
        return self.ngo

    def _place(self) -> None:
        """Region and city, out of each other and the address, else out of the options."""
        for source in ("city", "address"):
            text = self.ngo.get(source)
            if not text:
                continue
            region, rest = region_and_rest(text)
            if region is not None and not self.ngo.get("region"):
                self.ngo["region"] = region
            if source == "city" and region is not None and rest:
                self.ngo["city"] = rest
            if source == "address" and not self.ngo.get("city") and region is not None:
                found = _CITY.match(rest)
                if found:
                    self.ngo["city"] = found.group(1)
        if not self.ngo.get("region") and self.options.region:
            self.ngo["region"] = self.options.region
        if not self.ngo.get("city") and self.options.city:
            self.ngo["city"] = self.options.city

    def _fault(self, target: str | None, message: str) -> None:
        self.faults.append(CellFault(target, message))

    def _extend(self, name: str, items: list[Any]) -> None:
        kept = self.ngo.setdefault(name, [])
        kept.extend(item for item in items[:LIST_ITEMS_MAX] if item not in kept)

    # One reader for each field; `key` is what follows the dot in the target.

    def _by_language(self, name: str, key: str, text: str) -> None:
        texts = self.ngo.setdefault(name, {})
        if key == "*":
            for line in _LINES.split(text):
                tagged = _TAGGED.fullmatch(line.strip())
                if tagged:
                    texts[tagged.group(1)] = tagged.group(2)
                elif line.strip():
                    self._fault(f"{name}.*", f"{line[:FAULT_CHARS_MAX]!r} is not like fr=texte")
            return
        language = key or self.options.language or _language_of_text(text)
        texts.setdefault(language, text)

    def _value(self, name: str, key: str, text: str) -> None:
        self.ngo[name] = text

    def _coordinate(self, name: str, key: str, text: str) -> None:
        self._loose[name] = text.rstrip("°NEnesw ")

    def _location(self, name: str, key: str, text: str) -> None:
        """`25.04, 102.71` or `102.71 25.04`: China's longitudes are beyond 90."""
        parts = [part for part in re.split(r"[,，;；\s]+", text) if part]
        try:
            first, second = (float(part) for part in parts)
        except ValueError:
            self._fault(name, f"{text[:FAULT_CHARS_MAX]!r} is not a latitude and a longitude")
            return
        swap = abs(first) > 90
        self.ngo[name] = {"lat": second, "lng": first} if swap else {"lat": first, "lng": second}

    def _region(self, name: str, key: str, text: str) -> None:
        region, rest = region_and_rest(text)
        if region is None:
            self.ngo[name] = text  # a code perhaps; the rules say
            return
        self.ngo[name] = region
        if rest and not self.ngo.get("city"):
            self.ngo["city"] = rest

    def _causes(self, name: str, key: str, text: str) -> None:
        # In some lists a slash parts two causes, in others it belongs to the name of one.
        words = [
            word
            for item in _LIST.split(text)
            for word in ([item] if cause_of(item) else re.split(r"[/／]", item))
        ]
        for word in words:
            if is_blank(word):
                continue
            code = cause_of(word)
            if code is None:
                self._fault(name, f"{word.strip()[:FAULT_CHARS_MAX]!r} is no known cause")
            else:
                self._extend(name, [code])

    def _legal_form(self, name: str, key: str, text: str) -> None:
        code = legal_form_of(text)
        if code is None:
            self._fault(name, f"{text[:FAULT_CHARS_MAX]!r} is no known legal form")
        else:
            self.ngo[name] = code

    def _languages(self, name: str, key: str, text: str) -> None:
        words = [word.strip() for word in _LIST.split(text) if not is_blank(word)]
        self._extend(name, [language_of(word) or word for word in words])

    def _aliases(self, name: str, key: str, text: str) -> None:
        self._extend(name, [part.strip() for part in _LIST.split(text) if not is_blank(part)])

    def _phones(self, name: str, key: str, text: str) -> None:
        """Several numbers in a cell; one without an area code shares that of the one before."""
        area = ""
        numbers: list[str] = []
        for part in _PHONES.split(text):
            number = part.strip()
            if is_blank(number):
                continue
            found = _AREA.match(number)
            if found:
                area = found.group(1)
            elif area and re.fullmatch(r"[2-8]\d{6,7}", number):
                number = f"{area}-{number}"
            numbers.append(number)
        self._extend(name, numbers)

    def _headcount(self, name: str, key: str, text: str) -> None:
        found = _HEADCOUNT.fullmatch(text)
        self.ngo[name] = found.group(1) if found else text

    def _identifiers(self, name: str, key: str, text: str) -> None:
        for part in re.split(r"[、,，;；\n|]+", text):
            value = part.strip()
            if is_blank(value):
                continue
            schemed = _SCHEMED.fullmatch(value)
            if key:
                self._extend(name, [{"scheme": key, "value": value}])
            elif schemed:
                self._extend(name, [{"scheme": schemed.group(1), "value": schemed.group(2)}])
            elif _USCI.fullmatch(value.upper().replace(" ", "")):
                self._extend(name, [{"scheme": "CN-USCI", "value": value}])
            else:
                self._fault(
                    name,
                    f"{value[:FAULT_CHARS_MAX]!r} does not say whose number it is; "
                    "write the prefix of org-id.guide before it, like GB-CHC-1234567",
                )

    def _social(self, name: str, key: str, text: str) -> None:
        if not key:
            self._fault(name, "the heading does not say which platform this is")
        elif key == "*":
            for pair in _LINES.split(text):
                platform, equals, handle = pair.strip().partition("=")
                if equals:
                    self.ngo.setdefault(name, {})[platform] = handle
                elif platform:
                    self._fault("social.*", f"{pair[:FAULT_CHARS_MAX]!r} is not like weibo=name")
        else:
            self.ngo.setdefault(name, {})[key] = text

    def _services(self, name: str, key: str, text: str) -> None:
        """A line each: `name | description | eligibility | hours`, of which the name will do."""
        for line in _LINES.split(text):
            parts = [part.strip() for part in line.split(" | ")]
            if is_blank(parts[0]):
                continue
            keys = ("name", "description", "eligibility", "hours")
            self._extend(
                name,
                [{key: part for key, part in zip(keys, parts, strict=False) if part}],
            )


Read = Callable[[RowReader, str, str, str], None]

_READERS: Final[Mapping[str, Read]] = {
    "names": RowReader._by_language,
    "descriptions": RowReader._by_language,
    "aliases": RowReader._aliases,
    "causes": RowReader._causes,
    "region": RowReader._region,
    "city": RowReader._value,
    "address": RowReader._value,
    "lat": RowReader._coordinate,
    "lng": RowReader._coordinate,
    "location": RowReader._location,
    "founded": RowReader._value,
    "legal_form": RowReader._legal_form,
    "identifiers": RowReader._identifiers,
    "email": RowReader._value,
    "phones": RowReader._phones,
    "website": RowReader._value,
    "social": RowReader._social,
    "staff_count": RowReader._headcount,
    "volunteer_count": RowReader._headcount,
    "languages": RowReader._languages,
    "services": RowReader._services,
}
