"""What an operator relies on: three nodes with their own brokers and databases, really killed."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

from pymongo import MongoClient

from hinterland.batch import decode
from tests.acceptance.nodes import Node, eventually

REGISTER: Final = """
mutation ($ngo: NgoInput!, $id: String) {
  registerNgo(input: {ngo: $ngo, clientMutationId: $id}) { ngo { id } }
}"""
IMPORTED: Final = 1200
EDITS: Final = 500


def register(node: Node, name: str) -> str:
    ngo = {
        "names": [{"language": "zh", "text": name}],
        "region": node.region,
        "causes": ["environment"],
    }
    made = node.graphql(REGISTER, node.key(), ngo=ngo)
    return str(made["registerNgo"]["ngo"]["id"])


def in_step(nodes: list[Node]) -> None:
    """All replicas are equal, at all nodes, as `hinterland status` says it."""
    for node in nodes:
        eventually(node.status, lambda status: status["in_step"], limit_s=180)


def test_edits_at_two_nodes_reach_all_three(federation: list[Node]) -> None:
    """What two hubs write at once is on every node, and every digest is equal."""
    _, yunnan, gansu = federation
    before = yunnan.total()

    register(yunnan, "滇池环保")
    register(gansu, "黄河志愿者")

    for node in federation:
        eventually(node.total, lambda total: total == before + 2)
    in_step(federation)


def test_a_node_that_was_cut_off_converges_by_itself(federation: list[Node]) -> None:
    """While the coordinator's broker is down, both sides edit; afterwards nobody lacks anything."""
    national, yunnan, gansu = federation
    before = yunnan.total()
    national.supervisor("stop", "rabbitmq")
    try:
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda n: register(yunnan, f"云南 {n}"), range(EDITS)))
            list(pool.map(lambda n: register(gansu, f"甘肃 {n}"), range(EDITS)))
        assert (before + EDITS, before + EDITS) == (yunnan.total(), gansu.total())
    finally:
        national.supervisor("start", "rabbitmq")

    national.wait_until_ready()
    for node in federation:
        eventually(node.total, lambda total: total == before + 2 * EDITS, limit_s=240)
    in_step(federation)


def write_file(path: Path, count: int) -> None:
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["名称", "省份", "城市", "领域", "统一社会信用代码"])
        for n in range(count):
            # The prefix keeps the names apart: likeness is not what is tested here.
            rows.writerow([f"{n:04d}号乡村图书室", "云南", "昆明", "教育", ""])


def run_import(node: Node, path: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "cli", "--dir", str(node.folder), "import", "ngos", str(path)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def kill_during_import(node: Node, path: Path, program: str) -> None:
    """Kills `program` once rows have been acknowledged, and finds them again after it."""
    running = run_import(node, path)
    seen = node.total()
    eventually(node.total, lambda total: total > seen or running.poll() is not None)
    acknowledged = node.total()
    node.kill(program)
    running.wait(240)
    node.wait_until_ready()
    assert acknowledged <= node.total()


def test_nothing_acknowledged_is_lost_when_processes_are_killed(
    federation: list[Node], tmp_path: Path
) -> None:
    """Service, broker and mongod are killed in the middle of an import; it is run again until it
    succeeds, and every row is there once, on every node."""
    _, yunnan, _ = federation
    path = tmp_path / "libraries.csv"
    write_file(path, IMPORTED)
    before = yunnan.total()

    for program in ("directory", "rabbitmq", "mongod"):
        kill_during_import(yunnan, path, program)

    def again() -> int:
        return run_import(yunnan, path).wait(240)

    eventually(again, lambda code: code == 0, limit_s=600)
    assert before + IMPORTED == yunnan.total()
    for node in federation:
        eventually(node.total, lambda total: total == before + IMPORTED, limit_s=240)
    in_step(federation)


REPORT: Final = """
mutation ($category: CategoryInput!) {
  writeCategory(input: {category: $category}) { category { id } }
}"""
CATEGORIES: Final = "{ categories(first: 10) { nodes { id } } }"
SEND: Final = """
mutation ($report: ReportInput!) { submitReport(input: {report: $report}) { id state } }"""
WAITING: Final = "{ intakes(first: 10, states: [PLACED]) { nodes { id version } } }"
VERIFY: Final = """
mutation ($id: ID!, $version: String!) {
  reviewReport(input: {id: $id, version: $version, state: VERIFIED}) { intake { state } }
}"""
SHOWN: Final = "{ reports(first: 10) { nodes { text home category { name } } } }"


def test_what_a_moderator_verifies_is_on_every_map(federation: list[Node]) -> None:
    """A visitor reports, a moderator lets it out, and every node shows it under its category."""
    _, yunnan, gansu = federation
    names = {"names": [{"language": "zh", "text": "洪水"}]}
    made = gansu.graphql(REPORT, gansu.key(), category=names)
    category = made["writeCategory"]["category"]["id"]
    report = {"text": "河水漫过了桥", "location": {"lat": 25.04, "lng": 102.71}}

    def categories() -> list[dict[str, str]]:
        return list(yunnan.graphql(CATEGORIES)["categories"]["nodes"])

    eventually(categories, lambda found: found == [{"id": category}])
    yunnan.graphql(SEND, report={**report, "category": category})
    assert [] == gansu.graphql(SHOWN)["reports"]["nodes"]
    [waiting] = yunnan.graphql(WAITING, yunnan.key())["intakes"]["nodes"]
    yunnan.graphql(VERIFY, yunnan.key(), **waiting)

    shown = {"text": "河水漫过了桥", "home": "yunnan", "category": {"name": "洪水"}}
    for node in federation:
        eventually(
            lambda n=node: n.graphql(SHOWN)["reports"]["nodes"], lambda found: found == [shown]
        )


WITHDRAW: Final = """
mutation ($id: ID!) { withdrawNgo(input: {id: $id}) { clientMutationId } }"""


def payloads(node: Node) -> bytes:
    """Everything that the node's batches still hold, decompressed."""
    with MongoClient[dict[str, Any]](node.settings.mongo_uri) as client:
        batches = client[node.settings.database("directory")]["batches"]
        return b"".join(
            line for found in batches.find() for line in decode(bytes(found["frame"])).payloads
        )


def test_what_a_hub_erases_is_forgotten_everywhere(federation: list[Node]) -> None:
    """A withdrawn NGO leaves every disk, and `hinterland receipts` says so for every node."""
    _, yunnan, _ = federation
    name = "将被遗忘的机构"
    made = register(yunnan, name)
    for node in federation:
        eventually(lambda n=node: name.encode() in payloads(n), lambda held: held)

    yunnan.graphql(WITHDRAW, yunnan.key(), id=made)

    def receipts() -> list[bool]:
        listed = json.loads(yunnan.cli("receipts", "--json", exits=(0, 3)))
        return [done for item in listed if item["id"] == made for done in item["by_node"].values()]

    eventually(receipts, lambda done: len(done) >= 2 and all(done))
    assert [False] * 3 == [name.encode() in payloads(node) for node in federation]


def test_verify_recomputes_what_status_shows(federation: list[Node]) -> None:
    """`hinterland verify` finds every replica equal on every node."""
    for node in federation:
        verified: Any = node.cli("verify")
        assert verified
