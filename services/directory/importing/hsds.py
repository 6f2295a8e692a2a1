"""HSDS 2 and 3 as a tabular data package: a folder or zip of CSV tables that point at each other.

Tables are known by their file names, singular or plural (openreferral.org; 1.x and 2 say
`physical_addresses.csv` and `services_at_location.csv` where 3 says `address.csv` and
`service_at_location.csv`). A row that points at nothing is reported and left out; the rest stays.
"""

from __future__ import annotations

import re
import zipfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, Final

from services.directory.contract.calls import ImportOptions
from services.directory.contract.regions import COUNTRIES, PROVINCES_CN
from services.directory.importing.cells import RowReader, is_blank
from services.directory.importing.problems import FileProblem, UnreadableFile
from services.directory.importing.reading import FILE_BYTES_MAX, Reading
from services.directory.importing.sheets import require_small
from services.directory.importing.text import csv_rows, decode, delimiter_of

__all__ = ["is_package", "read_package"]

TABLE_BYTES_MAX: Final = FILE_BYTES_MAX
TABLE_ROWS_MAX: Final = 1_000_000

TABLES: Final[Mapping[str, str]] = {
    "organization": "organization",
    "organizations": "organization",
    "organization_identifier": "organization_identifier",
    "organization_identifiers": "organization_identifier",
    "service": "service",
    "services": "service",
    "location": "location",
    "locations": "location",
    "service_at_location": "service_at_location",
    "services_at_location": "service_at_location",
    "service_at_locations": "service_at_location",
    "phone": "phone",
    "phones": "phone",
    "address": "address",
    "addresses": "address",
    "physical_address": "address",
    "physical_addresses": "address",
    "schedule": "schedule",
    "schedules": "schedule",
    "regular_schedule": "schedule",
    "regular_schedules": "schedule",
    "language": "language",
    "languages": "language",
    "taxonomy_term": "taxonomy_term",
    "taxonomy_terms": "taxonomy_term",
    "taxonomy": "taxonomy",
    "taxonomies": "taxonomy",
    "service_taxonomy": "attribute",
    "service_attribute": "attribute",
    "service_attributes": "attribute",
    "other_attribute": "attribute",
    "other_attributes": "attribute",
    "attribute": "attribute",
    "attributes": "attribute",
}

# Columns that point at rows of another table.
REFERENCES: Final[Mapping[str, str]] = {
    "organization_id": "organization",
    "service_id": "service",
    "location_id": "location",
    "service_at_location_id": "service_at_location",
    "taxonomy_term_id": "taxonomy_term",
}
_TIMES: Final = re.compile(r"^(\d{1,2}:\d{2})(:\d{2})?.*$")
_ORG_ID_PREFIX: Final = re.compile(r"[A-Z]{2}-[A-Z0-9]{2,}")


@dataclass(slots=True)
class Table:
    """The rows of one file, each with its row number."""

    file: str
    rows: list[tuple[int, dict[str, str]]] = field(default_factory=list)

    def ids(self) -> set[str]:
        return {row["id"] for _, row in self.rows if row.get("id")}


def _table_of(name: str) -> str | None:
    path = PurePosixPath(name.lower().replace("\\", "/"))
    return TABLES.get(path.stem) if path.suffix in (".csv", ".tsv", ".txt") else None


def is_package(path: Path) -> bool:
    """Whether a folder or zip holds HSDS tables, an organization table at least."""
    if path.is_dir():
        names = [found.name for found in path.iterdir()]
    else:
        try:
            with zipfile.ZipFile(path) as archive:
                names = archive.namelist()
        except zipfile.BadZipFile:
            return False
    return "organization" in {_table_of(name) for name in names}


def _contents(path: Path) -> Iterator[tuple[str, bytes]]:
    if path.is_dir():
        for found in sorted(path.iterdir()):
            if found.is_file() and _table_of(found.name):
                if found.stat().st_size > TABLE_BYTES_MAX:
                    raise UnreadableFile(f"{found} is larger than {TABLE_BYTES_MAX} bytes")
                yield found.name, found.read_bytes()
        return
    with zipfile.ZipFile(path) as archive:
        require_small(archive)
        for member in archive.infolist():
            if _table_of(member.filename):
                with archive.open(member) as opened:
                    content = opened.read(TABLE_BYTES_MAX + 1)
                if len(content) > TABLE_BYTES_MAX:
                    raise UnreadableFile(f"{member.filename} unpacks to too many bytes")
                yield PurePosixPath(member.filename).name, content


def _table(name: str, content: bytes) -> Table:
    text, _ = decode(content)
    rows = csv_rows(text, delimiter_of(text))
    header = [cell.strip().lower() for cell in next(rows, [])]
    table = Table(name)
    for number, row in enumerate(rows, start=2):
        if len(table.rows) >= TABLE_ROWS_MAX:
            raise UnreadableFile(f"{name} has more than {TABLE_ROWS_MAX} rows")
        cells = {
            column: cell.strip()
            for column, cell in zip(header, row, strict=False)
            if not is_blank(cell)
        }
        if cells:
            table.rows.append((number, cells))
    return table


def read_package(path: Path, options: ImportOptions) -> Reading:
    """Reads an HSDS package. Raises UnreadableFile."""
    tables: dict[str, Table] = {}
    try:
        for name, content in _contents(path):
            kind = _table_of(name)
            if kind is not None and kind not in tables:
                tables[kind] = _table(name, content)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError) as error:
        raise UnreadableFile(f"{path} cannot be unpacked: {error}") from error
    if "organization" not in tables:
        raise UnreadableFile(f"{path} has no organization table")
    reading = Reading()
    reading.notes.append("HSDS package with " + ", ".join(sorted(t.file for t in tables.values())))
    _Package(tables, options, reading).read()
    return reading


class _Package:
    """The tables joined: everything of an organisation by its id."""

    def __init__(
        self, tables: Mapping[str, Table], options: ImportOptions, reading: Reading
    ) -> None:
        self._tables = tables
        self._options = options
        self._reading = reading
        self._ids = {kind: table.ids() for kind, table in tables.items()}
        services = self._rows("service")
        self._services = _grouped(services, "organization_id")
        self._owner = {
            row["id"]: row.get("organization_id", "") for _, row in services if "id" in row
        }
        locations = self._rows("location")
        self._locations = {row["id"]: row for _, row in locations if "id" in row}
        self._sites = self._sites_of(locations)
        self._addresses = _grouped(self._rows("address"), "location_id")
        self._identifiers = _grouped(self._rows("organization_identifier"), "organization_id")
        self._phones = self._phones_of()
        self._languages = self._by_owner("language")
        self._hours = self._hours_of()
        self._words = self._causes_of()

    def read(self) -> None:
        table = self._tables["organization"]
        for number, row in table.rows:
            reader = RowReader(self._options)
            self._organisation(reader, row)
            ngo = reader.finish()
            for fault in reader.faults:
                self._reading.problem(FileProblem(fault.message, number, fault.target, table.file))
            if not ngo.get("names"):
                self._reading.problem(
                    FileProblem(
                        "the organization has no name; left out", number, "name", table.file
                    )
                )
                continue
            self._reading.add(number, ngo, table.file)

    def _rows(self, kind: str) -> list[tuple[int, dict[str, str]]]:
        """The rows of a table that point only at rows that are there."""
        table = self._tables.get(kind)
        if table is None:
            return []
        return [
            (number, row) for number, row in table.rows if not self._dangles(table, number, row)
        ]

    def _dangles(self, table: Table, number: int, row: Mapping[str, str]) -> bool:
        dangling = False
        for column, target in REFERENCES.items():
            value = row.get(column)
            known = self._ids.get(target)
            if value and known is not None and value not in known:
                dangling = True
                self._reading.problem(
                    FileProblem(
                        f"{value!r} is in no row of {self._tables[target].file}; left out",
                        number,
                        column,
                        table.file,
                    )
                )
        return dangling

    def _owner_of(self, row: Mapping[str, str]) -> str | None:
        """The organisation that a row of a side table belongs to."""
        if row.get("organization_id"):
            return row["organization_id"]
        if row.get("service_id"):
            return self._owner.get(row["service_id"])
        if row.get("location_id"):
            return self._locations.get(row["location_id"], {}).get("organization_id")
        return None

    def _sites_of(self, locations: list[tuple[int, dict[str, str]]]) -> dict[str, list[str]]:
        sites: dict[str, list[str]] = defaultdict(list)
        for _, row in locations:
            if row.get("organization_id") and row.get("id"):
                sites[row["organization_id"]].append(row["id"])
        for _, row in self._rows("service_at_location"):
            owner = self._owner.get(row.get("service_id", ""))
            place = row.get("location_id")
            if owner and place and place not in sites[owner]:
                sites[owner].append(place)
                self._locations.get(place, {}).setdefault("organization_id", owner)
        return sites

    def _phones_of(self) -> dict[str, list[str]]:
        """Numbers by organisation; those of a contact are a person's, and stay out."""
        at_location = {
            row["id"]: self._owner.get(row.get("service_id", ""))
            for _, row in self._rows("service_at_location")
            if "id" in row
        }
        numbers: dict[str, list[str]] = defaultdict(list)
        for _, row in self._rows("phone"):
            owner = self._owner_of(row) or at_location.get(row.get("service_at_location_id", ""))
            fax = row.get("type", "").lower() == "fax"
            if owner and row.get("number") and not row.get("contact_id") and not fax:
                numbers[owner].append(row["number"])
        return numbers

    def _by_owner(self, kind: str) -> dict[str, list[dict[str, str]]]:
        rows: dict[str, list[dict[str, str]]] = defaultdict(list)
        for _, row in self._rows(kind):
            owner = self._owner_of(row)
            if owner:
                rows[owner].append(row)
        return rows

    def _hours_of(self) -> dict[str, str]:
        """Opening hours by service, as a line of text."""
        lines: dict[str, list[str]] = defaultdict(list)
        for _, row in self._rows("schedule"):
            opens, closes = (_TIMES.sub(r"\1", row.get(at, "")) for at in ("opens_at", "closes_at"))
            days = row.get("byday") or row.get("weekday") or row.get("freq") or ""
            hours = f"{opens}-{closes}" if opens and closes else opens or closes
            line = row.get("description") or " ".join(part for part in (days, hours) if part)
            if row.get("service_id") and line:
                lines[row["service_id"]].append(line)
        return {service: "; ".join(found) for service, found in lines.items()}

    def _causes_of(self) -> dict[str, list[str]]:
        """The terms of each organisation: its own, and those of its services."""
        terms = {
            row["id"]: row.get("name") or row.get("term") or row.get("code") or ""
            for kind in ("taxonomy_term", "taxonomy")
            for _, row in self._rows(kind)
            if "id" in row
        }
        words: dict[str, list[str]] = defaultdict(list)
        for _, row in self._rows("attribute"):
            entity, linked = row.get("link_entity") or row.get("link_type"), row.get("link_id", "")
            owner = self._owner_of(row)
            if owner is None:
                owner = linked if entity == "organization" else self._owner.get(linked)
            word = terms.get(row.get("taxonomy_term_id") or row.get("taxonomy_id") or "")
            if owner and word:
                words[owner].append(word)
        return words

    def _organisation(self, reader: RowReader, row: Mapping[str, str]) -> None:
        identity = row.get("id", "")
        plain = {
            "names": row.get("name"),
            "aliases": row.get("alternate_name"),
            "descriptions": row.get("description"),
            "email": row.get("email"),
            "website": row.get("website") or row.get("url"),
            "founded": row.get("year_incorporated"),
            "legal_form": row.get("legal_status"),
        }
        for target, cell in plain.items():
            if cell:
                reader.read(target, cell)
        for found in self._identifiers.get(identity, ()):
            scheme = found.get("identifier_scheme") or found.get("identifier_type") or ""
            value = found.get("identifier", "")
            schemed = _ORG_ID_PREFIX.fullmatch(scheme.upper())
            reader.read(f"identifiers.{scheme.upper()}" if schemed else "identifiers", value)
        for number in self._phones.get(identity, ()):
            reader.read("phones", number)
        for found in self._languages.get(identity, ()):
            spoken = found.get("code") or found.get("name") or found.get("language")
            reader.read("languages", spoken or "")
        for word in self._words.get(identity, ()):
            reader.read("causes", word)
        for service in self._services.get(identity, ()):
            self._service(reader, service)
        self._place(reader, self._sites.get(identity, []))

    def _service(self, reader: RowReader, service: Mapping[str, str]) -> None:
        if not service.get("name"):
            return
        offered = {
            "name": service["name"],
            "description": service.get("description"),
            "eligibility": service.get("eligibility_description") or service.get("eligibility"),
            "hours": self._hours.get(service.get("id", "")),
        }
        services = reader.ngo.setdefault("services", [])
        services.append({key: text for key, text in offered.items() if text})

    def _place(self, reader: RowReader, sites: list[str]) -> None:
        """The first location with coordinates or an address; an NGO has one."""
        for site in sites:
            location = self._locations.get(site, {})
            addresses = self._addresses.get(site, [])
            if not addresses and not location.get("latitude"):
                continue
            if location.get("latitude") and location.get("longitude"):
                reader.read("lat", location["latitude"])
                reader.read("lng", location["longitude"])
            for address in addresses[:1]:
                self._address(reader, address)
            return

    def _address(self, reader: RowReader, address: Mapping[str, str]) -> None:
        country = address.get("country", "").upper()
        province = address.get("state_province") or address.get("region") or ""
        code = f"{country}-{province}".upper()
        if code in PROVINCES_CN or (re.fullmatch(r"[A-Z]{2}-[A-Z0-9]{1,3}", code)):
            province = code
        elif not province and country in COUNTRIES:
            province = country
        reader.read("region", province)
        reader.read("city", address.get("city", ""))
        lines = [address.get(f"address_{line}", "") for line in (1, 2, 3, 4)]
        reader.read("address", ", ".join(line for line in lines if line))


def _grouped(
    rows: Iterable[tuple[int, dict[str, str]]], column: str
) -> dict[str, list[dict[str, Any]]]:
    groups: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for _, row in rows:
        if row.get(column):
            groups[row[column]].append(row)
    return groups
