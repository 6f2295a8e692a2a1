"""Regions and countries: ISO's codes and names (pycountry), CLDR's (Babel), and regions.tsv."""

from __future__ import annotations

import gettext
import math
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Final

import pycountry
from babel import Locale

from services.directory.contract.regions import COUNTRIES, PROVINCES_CN
from services.map.gazetteer.entries import Entry, keys_of
from services.map.gazetteer.places import Place
from services.map.rules.cells import METRES_PER_DEGREE

__all__ = ["TABLE", "countries", "region_by_admin1", "regions"]

TABLE: Final = Path(__file__).with_name("regions.tsv")
# Of the names of countries: those of the places where Hinterland is at home, and world languages.
LANGUAGES: Final = (
    "en",
    "zh",
    "ar",
    "vi",
    "id",
    "kk",
    "ru",
    "fr",
    "es",
    "pt",
    "th",
    "lo",
    "km",
    "my",
)
TRANSLATED: Final = {"zh": "zh_CN", "ru": "ru", "vi": "vi", "id": "id", "fr": "fr", "es": "es"}
# ISO lists these as provinces of China and as countries; the directory has them as provinces.
PROVINCES_AND_COUNTRIES: Final = {"HK": "CN-HK", "MO": "CN-MO", "TW": "CN-TW"}
WITHIN_SHARE: Final = 0.95  # of a region's places lie within its accuracy; islands may be far off
ACCURACY_M_MIN: Final = 10_000
CHINESE_STEM_CHARS: Final = 2  # of a province: 云南, 广西; but:
LONGER_STEMS: Final = ("内蒙古", "黑龙江")


def _table() -> Iterator[tuple[str, list[str], dict[str, str]]]:
    """The lines of regions.tsv: region, GeoNames' codes, names by language."""
    for line in TABLE.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            region, codes, *names = line.split("\t")
            pairs = (name.split(": ", 1) for name in "; ".join(names).split("; ") if name)
            yield region, codes.split(), dict(pairs)


def region_by_admin1() -> dict[tuple[str, str], str]:
    """ISO's code by GeoNames' country and admin1. (country, "") is for all the rest of a country.

    Where GeoNames uses letters, as for the United States, they are ISO's own.
    """
    regions = {
        (subdivision.country_code, code): subdivision.code
        for subdivision in pycountry.subdivisions
        if (code := subdivision.code.partition("-")[2]).isalpha()
    }
    for region, codes, _ in _table():
        regions.update({(region[:2], code): region for code in codes})
    return regions | {(code, ""): region for code, region in PROVINCES_AND_COUNTRIES.items()}


def regions(cities: Iterable[Place]) -> Iterator[Entry]:
    """The regions in which there are cities: they say where it is, and how far it reaches."""
    own_names = {region: names for region, _, names in _table()}
    iso_names = {subdivision.code: subdivision.name for subdivision in pycountry.subdivisions}
    translations = {
        language: gettext.translation("iso3166-2", pycountry.LOCALES_DIR, [locale])
        for language, locale in TRANSLATED.items()
    }
    for region, places in _grouped(cities, lambda place: place.region).items():
        iso_name = iso_names.get(region)
        if iso_name is None:
            continue
        labels = {
            language: name
            for language, translation in translations.items()
            if (name := translation.gettext(iso_name)) != iso_name
        }
        labels |= PROVINCES_CN.get(region, {})
        labels |= own_names.get(region, {})
        name = labels.get("en", iso_name)
        lat, lng, accuracy_m = _extent(places)
        place = Place(name, "region", region, lat, lng, accuracy_m, 0)
        bare = [_chinese_stem(labels["zh"])] if region in PROVINCES_CN else []
        yield Entry(place, keys_of(name, [iso_name, *labels.values()], *bare), labels)


def countries(cities: Iterable[Place]) -> Iterator[Entry]:
    """The countries in which there are cities."""
    names = {language: dict(Locale.parse(language).territories) for language in LANGUAGES}
    for code, places in _grouped(cities, lambda place: place.country).items():
        labels = {
            language: names[language][code] for language in LANGUAGES if code in names[language]
        }
        if not labels:
            continue
        labels |= COUNTRIES.get(code, {})
        lat, lng, accuracy_m = _extent(places)
        place = Place(labels["en"], "country", code, lat, lng, accuracy_m, 0)
        yield Entry(place, keys_of(labels["en"], labels.values()), labels)


def _chinese_stem(name: str) -> str:
    """广西 of 广西壮族自治区."""
    stems = [stem for stem in LONGER_STEMS if name.startswith(stem)]
    return stems[0] if stems else name[:CHINESE_STEM_CHARS]


def _grouped(places: Iterable[Place], key: Callable[[Place], str]) -> dict[str, list[Place]]:
    groups: dict[str, list[Place]] = {}
    for place in places:
        groups.setdefault(key(place), []).append(place)
    return dict(sorted(groups.items()))


def _extent(places: list[Place]) -> tuple[float, float, int]:
    """The middle of places (of each coordinate, which far islands do not move), and the radius in
    metres within which WITHIN_SHARE of them lie."""
    lats = sorted(place.lat for place in places)
    lngs = sorted(place.lng for place in places)
    lat, lng = lats[len(lats) // 2], lngs[len(lngs) // 2]
    distances = sorted(
        METRES_PER_DEGREE
        * math.hypot(place.lat - lat, (place.lng - lng) * math.cos(math.radians(lat)))
        + place.accuracy_m
        for place in places
    )
    reach = distances[math.ceil(WITHIN_SHARE * len(distances)) - 1]
    return round(lat, 5), round(lng, 5), max(round(reach), ACCURACY_M_MIN)
