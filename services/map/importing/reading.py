"""A file as rows that `import_reports` takes, with everything that was found on the way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from pathlib import Path
from typing import Any, Final

import orjson

from hinterland.clock import rfc3339
from hinterland.tables.files import ROWS_MAX, columns_of, open_table, require_size
from hinterland.tables.problems import FileProblem, UnreadableFile
from services.map.contract import limits
from services.map.importing.columns import COLUMNS, IGNORED
from services.map.importing.moments import moment_of

__all__ = ["Options", "Reading", "Row", "read_file", "start_mapping"]

PROBLEMS_MAX: Final = 10_000  # that are reported of one file
CHUNK_BYTES_MAX: Final = 400_000  # of JSON that goes into one call
NUMBERS: Final = frozenset({"lat", "lng", "accuracy_m"})


@dataclass(frozen=True, slots=True)
class Options:
    """What a file does not say, because it is the same for all rows; times are in `zone`."""

    category: str | None = None
    language: str | None = None
    region: str | None = None
    zone: tzinfo = UTC


@dataclass(frozen=True, slots=True)
class Row:
    """`row` as a spreadsheet counts, or a feature; `report` as SubmitReport takes it."""

    row: int
    report: dict[str, Any]


@dataclass(slots=True)
class Reading:
    """What was read from a file. `columns` says where each heading's cells went (None: nowhere)."""

    rows: list[Row] = field(default_factory=list)
    problems: list[FileProblem] = field(default_factory=list)
    columns: dict[str, str | None] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def problem(self, problem: FileProblem) -> None:
        if len(self.problems) < PROBLEMS_MAX:
            self.problems.append(problem)

    def add(self, row: int, report: dict[str, Any]) -> None:
        if len(self.rows) >= ROWS_MAX:
            raise UnreadableFile(f"the file has more than {ROWS_MAX} rows; split it")
        self.rows.append(Row(row, report))

    def heading_of(self, name: str | None) -> str | None:
        """The heading of the column that a field came from; the field itself if there is none."""
        if name is None:
            return None
        targets = {name, name.partition(".")[0], name.rpartition(".")[2]}
        return next((heading for heading, to in self.columns.items() if to in targets), name)

    def chunks(self) -> Iterator[list[dict[str, Any]]]:
        """The rows as arguments of `import_reports`, within its limits on number and size."""
        chunk: list[dict[str, Any]] = []
        size = 0
        for row in self.rows:
            item = {"row": row.row, "report": row.report}
            length = len(orjson.dumps(item))
            if chunk and (len(chunk) == limits.IMPORT_ROWS_MAX or size + length > CHUNK_BYTES_MAX):
                yield chunk
                chunk, size = [], 0
            chunk.append(item)
            size += length
        if chunk:
            yield chunk


def read_file(
    path: Path, options: Options, *, mapping: Path | None = None, sheet: str | None = None
) -> Reading:
    """Reads CSV, XLSX or GeoJSON. Faults of rows and cells are in `Reading.problems`. Raises
    UnreadableFile where nothing can be read, BadInput where the header or the mapping is wrong."""
    if path.suffix.lower() in (".geojson", ".json"):
        return _read_geojson(path, options, mapping)
    table = open_table(path, COLUMNS, mapping_path=mapping, sheet=sheet)
    reading = Reading(notes=table.notes, columns=table.columns)
    for number, row in table.rows:
        cells = {
            target: row[place].strip()
            for place, target in table.targets.items()
            if place < len(row) and row[place].strip() and target != IGNORED
        }
        if cells:
            _take(reading, number, cells, options)
    return reading


def start_mapping(source: Path, target: Path, *, sheet: str | None = None) -> dict[str, str | None]:
    """Writes a mapping file to start from; returns what it wrote. Raises UnreadableFile."""
    columns = (
        {name: COLUMNS.target_of(name) for name in _properties(_features(source))}
        if source.suffix.lower() in (".geojson", ".json")
        else columns_of(source, COLUMNS, sheet=sheet)
    )
    COLUMNS.write_mapping(target, columns)
    return columns


def _features(path: Path) -> list[Any]:
    require_size(path)
    try:
        content = orjson.loads(path.read_bytes())
    except ValueError as error:
        raise UnreadableFile(f"{path.name} is no JSON: {error}") from error
    features = content.get("features") if isinstance(content, dict) else None
    if not isinstance(features, list) or content.get("type") != "FeatureCollection":
        raise UnreadableFile(f"{path.name} is no GeoJSON FeatureCollection (RFC 7946)")
    return features


def _properties(features: list[Any]) -> list[str]:
    """The names of properties, in the order in which they come first."""
    names: dict[str, None] = {}
    for feature in features:
        properties = feature.get("properties") if isinstance(feature, dict) else None
        names |= dict.fromkeys(properties) if isinstance(properties, dict) else {}
    return list(names)


def _read_geojson(path: Path, options: Options, mapping_path: Path | None) -> Reading:
    features = _features(path)
    names = _properties(features)
    mapping = COLUMNS.read_mapping(mapping_path) if mapping_path else None
    targets = {
        name: mapping.get(name) if mapping is not None else COLUMNS.target_of(name)
        for name in names
    }
    reading = Reading(notes=[f"GeoJSON with {len(features)} features"], columns=targets)
    for number, feature in enumerate(features, start=1):
        try:
            cells = _cells_of(feature, targets)
        except ValueError as error:
            reading.problem(FileProblem(f"{error}; left out", number, "geometry"))
            continue
        _take(reading, number, cells, options)
    return reading


def _cells_of(feature: Any, targets: Mapping[str, str | None]) -> dict[str, str]:
    """Raises ValueError where the feature is not a point."""
    if not isinstance(feature, dict) or not isinstance(feature.get("properties") or {}, dict):
        raise ValueError("this is no feature")
    cells = {
        target: str(value).strip()
        for name, value in (feature.get("properties") or {}).items()
        if value is not None and (target := targets.get(name)) and target != IGNORED
    }
    geometry = feature.get("geometry")
    if geometry is not None:
        if not isinstance(geometry, dict) or geometry.get("type") != "Point":
            raise ValueError("only points can be reports")
        coordinates = geometry.get("coordinates")
        if not isinstance(coordinates, list) or len(coordinates) < 2:
            raise ValueError("the point has no coordinates")
        cells |= {"lng": str(coordinates[0]), "lat": str(coordinates[1])}
    return cells


def _take(reading: Reading, number: int, cells: Mapping[str, str], options: Options) -> None:
    report: dict[str, Any] = {}
    given = {"category": options.category, "language": options.language, "region": options.region}
    for target, text in ({k: v for k, v in given.items() if v} | dict(cells)).items():
        try:
            if target in NUMBERS:
                report[target] = float(text.replace(",", "."))
            elif target == "happened_at":
                report[target] = rfc3339(moment_of(text, options.zone).astimezone(UTC))
            else:
                report[target] = text
        except ValueError as error:
            message = f"{text!r} is no number" if target in NUMBERS else str(error)
            reading.problem(FileProblem(message, number, reading.heading_of(target)))
    if {"lat", "lng"} <= report.keys():
        report["location"] = {"lat": report.pop("lat"), "lng": report.pop("lng")}
    elif {"lat", "lng"} & report.keys():
        reading.problem(FileProblem("latitude or longitude is missing", number))
        report = {k: v for k, v in report.items() if k not in ("lat", "lng")}
    reading.add(number, report)
