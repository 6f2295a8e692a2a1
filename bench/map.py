"""The map: reports as they arrive, tiles and summaries over 10,000 and 200,000, an export of a
million (`python -m bench.map 50000` exports fewer).

What a user would pick instead is the same documents in a plain collection with an index of its
points: a tile is a query for them, put together into clusters in Python, a summary an aggregation.
"""

from __future__ import annotations

import asyncio
import resource
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from math import atan, degrees, pi, sinh
from random import Random
from statistics import median, quantiles
from time import perf_counter
from typing import Any, Final

from pymongo import GEOSPHERE, MongoClient
from pymongo.collection import Collection
from starlette.requests import Request

from bench.directory import compare, open_records, report
from bench.ground import ground
from gateway.auth import Auth
from gateway.context import Node
from gateway.live import Heads, Interests
from gateway.map.exports import Exports
from gateway.map.mvt import encode_tile
from hinterland.actors import ANONYMOUS, Actor
from hinterland.clock import rfc3339
from hinterland.errors import HinterlandError
from hinterland.records import Changes, Command, Records, Room
from hinterland.rooms.answers import KeptPerHead
from services.map import queries
from services.map.contract import KINDS, SERVICE
from services.map.contract.calls import (
    ExportReports,
    ListRecords,
    ReadTile,
    SubmitReport,
    SummariseReports,
    WriteRecord,
)
from services.map.handlers import intakes, reading, tables, tiles
from services.map.rules.index import index

__all__ = ["main"]

NODE: Final = "yunnan"
STAFF: Final = Actor(f"{NODE}.account.1", frozenset({"operator"}), NODE)
ARRIVING: Final = 10_000
AT_ONCE: Final = 32  # reports under way
SIZES: Final = (10_000, 200_000)
EXPORTED: Final = 1_000_000
GROUP: Final = 200
COPIED: Final = 1_000  # documents at a time
CATEGORIES: Final = 20
REGIONS: Final = ("CN-YN", "CN-GS", "CN-SC", "CN-GX", "CN-GZ")
FIRST_DAY: Final = datetime(2026, 1, 1, tzinfo=UTC)
# Of the province, of its middle, and of a town.
TILES: Final = ((4, 12, 6), (7, 100, 54), (12, 3217, 1753))
KIB_PER_MIB: Final = 1024


def main() -> None:
    exported = int(sys.argv[1]) if len(sys.argv) > 1 else EXPORTED
    with ground() as servers:
        client: MongoClient[dict[str, Any]] = MongoClient(servers.mongo_uri, tz_aware=True)
        records = open_records(servers, client, Room(SERVICE, KINDS, index), queries.INDEXES)
        categories = [category(records, number) for number in range(CATEGORIES)]
        arrive(records, categories)
        plain = client["plain"]["reports"]
        plain.create_index([("point", GEOSPHERE)])
        written = 0
        for size in SIZES:
            write(records, plain, bodies(categories, written, size))
            written = size
            report(f"{size:,} reports", "ours    plain   ratio")
            for what, ours, theirs in questions(records, plain):
                compare(what, ours, theirs)
        copy(records.collection, exported - written)
        export(records)


def category(records: Records, number: int) -> str:
    params = WriteRecord(
        command_id=f"category-{number:04}",
        kind="category",
        body={"names": {"zh": f"类别{number}"}},
    )
    return str(tables.write_record(records, STAFF, params)["id"])


def arrive(records: Records, categories: list[str]) -> None:
    """What a disaster brings: many reports at once, each acknowledged when it is on disk."""

    def submit(number: int) -> float:
        random = Random(number)
        fields = {
            "category": random.choice(categories),
            "text": f"河水漫过了桥 {number}",
            "location": place(random),
        }
        began = perf_counter()
        params = SubmitReport(command_id=f"phone-{number:08}", report=fields)
        intakes.submit_report(records, STAFF, params)
        return perf_counter() - began

    began = perf_counter()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        waits = list(pool.map(submit, range(ARRIVING)))
    rate = ARRIVING / (perf_counter() - began)
    p95 = quantiles(waits, n=20)[-1]
    report(
        f"{ARRIVING:,} reports arrive, {AT_ONCE} at a time",
        f"{rate:,.0f}/s, p50 {median(waits) * 1000:.1f} ms, p95 {p95 * 1000:.1f} ms",
    )


def place(random: Random) -> dict[str, float]:
    """More of them around a town than elsewhere in the province."""
    spread = 0.2 if random.random() < 0.3 else 2.0
    return {
        "lat": round(25.04 + random.gauss(0, spread), 5),
        "lng": round(102.72 + random.gauss(0, spread), 5),
    }


def bodies(categories: list[str], first: int, end: int) -> Iterable[dict[str, Any]]:
    """Reports as they are shared, the same at every call."""
    for number in range(first, end):
        random = Random(number)
        happened = FIRST_DAY + timedelta(minutes=random.randrange(300 * 24 * 60))
        yield {
            "category": random.choice(categories),
            "state": random.choice(("verified", "verified", "resolved")),
            "title": f"河水漫过了桥 {number}",
            "text": "水位还在上涨，需要帮助。",
            "location": place(random),
            "region": random.choice(REGIONS),
            "happened_at": rfc3339(happened),
            "channel": "web",
            "intake": f"{NODE}.intake.{number:026}",
        }


def write(
    records: Records, plain: Collection[dict[str, Any]], shared: Iterable[dict[str, Any]]
) -> None:
    def put(body: dict[str, Any]) -> Callable[[Changes], dict[str, Any]]:
        return lambda changes: {"id": changes.put("report", body, "public")}

    group: list[dict[str, Any]] = []

    def flush() -> None:
        commands = [Command(f"share {body['intake']}", None, put(body)) for body in group]
        for result in records.execute_many(commands):
            if isinstance(result, HinterlandError):
                raise result
        plain.insert_many([plain_report(body) for body in group])
        group.clear()

    for body in shared:
        group.append(body)
        if len(group) == GROUP:
            flush()
    if group:
        flush()


def plain_report(body: Mapping[str, Any]) -> dict[str, Any]:
    at = body["location"]
    happened = datetime.fromisoformat(body["happened_at"])
    point = {"type": "Point", "coordinates": [at["lng"], at["lat"]]}
    return {**body, "happened": happened, "point": point}


Question = Callable[[], Any]


def questions(
    records: Records, plain: Collection[dict[str, Any]]
) -> list[tuple[str, Question, Question]]:
    def tile(zoom: int, x: int, y: int) -> Question:
        params = ReadTile(zoom=zoom, x=x, y=y)

        def ask() -> bytes:
            found = tiles.read_tile(records, KeptPerHead(), ANONYMOUS, params)
            return encode_tile(found["layers"], found["extent"])

        return ask

    def summed(*by: str) -> Question:
        params = SummariseReports.model_validate({"by": by})
        return lambda: reading.summarise_reports(records, KeptPerHead(), ANONYMOUS, params)

    def aggregated(*keys: Any) -> Question:
        pipeline = [{"$group": {"_id": list(keys), "count": {"$sum": 1}}}]
        return lambda: list(plain.aggregate(pipeline))

    month = {"$dateToString": {"date": "$happened", "format": "%Y-%m"}}
    return [
        *(
            (
                f"tile {z}/{x}/{y} (points, clustered in Python)",
                tile(z, x, y),
                naive(plain, z, x, y),
            )
            for z, x, y in TILES
        ),
        (
            "summary by category and state (an aggregation)",
            summed("category", "state"),
            aggregated("$category", "$state"),
        ),
        (
            "summary by region and month (an aggregation)",
            summed("region", "month"),
            aggregated("$region", month),
        ),
    ]


def naive(plain: Collection[dict[str, Any]], zoom: int, x: int, y: int) -> Question:
    """Every point of the tile, and a grid of 16 by 16 over them."""
    west, east = (edge / 2**zoom * 360 - 180 for edge in (x, x + 1))
    cell = (east - west) / 16

    def ask() -> Counter[tuple[int, int]]:
        # Rows by latitude are not Mercator's, which costs the naive side nothing.
        box = {"$geoWithin": {"$geometry": square(zoom, x, y)}}
        found = plain.find({"point": box}, {"point": 1, "category": 1, "state": 1})
        return Counter(
            (int((lng - west) / cell), int(lat / cell))
            for lng, lat in (each["point"]["coordinates"] for each in found)
        )

    return ask


def square(zoom: int, x: int, y: int) -> dict[str, Any]:
    west, east = (edge / 2**zoom * 360 - 180 for edge in (x, x + 1))
    north, south = (degrees(atan(sinh(pi * (1 - 2 * edge / 2**zoom)))) for edge in (y, y + 1))
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}


def copy(collection: Collection[dict[str, Any]], missing: int) -> None:
    """More reports of the same kind; the export reads along the index of ids alone."""
    collection.drop_indexes()
    models = list(collection.find({"kind": "report"}).limit(COPIED))
    for first in range(0, max(missing, 0), COPIED):
        some = models[: min(COPIED, missing - first)]
        collection.insert_many(
            [
                {**model, "_id": f"{model['_id']}-{first + number:08}"}
                for number, model in enumerate(some)
            ],
            ordered=False,
        )


class CallsHere:
    """The map's methods, without a broker between."""

    def __init__(self, records: Records) -> None:
        self._records = records

    async def call(self, service: str, method: str, actor: Actor, params: Mapping[str, Any]) -> Any:
        if method == "list_records":
            listed = ListRecords.model_validate(params)
            return reading.list_records(self._records, actor, listed)
        return reading.export_reports(self._records, actor, ExportReports.model_validate(params))


def export(records: Records) -> None:
    calls = CallsHere(records)
    node = Node(NODE, calls, Heads(), Interests())
    exports = Exports(node, Auth(calls, NODE))
    for name, answering in (("geojson", exports.geojson), ("csv", exports.csv)):
        before = peak_mib()
        began = perf_counter()
        size, lines = asyncio.run(streamed(answering))
        seconds = perf_counter() - began
        report(
            f"export of {lines:,} lines of {name}, {size / 2**20:,.0f} MiB",
            f"{lines / seconds:,.0f}/s, peak {before:.0f} MiB before, {peak_mib():.0f} after",
        )


async def streamed(answering: Callable[[Request], Any]) -> tuple[int, int]:
    scope = {
        "type": "http",
        "method": "GET",
        "path": "/map/reports",
        "query_string": b"",
        "headers": [],
        "server": ("127.0.0.1", 80),
        "scheme": "http",
    }
    response = await answering(Request(scope))
    body: AsyncIterator[bytes] = response.body_iterator
    size = lines = 0
    async for chunk in body:
        size += len(chunk)
        lines += chunk.count(b"\n")
    return size, lines


def peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / KIB_PER_MIB


if __name__ == "__main__":
    main()
