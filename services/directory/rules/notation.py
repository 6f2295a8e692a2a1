"""Single values: from the notations that people use to the one that is stored.

Each function returns the stored value, or raises ValueError with a sentence for the person who
wrote the value.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from functools import lru_cache
from typing import Any, Final

import phonenumbers

from services.directory.contract import limits
from services.directory.contract.regions import PROVINCES_CN

__all__ = [
    "clean",
    "coordinates",
    "count",
    "email",
    "founded",
    "identifier",
    "language",
    "phone",
    "region",
    "usci_check_character",
    "website",
]

USCI: Final = "CN-USCI"
_USCI_ALPHABET: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_USCI_FORM: Final = re.compile(f"[{_USCI_ALPHABET}]{{18}}")

_REGION: Final = re.compile(r"[A-Z]{2}(-[A-Z0-9]{1,3})?")
_FOUNDED: Final = re.compile(
    r"(\d{4})\s*(?:年|[-/.])?\s*(?:(\d{1,2})\s*(?:月|[-/.])?\s*(?:(\d{1,2})\s*日?)?)?"
    r"(?:[T ]\d{2}:\d{2}.*)?"
)
_EXTENSION: Final = re.compile(r"(?:转|轉|分机|ext\.?|x)\s*\d{1,6}$", re.IGNORECASE)
_DIGIT: Final = re.compile(r"\d")
_INVISIBLE: Final = re.compile(
    "[\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\x00-\x08\x0b-\x1f\x7f]"
)


def clean(value: str) -> str:
    """Composed characters, single spaces, nothing invisible; line ends stay where there are any."""
    text = _INVISIBLE.sub("", unicodedata.normalize("NFC", value.replace("\r\n", "\n")))
    text.encode()  # a lone surrogate raises UnicodeEncodeError, which is a ValueError
    return "\n".join(line for line in (" ".join(part.split()) for part in text.split("\n")) if line)


def _plain(value: str) -> str:
    """Full width made narrow, for values that are codes rather than text."""
    return " ".join(_INVISIBLE.sub("", unicodedata.normalize("NFKC", value)).split())


@lru_cache(maxsize=1024)
def language(tag: str) -> str:
    """A BCP 47 tag in its usual case: `zh-hans` becomes `zh-Hans`."""
    parts = _plain(tag).replace("_", "-").split("-")
    cased = [parts[0].lower()]
    for part in parts[1:]:
        if len(part) == 4 and part.isalpha():
            cased.append(part.title())
        elif len(part) == 2 and part.isalpha():
            cased.append(part.upper())
        else:
            cased.append(part.lower())
    return "-".join(cased)


def region(code: str) -> str:
    """An ISO 3166-2 code, or a country's alone; China's must exist."""
    upper = _plain(code).upper().replace("_", "-")
    if not _REGION.fullmatch(upper):
        raise ValueError(f"{code!r} is not an ISO 3166-2 code like CN-YN")
    if upper.startswith("CN-") and upper not in PROVINCES_CN:
        raise ValueError(f"{upper} is no province of China; {', '.join(PROVINCES_CN)} are")
    return upper


@lru_cache(maxsize=4096)
def phone(text: str, country: str) -> str:
    """E.164. Numbers without a country code are read as `country` dials them (ISO 3166-1); an
    extension is left out.

    >>> phone("（0871）6512 3456转801", "CN")
    '+8687165123456'
    """
    plain = _EXTENSION.sub("", _plain(text).removeprefix("tel:")).strip()
    if not plain:
        raise ValueError("there is no telephone number")
    try:
        number = phonenumbers.parse(plain, country)
    except phonenumbers.NumberParseException:
        raise ValueError(
            f"{text!r} is not a telephone number in {country}; write it as +8687165123456"
        ) from None
    if not phonenumbers.is_possible_number(number):
        raise ValueError(f"{text!r} has too few or too many digits for a number in {country}")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def founded(value: Any, today: date) -> str:
    """ISO 8601 as precise as it was given: a year, a month or a day, and not in the future.

    >>> founded("2009年5月", date(2026, 1, 1))
    '2009-05'
    """
    text = _plain(str(value))
    found = _FOUNDED.fullmatch(text)
    if not found:
        raise ValueError(f"{text!r} is not a date; write 2009, 2009-05 or 2009-05-12")
    year, month, day = (int(part) if part else None for part in found.groups())
    try:
        first = date(year or 0, month or 1, day or 1)
    except ValueError:
        raise ValueError(f"{text!r} is not in the calendar") from None
    if first > today or first.year < limits.FOUNDED_YEAR_MIN:
        raise ValueError(f"{text!r} is in the future or too long ago")
    return first.isoformat()[: 4 if month is None else 7 if day is None else 10]


def email(text: str) -> str:
    plain = re.sub(r"(?i)^mailto:|\s", "", _plain(text))
    name, at, domain = plain.rpartition("@")
    if not (name and at and "." in domain.strip(".")):
        raise ValueError(f"{text!r} is not an e-mail address")
    return f"{name}@{domain.lower()}"


def website(text: str) -> str:
    """With `https://` where the scheme was left out."""
    plain = _plain(text).rstrip("。,;，；")
    if not plain.lower().startswith(("http://", "https://")):
        plain = f"https://{plain}"
    if " " in plain or "." not in plain.partition("://")[2]:
        raise ValueError(f"{text!r} is not a web address")
    return plain


def usci_check_character(first: str) -> str:
    """The last of the 18 characters of a unified social credit identifier (GB 32100-2015)."""
    total = sum(
        _USCI_ALPHABET.index(character) * pow(3, place, 31) for place, character in enumerate(first)
    )
    return _USCI_ALPHABET[-total % 31]


def identifier(scheme: str, value: str) -> dict[str, str]:
    """`{"scheme", "value"}`; a Chinese identifier's check character must be right."""
    scheme = _plain(scheme).upper()
    plain = _plain(value).upper()
    if scheme == USCI:
        plain = re.sub(r"[\s\-]", "", plain)
        if not _USCI_FORM.fullmatch(plain):
            raise ValueError(f"{value!r} is not an identifier of 18 digits and capitals")
        if usci_check_character(plain[:17]) != plain[17]:
            raise ValueError(
                f"{value!r} cannot be right: its last character does not fit the others"
            )
    if not plain:
        raise ValueError("the identifier is empty")
    return {"scheme": scheme, "value": plain}


def count(value: Any) -> int:
    """A number of people: 12, "12", "1,200"."""
    if isinstance(value, bool):
        raise ValueError("a number is needed, not yes or no")
    if isinstance(value, float) and not value.is_integer():
        raise ValueError(f"{value} is not a whole number")
    try:
        number = (
            int(value) if isinstance(value, int | float) else int(_plain(value).replace(",", ""))
        )
    except (ValueError, OverflowError, TypeError, AttributeError):
        raise ValueError(f"{value!r} is not a whole number") from None
    if not 0 <= number <= limits.HEADCOUNT_MAX:
        raise ValueError(f"{number} is not between 0 and {limits.HEADCOUNT_MAX}")
    return number


def coordinates(lng: Any, lat: Any) -> dict[str, float]:
    """WGS 84 in degrees, seven digits (a centimetre)."""
    try:
        longitude, latitude = round(float(lng), 7), round(float(lat), 7)
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"{lng!r}, {lat!r} are not two numbers of degrees") from None
    if not (-180 <= longitude <= 180 and -90 <= latitude <= 90):
        swapped = -180 <= latitude <= 180 and -90 <= longitude <= 90
        hint = "; are longitude and latitude swapped?" if swapped else ""
        raise ValueError(f"longitude {longitude} or latitude {latitude} is off the globe{hint}")
    return {"lng": longitude, "lat": latitude}
