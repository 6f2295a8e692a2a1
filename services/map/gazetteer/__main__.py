"""`python -m services.map.gazetteer`: builds the gazetteer, unless it is there and up to date.

Exit status 0: the file is whole; 1: it lacks what stderr names.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from services.map.gazetteer import building, cities, counties, regions
from services.map.gazetteer.file import PATH

__all__ = ["main"]

_LACKS_COUNTIES: Final = " without counties"  # behind the fingerprint: it is not up to date


def main(
    path: Path = PATH,
    fetch_counties: Callable[[], counties.Table] = counties.fetch,
    city_rows: Callable[[], cities.Rows] = cities.rows,
) -> int:
    made_from = building.fingerprint()
    if building.made_from(path) == made_from:
        return 0
    table = None
    try:
        table = fetch_counties()
    except counties.NotFetched as error:
        sys.stderr.write(
            f"The gazetteer lacks China's counties, which could not be fetched: {error}\n"
        )
        made_from += _LACKS_COUNTIES
    if building.made_from(path) != made_from:
        _build(path, made_from, table, city_rows())
    return 0 if table is not None else 1


def _build(path: Path, made_from: str, table: counties.Table | None, rows: cities.Rows) -> None:
    sys.stdout.write("Building the gazetteer of the map (half a minute)\n")
    started = time.monotonic()
    of_cities = list(cities.entries(rows, regions.region_by_admin1()))
    places = [entry.place for entry in of_cities]
    of_counties = [] if table is None else counties.entries(table)
    entries = [*regions.countries(places), *regions.regions(places), *of_counties, *of_cities]
    place_count, name_count = building.write(path, entries, made_from)
    seconds = time.monotonic() - started
    sys.stdout.write(
        f"{path.name}: {place_count:,} places with {name_count:,} names in {seconds:.0f} s\n"
    )


if __name__ == "__main__":
    sys.exit(main())
