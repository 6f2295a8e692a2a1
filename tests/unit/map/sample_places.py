"""Some cities and counties, as the gazetteer's sources have them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from services.map.gazetteer import building, cities, counties, regions
from services.map.gazetteer.entries import Entry

__all__ = ["CITIES", "COUNTIES", "build", "sample_entries"]


def _city(
    number: int,
    name: str,
    admin1: str,
    point: tuple[float, float],
    population: int,
    *others: str,
) -> Mapping[str, Any]:
    country, _, code = admin1.partition(".")
    return {
        "geonameid": number,
        "name": name,
        "countrycode": country,
        "admin1code": code,
        "latitude": point[0],
        "longitude": point[1],
        "population": population,
        "alternatenames": list(others),
    }


CITIES: Final = (
    _city(1, "Kunming", "CN.29", (25.039, 102.718), 3_855_346, "KMG", "kun ming", "昆明", "昆明市"),
    _city(2, "Dali", "CN.29", (25.585, 100.212), 235_305, "Xiaguan", "大理", "大理市"),
    _city(3, "Mengmao", "CN.29", (24.001, 97.865), 112_578, "Ruili", "勐卯"),
    _city(4, "Dashui", "CN.29", (25.100, 102.600), 0, "大水"),
    _city(5, "Beijing", "CN.22", (39.908, 116.397), 18_960_744, "Pekín", "بكين", "北京", "北京市"),
    _city(6, "Lanzhou", "CN.15", (36.057, 103.840), 3_000_000, "兰州", "蘭州"),
    _city(7, "Panlong", "CN.33", (30.635, 107.850), 18_609, "蟠龙", "盘龙"),
    _city(8, "Cairo", "EG.11", (30.063, 31.250), 9_606_916, "CAI", "El Cairo", "القاهرة", "开罗"),
    _city(9, "Alexandria", "EG.06", (31.202, 29.916), 5_263_542, "الإسكندرية", "亚历山大"),
    _city(10, "Cairo", "US.GA", (30.878, -84.202), 9_752, "القاهرة"),
    _city(11, "Bandung", "ID.30", (-6.922, 107.607), 2_528_163, "BDO", "Kota Bandung", "万隆"),
    _city(12, "Bandung", "ID.08", (-8.159, 112.462), 0),
    _city(13, "Pasar", "ID.30", (-6.700, 107.100), 0),
    _city(14, "Cikole", "ID.30", (-6.780, 107.650), 0),
    _city(15, "Da Nang", "VN.48", (16.068, 108.221), 1_276_000, "Đà Nẵng", "Danang", "岘港"),
    _city(16, "Huế", "VN.46", (16.462, 107.595), 1_380_000, "Hue", "顺化"),
    _city(17, "Almaty", "KZ.02", (43.252, 76.912), 1_977_011, "Алматы", "Алма-Ата", "阿拉木圖"),
    _city(18, "Karagandy", "KZ.12", (49.802, 73.102), 497_777, "Караганда", "Қарағанды"),
    _city(19, "Paris", "FR.11", (48.853, 2.349), 2_138_551, "Parijs", "巴黎", "باريس"),
    _city(20, "Paris", "US.TX", (33.661, -95.556), 24_782),
    _city(21, "Å", "NO.09", (67.879, 12.983), 100),
    _city(22, "Xi’an", "CN.26", (34.258, 108.929), 12_952_907, "Xian", "西安", "西安市"),
)

COUNTIES: Final = counties.Table(
    (
        ("110000000000", "北京市", "116.407", "39.904"),
        ("110101000000", "东城区", "116.416", "39.929"),
        ("110105000000", "朝阳区", "116.443", "39.921"),
        ("220000000000", "吉林省", "125.326", "43.897"),
        ("220100000000", "长春市", "125.324", "43.817"),
        ("220104000000", "朝阳区", "125.288", "43.834"),
        ("220105000000", "二道区", "125.374", "43.866"),
        ("530000000000", "云南省", "102.710", "25.046"),
        ("530100000000", "昆明市", "102.833", "24.880"),
        ("530101000000", "市辖区", "", ""),
        ("530102000000", "五华区", "102.707", "25.044"),
        ("530103000000", "盘龙区", "102.752", "25.116"),
        ("530181000000", "安宁市", "102.478", "24.919"),
        ("532900000000", "大理白族自治州", "100.268", "25.606"),
        ("532901000000", "大理市", "100.301", "25.678"),
        ("532930000000", "洱源县", "99.951", "26.111"),
        ("533100000000", "德宏傣族景颇族自治州", "98.585", "24.433"),
        ("533102000000", "瑞丽市", "97.856", "24.018"),
        ("620000000000", "甘肃省", "103.826", "36.059"),
        ("622927000000", "积石山保安族东乡族撒拉族自治县", "102.877", "35.718"),
    ),
    ("汉族", "白族", "傣族", "景颇族", "保安族", "东乡族", "撒拉族"),
)


def sample_entries() -> list[Entry]:
    """All of the sample, as the builder makes it of the whole sources."""
    of_cities = list(cities.entries(CITIES, regions.region_by_admin1()))
    places = [entry.place for entry in of_cities]
    return [
        *regions.countries(places),
        *regions.regions(places),
        *counties.entries(COUNTIES),
        *of_cities,
    ]


def build(path: Path) -> Path:
    """A gazetteer of the sample."""
    building.write(path, sample_entries(), "a sample")
    return path
