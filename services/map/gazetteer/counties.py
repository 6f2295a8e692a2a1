"""China's prefectures and counties (市, 州; 县, 区, 旗): a table out of the PyPI package cpca.

GeoNames has the towns in which their governments sit, often by other names: a report from 瑞丽市
would not be found by 勐卯. The package itself is old and wants pandas, so that it is no dependency:
only its wheel is fetched, whose hash counties.txt pins, and its table read. The table's points are
those of Chinese maps (GCJ-02 or BD-09), up to 1.2 km off, which is nothing at this accuracy.
"""

from __future__ import annotations

import csv
import re
import subprocess
import sys
import tempfile
import zipfile
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from services.directory.contract.regions import PROVINCES_CN
from services.map.gazetteer.entries import Entry, keys_of
from services.map.gazetteer.places import Kind, Place, metres

__all__ = ["PINNED", "NotFetched", "Table", "entries", "fetch"]

PINNED: Final = Path(__file__).with_name("counties.txt")
FETCH_S_MAX: Final = 120  # for pip to bring 80 KB
COUNTY_ACCURACY_M_MIN: Final = 5_000
COUNTY_ACCURACY_M_MAX: Final = 100_000
PREFECTURE_ACCURACY_M_MIN: Final = 20_000
PREFECTURE_ACCURACY_M_MAX: Final = 300_000

_DIVISIONS: Final = "cpca/resources/adcodes.csv"
_NATIONS: Final = "cpca/resources/56_nations.csv"
_SORT: Final = re.compile("(特别行政区|地区|林区|新区|[市县区州盟旗])$")


class NotFetched(Exception):
    """pip could not fetch the table of China's counties."""


@dataclass(frozen=True, slots=True)
class Table:
    """`divisions`: (code of twelve digits by GB/T 2260, name, longitude, latitude), as text;
    `nations`: 汉族, 彝族 …, which names of autonomous counties end with."""

    divisions: tuple[tuple[str, str, str, str], ...]
    nations: tuple[str, ...]


def fetch() -> Table:
    """The table, by way of pip. Raises NotFetched."""
    command = [
        *(sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"),
        *("--no-deps", "--only-binary=:all:", "--require-hashes", "--requirement", str(PINNED)),
    ]
    with tempfile.TemporaryDirectory() as folder:
        try:
            subprocess.run(
                [*command, "--dest", folder],
                check=True,
                timeout=FETCH_S_MAX,
                capture_output=True,
                text=True,
            )
        except subprocess.CalledProcessError as error:
            raise NotFetched(error.stderr.strip().rpartition("\n")[2]) from error
        except (OSError, subprocess.TimeoutExpired) as error:
            raise NotFetched(str(error)) from error
        (wheel,) = Path(folder).glob("*.whl")
        return _read(wheel)


def _read(wheel: Path) -> Table:
    with zipfile.ZipFile(wheel) as archive:
        divisions = archive.read(_DIVISIONS).decode().splitlines()
        nations = archive.read(_NATIONS).decode().split()
    rows = sorted((row[0], row[1], row[2], row[3]) for row in csv.reader(divisions[1:]))
    return Table(tuple(rows), tuple(nations))


def entries(table: Table) -> Iterator[Entry]:
    """Prefectures and counties with a point, in the order of their codes. Each reaches as far as
    its nearest neighbour (a county) or its farthest county (a prefecture)."""
    regions = _regions(table)
    counties: dict[str, list[tuple[str, Place]]] = defaultdict(list)
    prefectures: list[tuple[str, Place]] = []
    for code, name, lng, lat in table.divisions:
        region = regions.get(code[:2])
        if region is None or not lng or len(name) < 2 or code[2:6] == "0000":
            continue
        kind: Kind = "prefecture" if code[4:6] == "00" else "county"
        place = Place(name, kind, region, round(float(lat), 5), round(float(lng), 5), 0, 0)
        if kind == "prefecture":
            prefectures.append((code, place))
        else:
            counties[code[:2]].append((code, place))
    for code, place in prefectures:
        far = [metres(place, other) for own, other in counties[code[:2]] if own[:4] == code[:4]]
        reach = min(max([PREFECTURE_ACCURACY_M_MIN, *far]), PREFECTURE_ACCURACY_M_MAX)
        yield _entry(replace(place, accuracy_m=round(reach)), table.nations)
    for siblings in counties.values():
        for _, place in siblings:
            near = [metres(place, other) for _, other in siblings if other is not place]
            reach = min([COUNTY_ACCURACY_M_MAX, *near])
            yield _entry(
                replace(place, accuracy_m=round(max(reach, COUNTY_ACCURACY_M_MIN))), table.nations
            )


def _regions(table: Table) -> dict[str, str]:
    """ISO's code by the first two digits of GB/T 2260, which the provinces' names join."""
    by_name = {labels["zh"]: region for region, labels in PROVINCES_CN.items()}
    return {
        code[:2]: by_name[name]
        for code, name, _, _ in table.divisions
        if code[2:6] == "0000" and name in by_name
    }


def _entry(place: Place, nations: tuple[str, ...]) -> Entry:
    return Entry(place, keys_of(place.name, (), _bare(place.name, nations)), {"zh": place.name})


def _bare(name: str, nations: tuple[str, ...]) -> str:
    """楚雄 of 楚雄彝族自治州, 昆明 of 昆明市."""
    stem, autonomous, _ = name.partition("自治")
    if not autonomous:
        return _SORT.sub("", name)
    shorter = True
    while shorter:
        shorter = False
        for nation in nations:
            for ending in (nation, nation.removesuffix("族")):
                if stem.endswith(ending) and len(stem) > len(ending) + 1:
                    stem, shorter = stem.removesuffix(ending), True
    return stem
