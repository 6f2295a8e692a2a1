"""Append here and replicate there, durable and signed, against what plain tools would do.

- records/s from the first command until the other node holds the last record, against a
  `pymongo` bulk write of the same documents, majority and journaled
- wire bytes per record, against the records' raw JSON
- from one mutation to the record being visible at the peer, against a bare message through the
  same federation link
- what a sync costs when there is nothing to sync
"""

from __future__ import annotations

import multiprocessing as mp
from collections.abc import Callable
from multiprocessing.connection import Connection
from statistics import median
from time import monotonic, time
from typing import Any, Final

import orjson
import pika
from pymongo import InsertOne, MongoClient, WriteConcern

from bench.ground import Ground, ground
from bench.notes import following, membership, notes, records
from hinterland.bus.names import FEEDS_EXCHANGE
from hinterland.errors import HinterlandError
from hinterland.identity import NodeKey
from hinterland.records import Changes, Command

__all__ = ["main"]

RECORDS: Final = 20_000
GROUP: Final = 500
ROUNDS: Final = 3
SINGLE: Final = 60
PATIENCE_S: Final = 60
UP, DOWN = "yunnan", "gansu"
FEED: Final = f"{UP}/notes"


def main() -> None:
    with ground() as servers:
        servers.link(UP, DOWN)
        documents = notes(RECORDS)
        keys = {node: NodeKey.generate() for node in (UP, DOWN)}
        ours, theirs = mp.get_context("spawn").Pipe()
        follower = mp.get_context("spawn").Process(
            target=follow, args=(theirs, servers.mongo_uri, servers.amqp_uri(DOWN), pems(keys))
        )
        follower.start()
        try:
            measure(servers, documents, keys, ours)
        finally:
            ours.send(None)
            follower.join()


def pems(keys: dict[str, NodeKey]) -> dict[str, bytes]:
    return {node: key.to_pem() for node, key in keys.items()}


def measure(
    servers: Ground, documents: list[dict[str, Any]], keys: dict[str, NodeKey], peer: Connection
) -> None:
    connection = pika.BlockingConnection(pika.URLParameters(servers.amqp_uri(UP)))
    channel = connection.channel()
    wire: list[int] = []

    def publish(frame: bytes) -> None:
        # From the thread that commits, while this one waits for it.
        wire.append(len(frame))
        channel.basic_publish(FEEDS_EXCHANGE, f"feed.notes.{UP}", frame)
        connection.process_data_events(0)

    wait_for_link(channel, connection, peer)
    here = records(servers.mongo_uri, UP, keys[UP], servers.folder, publish)
    plain = [plain_writes(servers.mongo_uri, documents, round_) for round_ in range(ROUNDS)]
    replicated = []
    share = RECORDS // ROUNDS // GROUP * GROUP
    for round_ in range(ROUNDS):
        part = documents[round_ * share : (round_ + 1) * share]
        began = monotonic()
        for start in range(0, share, GROUP):
            results = here.execute_many(
                [
                    Command(f"{round_}-{start}-{i}", None, put(body))
                    for i, body in enumerate(part[start : start + GROUP])
                ]
            )
            for result in results:
                if isinstance(result, HinterlandError):
                    raise result
        ask(peer, ("hold", (round_ + 1) * share), connection)
        replicated.append(share / (monotonic() - began))
    raw = sum(len(orjson.dumps(body)) for body in documents[: share * ROUNDS])
    report("replicate", f"{median(replicated):,.0f} records/s")
    report("plain pymongo bulk writes", f"{median(plain):,.0f} records/s")
    report("replicate / plain", f"{median(replicated) / median(plain):.2f}")
    report(
        "wire bytes / raw JSON",
        f"{sum(wire) / raw:.3f}  (raw {raw // (share * ROUNDS)} B a record)",
    )

    bare = [one_bare(channel, connection, peer) for _ in range(SINGLE)]
    visible = []
    for i in range(SINGLE):
        began = monotonic()
        here.execute(f"single-{i}", None, put(documents[i]))
        ask(peer, ("hold", share * ROUNDS + i + 1), connection)
        visible.append(monotonic() - began)
    report("bare federated message, p50", f"{median(bare) * 1000:.1f} ms")
    report("mutation to visible at the peer, p50", f"{median(visible) * 1000:.1f} ms")
    report("visible / bare", f"{median(visible) / median(bare):.2f}")
    durable = [one_durable(servers.mongo_uri, documents[i]) for i in range(SINGLE)]
    floor = median(bare) + 2 * median(durable)
    report("one plain durable write, p50", f"{median(durable) * 1000:.1f} ms")
    report("visible / (bare + a durable write at each end)", f"{median(visible) / floor:.2f}")
    report("no-op sync, a feed", f"{ask(peer, ('heads',), connection)} bytes")


def put(body: dict[str, Any]) -> Callable[[Changes], dict[str, Any]]:
    return lambda changes: {"id": changes.put("note", body, "public")}


def plain_writes(mongo_uri: str, documents: list[dict[str, Any]], round_: int) -> float:
    """Documents a second that a bulk write of the same groups reaches."""
    with MongoClient[dict[str, Any]](mongo_uri) as client:
        collection = client["plain"].get_collection(
            f"round{round_}", write_concern=WriteConcern("majority", j=True)
        )
        began = monotonic()
        for start in range(0, len(documents), GROUP):
            collection.bulk_write(
                [InsertOne(dict(body)) for body in documents[start : start + GROUP]]
            )
        return len(documents) / (monotonic() - began)


def wait_for_link(channel: Any, connection: pika.BlockingConnection, peer: Connection) -> None:
    """A new link takes seconds, and loses what is sent before it is up."""
    while True:
        channel.basic_publish(FEEDS_EXCHANGE, "bare", b"")
        connection.process_data_events(0.2)
        if peer.poll():
            while peer.poll(1):
                peer.recv()
            return


def one_bare(channel: Any, connection: pika.BlockingConnection, peer: Connection) -> float:
    began = monotonic()
    channel.basic_publish(FEEDS_EXCHANGE, "bare", b"x" * 1000)
    connection.process_data_events(0)
    peer.recv()
    return monotonic() - began


def one_durable(mongo_uri: str, body: dict[str, Any]) -> float:
    with MongoClient[dict[str, Any]](mongo_uri) as client:
        collection = client["plain"].get_collection(
            "single", write_concern=WriteConcern("majority", j=True)
        )
        collection.insert_one({"warm": True})
        began = monotonic()
        collection.insert_one(dict(body))
        return monotonic() - began


def ask(peer: Connection, question: tuple[Any, ...], connection: pika.BlockingConnection) -> Any:
    peer.send(question)
    give_up_at = monotonic() + PATIENCE_S
    while not peer.poll(0.2):
        connection.process_data_events(0)
        if monotonic() > give_up_at:
            raise TimeoutError(f"the other node did not answer {question} in {PATIENCE_S} s")
    return peer.recv()


def report(what: str, figure: str) -> None:
    print(f"  {what:<48} {figure}")  # noqa: T201  # a bench prints


def follow(peer: Connection, mongo_uri: str, amqp_uri: str, key_files: dict[str, bytes]) -> None:
    """The other node's process: what `hinterland.bus` does around a Following, and no more."""
    keys = {node: NodeKey.from_pem(pem) for node, pem in key_files.items()}
    members = membership({node: key.public for node, key in keys.items()})
    said: list[int] = []
    there = following(
        mongo_uri, DOWN, keys[DOWN], members, lambda routing_key, body: said.append(len(body))
    )
    connection = pika.BlockingConnection(pika.URLParameters(amqp_uri))
    channel = connection.channel()
    queue = channel.queue_declare("", exclusive=True).method.queue
    for key in ("feed.notes.*", "bare"):
        channel.queue_bind(queue, FEEDS_EXCHANGE, key)
    wanted = 0

    def take(channel: Any, method: Any, properties: Any, body: bytes) -> None:
        if method.routing_key == "bare":
            peer.send("bare")
        else:
            there.receive(method.routing_key, body, time())
        channel.basic_ack(method.delivery_tag)

    channel.basic_qos(prefetch_count=20)
    channel.basic_consume(queue, take)
    while True:
        connection.process_data_events(0.001)
        if peer.poll():
            match peer.recv():
                case ("hold", number):
                    wanted = number
                case ("heads",):
                    said.clear()
                    there.tick(time() + 3600)
                    peer.send(sum(said))
                case _:
                    connection.close()
                    return
        if wanted and there.replica.held.get(FEED, there.replica.held[f"{DOWN}/notes"]).n >= wanted:
            wanted = 0
            peer.send("held")


if __name__ == "__main__":
    main()
