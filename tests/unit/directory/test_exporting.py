"""NGOs as files: `services.directory.exporting`."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import orjson

from services.directory.contract.calls import ImportOptions
from services.directory.exporting import write_csv, write_hsds, write_jsonl
from services.directory.importing import read_file
from services.directory.rules.fields import body_of, normalise

BODY: dict[str, Any] = {
    "names": {"zh": "绿色流域", "en": "Green, \"Watershed\"", "fr": "Bassin vert"},
    "aliases": ["流域"],
    "causes": ["environment", "water_sanitation"],
    "region": "CN-YN",
    "city": "昆明市",
    "address": "翠湖北路2号",
    "location": {"lng": 102.71, "lat": 25.04},
    "founded": "2002-08",
    "legal_form": "association",
    "identifiers": [
        {"scheme": "CN-USCI", "value": "91110000710926094P"},
        {"scheme": "GB-CHC", "value": "1234567"},
    ],
    "email": "info@example.org",
    "phones": ["+8687165123456", "+8687165123457"],
    "website": "https://example.org",
    "social": {"wechat": "lvse", "weibo": "lvse"},
    "staff_count": 12,
    "volunteer_count": 200,
    "languages": ["zh", "en"],
    "descriptions": {"zh": "=保护江河", "en": "Rivers;\nlakes"},
    "services": [
        {"name": "热线", "description": "听", "hours": "9-17"},
        {"name": "Classes"},
    ],
}  # fmt: skip
NGO = {
    **BODY,
    "id": "yunnan.ngo.01",
    "home": "yunnan",
    "version": "1.7",
    "scope": "public",
    "verification": {"state": "verified"},
}
SMALLEST = {"id": "x.ngo.1", "names": {"ar": "جمعية"}, "region": "CN", "causes": ["orbit"]}


def test_the_csv_is_read_back_by_the_importer(tmp_path: Path) -> None:
    """Everything that an import takes survives a round through a spreadsheet."""
    path = tmp_path / "ngos.csv"
    with path.open("w", newline="", encoding="utf-8-sig") as out:
        write_csv([NGO], out)

    reading = read_file(path, ImportOptions())

    assert reading.problems == []
    read = normalise(reading.rows[0].ngo, today=date(2026, 1, 1))
    assert (read.problems, body_of(read.fields)) == ([], BODY)


def test_no_cell_is_run_as_a_formula() -> None:
    """Cells that begin like a formula begin with an apostrophe instead."""
    out = io.StringIO()
    dangerous = ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx"]
    write_csv([{**SMALLEST, "city": cell, "names": {"zh": cell}} for cell in dangerous], out)

    cells = [cell for row in csv.reader(io.StringIO(out.getvalue())) for cell in row]

    assert not [cell for cell in cells if cell[:1] in ("=", "+", "-", "@", "\t", "\r")]


def test_json_lines_lose_nothing() -> None:
    """A line is an NGO with all that is known of it."""
    out = io.BytesIO()
    count = write_jsonl(iter([NGO, SMALLEST]), out)

    assert count == 2
    assert [orjson.loads(line) for line in out.getvalue().splitlines()] == [NGO, SMALLEST]


def test_hsds_has_what_its_schema_requires() -> None:
    """An organization with services, location, phones and attributes; ids are UUIDs and stable."""
    first, second = io.BytesIO(), io.BytesIO()
    write_hsds([NGO, SMALLEST], first)
    write_hsds([NGO, SMALLEST], second)
    [full, small] = orjson.loads(first.getvalue())

    assert first.getvalue() == second.getvalue()
    assert (full["name"], full["alternate_name"]) == (
        "绿色流域",
        'Green, "Watershed"; Bassin vert; 流域',
    )
    assert full["year_incorporated"] == 2002
    assert full["legal_status"] == "Association"
    assert [phone["number"] for phone in full["phones"]] == BODY["phones"]
    [location] = full["locations"]
    assert (location["latitude"], location["addresses"][0]["state_province"]) == (25.04, "YN")
    assert full["services"][0]["schedules"][0]["description"] == "9-17"
    assert [link["taxonomy_term"]["code"] for link in full["attributes"]] == BODY["causes"]
    assert {"id", "name", "description"} <= small.keys()
    assert small["attributes"][0]["taxonomy_term"]["name"] == "orbit"


def test_an_empty_export_is_a_valid_file() -> None:
    """No NGO is an empty array, and a table of headings."""
    hsds, table = io.BytesIO(), io.StringIO()
    write_hsds([], hsds)
    write_csv([], table)

    assert orjson.loads(hsds.getvalue()) == []
    assert len(list(csv.reader(io.StringIO(table.getvalue())))) == 1


def test_writers_hold_one_ngo_at_a_time() -> None:
    """What has been taken from the iterator is on its way out before the next is asked for."""
    out = io.BytesIO()
    lengths: list[int] = []

    def ngos() -> Iterator[dict[str, Any]]:
        for _ in range(3):
            lengths.append(len(out.getvalue()))
            yield NGO

    write_jsonl(ngos(), out)

    assert lengths[0] < lengths[1] < lengths[2]
