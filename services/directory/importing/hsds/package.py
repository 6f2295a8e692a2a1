"""The tables joined: everything of an organisation by its id, as one NGO."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, Final

from hinterland.tables.problems import FileProblem
from services.directory.contract.calls import ImportOptions
from services.directory.contract.regions import COUNTRIES, PROVINCES_CN
from services.directory.importing.cells import RowReader
from services.directory.importing.hsds.tables import Line, Tables
from services.directory.importing.reading import Reading

__all__ = ["Package"]

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


class Package:
    """The tables joined: everything of an organisation by its id."""

    def __init__(self, tables: Tables, options: ImportOptions, reading: Reading) -> None:
        self._tables = tables
        self._options = options
        self._reading = reading
        self._ids = {
            kind: {line.cells["id"] for line in lines if "id" in line.cells}
            for kind, lines in tables.items()
        }
        services = self._rows("service")
        self._services = _grouped(services, "organization_id")
        self._owner = {row["id"]: row.get("organization_id", "") for row in services if "id" in row}
        locations = self._rows("location")
        self._locations = {row["id"]: row for row in locations if "id" in row}
        self._sites = self._sites_of(locations)
        self._addresses = _grouped(self._rows("address"), "location_id")
        self._identifiers = _grouped(self._rows("organization_identifier"), "organization_id")
        self._phones = self._phones_of()
        self._languages = self._by_owner("language")
        self._hours = self._hours_of()
        self._words = self._causes_of()

    def read(self) -> None:
        """Adds every organisation to the reading."""
        for file, number, row in self._tables["organization"]:
            reader = RowReader(self._options)
            self._organisation(reader, row)
            ngo = reader.finish()
            for fault in reader.faults:
                self._reading.problem(FileProblem(fault.message, number, fault.target, file))
            if not ngo.get("names"):
                nameless = "the organization has no name; left out"
                self._reading.problem(FileProblem(nameless, number, "name", file))
                continue
            self._reading.add(number, ngo, file)

    def _rows(self, kind: str) -> list[dict[str, str]]:
        """The rows of a table that point only at rows that are there."""
        return [line.cells for line in self._tables.get(kind, ()) if not self._dangles(line)]

    def _dangles(self, line: Line) -> bool:
        dangling = False
        for column, target in REFERENCES.items():
            value = line.cells.get(column)
            known = self._ids.get(target)
            if value and known is not None and value not in known:
                dangling = True
                message = f"{value!r} is the id of no row of {target}; left out"
                self._reading.problem(FileProblem(message, line.number, column, line.file))
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

    def _sites_of(self, locations: list[dict[str, str]]) -> dict[str, list[str]]:
        sites: dict[str, list[str]] = defaultdict(list)
        for row in locations:
            if row.get("organization_id") and row.get("id"):
                sites[row["organization_id"]].append(row["id"])
        for row in self._rows("service_at_location"):
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
            for row in self._rows("service_at_location")
            if "id" in row
        }
        numbers: dict[str, list[str]] = defaultdict(list)
        for row in self._rows("phone"):
            owner = self._owner_of(row) or at_location.get(row.get("service_at_location_id", ""))
            fax = row.get("type", "").lower() == "fax"
            if owner and row.get("number") and not row.get("contact_id") and not fax:
                numbers[owner].append(row["number"])
        return numbers

    def _by_owner(self, kind: str) -> dict[str, list[dict[str, str]]]:
        rows: dict[str, list[dict[str, str]]] = defaultdict(list)
        for row in self._rows(kind):
            owner = self._owner_of(row)
            if owner:
                rows[owner].append(row)
        return rows

    def _hours_of(self) -> dict[str, str]:
        """Opening hours by service, as a line of text."""
        lines: dict[str, list[str]] = defaultdict(list)
        for row in self._rows("schedule"):
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
            for row in self._rows(kind)
            if "id" in row
        }
        words: dict[str, list[str]] = defaultdict(list)
        for row in self._rows("attribute"):
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


def _grouped(rows: Iterable[dict[str, str]], column: str) -> dict[str, list[dict[str, Any]]]:
    groups: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        if row.get(column):
            groups[row[column]].append(row)
    return groups
