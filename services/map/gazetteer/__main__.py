"""`python -m services.map.gazetteer`: builds the gazetteer, unless it is there and up to date.

Exit status 0: the file is whole; 1: it was built, but without what it says on stderr.
"""

from __future__ import annotations

import sys
import time

from services.map.gazetteer import building, cities, counties, regions
from services.map.gazetteer.entries import Entry
from services.map.gazetteer.file import PATH


def main() -> int:
    wanted = building.fingerprint()
    if building.made_from(PATH) == wanted:
        return 0
    started = time.monotonic()
    sys.stdout.write("Building the gazetteer of the map (half a minute)\n")
    chinese: list[Entry] = []
    missing = None
    try:
        chinese = list(counties.entries(counties.fetch()))
    except counties.NotFetched as error:
        missing = f"without China's counties, which could not be fetched: {error}"
    of_cities = list(cities.entries(cities.rows(), regions.region_by_admin1()))
    places = [entry.place for entry in of_cities]
    entries = [*regions.countries(places), *regions.regions(places), *chinese, *of_cities]
    # One that lacks something is not taken for up to date.
    made_from = wanted if missing is None else f"{wanted} {missing}"
    place_count, name_count = building.write(PATH, entries, made_from)
    seconds = time.monotonic() - started
    sys.stdout.write(
        f"{PATH.name}: {place_count:,} places with {name_count:,} names in {seconds:.0f} s\n"
    )
    if missing is not None:
        sys.stderr.write(f"The gazetteer was built {missing}\n")
    return 0 if missing is None else 1


if __name__ == "__main__":
    sys.exit(main())
