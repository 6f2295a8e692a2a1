"""A room with nothing of its own: what is measured on it is the kernel."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any, Final

from pydantic import BaseModel
from pymongo import MongoClient

from hinterland.feeds import Applied, FeedStore
from hinterland.following import Following
from hinterland.identity import Member, Membership, NodeKey
from hinterland.kinds import Kind
from hinterland.records import Positions, Published, Records, Room

__all__ = ["ROOM", "following", "membership", "notes", "records", "store"]

CITIES: Final = ("昆明市", "大理市", "丽江市", "曲靖市", "玉溪市", "兰州市", "天水市", "张掖市")
WORDS: Final = (
    *("environment", "education", "migrants", "elderly", "health", "disability"),
    *("环境保护", "教育支持", "流动儿童", "老年人", "健康", "残障", "妇女权益", "社区发展"),
    *("灾害救援", "动物保护", "志愿服务", "法律援助", "乡村振兴", "文化传承"),
)


class Note(BaseModel):
    """About as large as a directory's NGO: 1 KB of JSON."""

    name: str
    city: str
    words: list[str]
    text: str
    phone: str


ROOM: Final = Room(
    "notes",
    {"note": Kind("note", Note, frozenset({"members", "public"}))},
    lambda kind, body: {"city": body["city"]},
)


def notes(count: int) -> list[dict[str, Any]]:
    """`count` bodies of about 1 KB that differ from each other; the same at every call."""
    random = Random(7)
    return [
        {
            "name": f"{random.choice(CITIES)}{random.choice(WORDS)}中心 {n}",
            "city": random.choice(CITIES),
            "words": random.sample(WORDS, 5),
            "text": " ".join(random.choices(WORDS, k=80)),
            "phone": f"+86 871 {random.randrange(10**8):08d}",
        }
        for n in range(count)
    ]


def membership(keys: dict[str, str]) -> Membership:
    """A federation of these nodes, `{node: public key}`; the first one coordinates."""
    members = {
        node: Member(node, "CN", node, key, "2026-01-01T00:00:00.000Z")
        for node, key in keys.items()
    }
    return Membership("bench-0000000000000000", next(iter(keys)), members)


def store(mongo_uri: str, node: str) -> FeedStore:
    client: MongoClient[dict[str, Any]] = MongoClient(mongo_uri, tz_aware=True)
    made = FeedStore(
        client[f"{node}_notes"],
        node=node,
        index=ROOM.index,
        check=ROOM.check,
        foreign_kinds=ROOM.foreign_kinds,
    )
    made.ensure_indexes()
    return made


def records(mongo_uri: str, node: str, key: NodeKey, folder: Path, publish: Any) -> Records:
    """The node's own records; `publish(frame)` gets every batch."""

    def published(each: Published) -> None:
        publish(each.frame)

    made = Records(
        room=ROOM,
        node=node,
        key=key,
        store=store(mongo_uri, node),
        positions=Positions(folder / f"{node}.json"),
        publish=published,
    )
    made.open()
    return made


def following(
    mongo_uri: str, node: str, key: NodeKey, members: Membership, publish: Any
) -> Following:
    """A follower; `publish(routing_key, body)` gets what it says to others."""

    def changed(applied: Applied) -> None:
        """Nobody listens."""

    return Following(
        node=node,
        service="notes",
        key=key,
        store=store(mongo_uri, node),
        check=ROOM.check,
        foreign_kinds=ROOM.foreign_kinds,
        publish=publish,
        changed=changed,
        random=Random(1),
        membership=members,
    )
