"""HSDS 2 and 3 as a tabular data package: a folder or zip of CSV tables that point at each other.

Tables are known by their file names, singular or plural (openreferral.org; 1.x and 2 say
`physical_addresses.csv` and `services_at_location.csv` where 3 says `address.csv` and
`service_at_location.csv`). A row that points at nothing is reported and left out; the rest stays.
"""

from __future__ import annotations

from pathlib import Path

from hinterland.tables.problems import UnreadableFile
from services.directory.contract.calls import ImportOptions
from services.directory.importing.hsds.package import Package
from services.directory.importing.hsds.tables import is_package, read_tables
from services.directory.importing.reading import Reading

__all__ = ["is_package", "read_package"]


def read_package(path: Path, options: ImportOptions) -> Reading:
    """Reads an HSDS package. Raises UnreadableFile."""
    tables = read_tables(path)
    if "organization" not in tables:
        raise UnreadableFile(f"{path} has no organization table, or an empty one")
    files = sorted({line.file for lines in tables.values() for line in lines})
    reading = Reading(notes=[f"HSDS package with {', '.join(files)}"])
    Package(tables, options, reading).read()
    return reading
