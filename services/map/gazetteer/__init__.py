"""The gazetteer: what places are called, and which of them a text names.

`make` builds it (`python -m services.map.gazetteer`) into one SQLite file, build/gazetteer.sqlite,
out of packages that pyproject.toml pins. Nothing of it is loaded: a service opens the file, which
takes a millisecond, and every question is a handful of indexed reads. To load the names would block
a service's hub for seconds.

    gazetteer = Gazetteer.open()
    gazetteer.find("大理市", near_region="CN-YN", language="zh")          # what is called so
    gazetteer.places_in("救命 大理市下关镇 洪水", near_region="CN-YN")    # where a report is from

- `keys`: one spelling for all spellings of a name; the names that begin a text
- `places`: places, the node's own among them, and distances
- `scoring`: how likely it is that a name means this place
- `placing`: from the names in a text to one place, or to candidates for a person
- `file`: the SQLite file and the questions to it
- `words`: names that are words as well
- `cities`, `regions`, `counties`, `entries`, `building`: how the file is made

Whoever shows a place that the gazetteer found owes its sources ATTRIBUTION.
"""

from typing import Final

from services.map.gazetteer.file import PATH, Gazetteer, GazetteerMissing
from services.map.gazetteer.places import NO_OWN_PLACES, OwnPlace, OwnPlaces, Place
from services.map.gazetteer.placing import How, Placed, Unplaced

__all__ = [
    "ATTRIBUTION",
    "NO_OWN_PLACES",
    "PATH",
    "Gazetteer",
    "GazetteerMissing",
    "How",
    "OwnPlace",
    "OwnPlaces",
    "Place",
    "Placed",
    "Unplaced",
]

ATTRIBUTION: Final = "GeoNames (CC BY 4.0), Unicode CLDR, iso-codes (LGPL 2.1), cpca (MIT)"
