"""Files of reports are read as people make them: `services.map.importing`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import orjson
import pytest

from hinterland.tables.problems import UnreadableFile
from services.map.importing import Options, read_file, start_mapping
from services.map.importing.moments import moment_of

SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-03-01", "2026-02-28T16:00:00"),
        ("2026-03-01T08:00:00Z", "2026-03-01T08:00:00"),
        ("2026年3月1日 14时05分", "2026-03-01T06:05:00"),
        ("２０２６/３/１ 14:05", "2026-03-01T06:05:00"),
        ("01.03.2026 14h05", "2026-03-01T06:05:00"),
    ],
)
def test_a_time_is_read_in_the_notations_of_its_country(text: str, expected: str) -> None:
    """In the zone of the file where it does not say its own."""
    found = moment_of(text, SHANGHAI).astimezone(UTC)

    assert expected == found.strftime("%Y-%m-%dT%H:%M:%S")


@pytest.mark.parametrize("text", ["昨天", "2026-13-01", "31/02/2026", "12345", ""])
def test_what_is_no_time_is_said_so(text: str) -> None:
    """Rather than guessed."""
    with pytest.raises(ValueError, match=r".+"):
        moment_of(text, SHANGHAI)


def test_a_list_in_gbk_is_read_with_its_headings(tmp_path: Path) -> None:
    """Rows become reports; what cannot be used is said by row and column."""
    path = tmp_path / "洪水.csv"
    path.write_bytes(
        "防汛办记录;;;;\n序号;时间;地点;纬度;经度;描述;类别\n"
        "1;2026年3月1日 8:00;盘龙区;25.04;102.71;河水漫过了桥;洪水\n"
        "2;昨天;官渡区;25,01;;路断了;洪水\n合计;2;;;;;\n".encode("gbk")
    )
    reading = read_file(path, Options(region="CN-YN", language="zh", zone=SHANGHAI))

    first, second = (row.report for row in reading.rows)
    assert {"lat": 25.04, "lng": 102.71} == first["location"]
    assert ("2026-03-01T00:00:00.000Z", "CN-YN", "洪水") == (
        first["happened_at"],
        first["region"],
        first["category"],
    )
    assert "location" not in second
    assert [(4, "时间"), (4, None)] == [(each.row, each.column) for each in reading.problems]


def test_points_of_geojson_are_reports(tmp_path: Path) -> None:
    """Properties are found by the names of columns; other geometries are named."""
    path = tmp_path / "floods.geojson"
    features = [
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [31.24, 30.04]},
            "properties": {"الوصف": "حريق في السوق", "التاريخ": "2026-03-01", "shape": 3},
        },
        {"type": "Feature", "geometry": {"type": "LineString", "coordinates": []}},
    ]
    path.write_bytes(orjson.dumps({"type": "FeatureCollection", "features": features}))
    reading = read_file(path, Options())
    mapping = start_mapping(path, tmp_path / "columns.json")

    assert [{"lng": 31.24, "lat": 30.04}] == [row.report["location"] for row in reading.rows]
    assert "حريق في السوق" == reading.rows[0].report["text"]
    assert [(2, "geometry")] == [(each.row, each.column) for each in reading.problems]
    assert {"الوصف": "text", "التاريخ": "happened_at", "shape": None} == mapping


@pytest.mark.parametrize("content", [b"{", b"[]", b'{"type": "Feature"}'])
def test_what_is_no_geojson_is_said_so(tmp_path: Path, content: bytes) -> None:
    """Before anything is sent."""
    path = tmp_path / "x.geojson"
    path.write_bytes(content)

    with pytest.raises(UnreadableFile):
        read_file(path, Options())


def test_a_moment_without_zone_is_in_the_files(tmp_path: Path) -> None:
    """A clock on a wall says nothing of Greenwich."""
    assert datetime(2026, 3, 1, 8, 0, tzinfo=SHANGHAI) == moment_of("2026-03-01 08:00", SHANGHAI)
