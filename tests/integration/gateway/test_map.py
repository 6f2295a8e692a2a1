"""The map by GraphQL, on the real services: from a visitor's report to what everybody sees."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from hinterland.ground import Management
from hinterland.testing import RabbitServer
from tests.integration.gateway.reporting import KUNMING, REVIEW, SUBMIT, category, verified
from tests.integration.gateway.running import LIMIT_S, RunningNode, run_node

REPORTS = """
query($categories: [ID!], $search: String, $near: Near) {
  reports(categories: $categories, search: $search, near: $near) {
    totalCount
    nodes { id title state category { name(languages: ["ar"]) } location { lat lng } distanceKm }
  }
}
"""


@pytest.fixture(scope="module")
def running(
    mongo_uri: str,
    rabbit_server: RabbitServer,
    management: Management,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[RunningNode]:
    folder = tmp_path_factory.mktemp("node")
    with run_node(mongo_uri, rabbit_server, management, folder, ("map", "accounts")) as node:
        yield node


def test_a_report_becomes_visible_when_a_moderator_has_verified_it(running: RunningNode) -> None:
    """A visitor sends it, twice by mistake; a moderator finds it in his queue; everybody reads."""
    flood = category(running)
    landslide = category(running, parent=flood)
    report = {"category": landslide, "title": "山路塌了", "text": "不通", "location": KUNMING}
    sent = [running.ask(SUBMIT, report=report, id="a-phone-of-ours-1") for _ in range(2)]
    [intake] = {answer["data"]["submitReport"]["id"] for answer in sent}
    assert "PLACED" == sent[0]["data"]["submitReport"]["state"]
    assert [] == running.ask(REPORTS, search="山路")["data"]["reports"]["nodes"]

    queue = running.ask(
        "{ intakes(states: [PLACED]) { totalCount nodes { id version reporter { phone } } } }",
        "moderator",
    )["data"]["intakes"]
    [waiting] = [node for node in queue["nodes"] if node["id"] == intake]
    assert "13800138000" == waiting["reporter"]["phone"]
    review = {"id": intake, "version": waiting["version"], "state": "VERIFIED"}
    reviewed = running.ask(REVIEW, "moderator", **review)["data"]["reviewReport"]
    answer = running.post(
        REPORTS,
        head=reviewed["head"],
        categories=[flood],
        search="山路",
        near={**KUNMING, "radiusKm": 5},
    ).json()

    assert {
        "totalCount": 1,
        "nodes": [
            {
                "id": reviewed["intake"]["reportId"],
                "title": "山路塌了",
                "state": "VERIFIED",
                "category": {"name": "فيضان"},
                "location": KUNMING,
                "distanceKm": 0.0,
            }
        ],
    } == answer["data"]["reports"]


def test_the_queue_is_for_staff(running: RunningNode) -> None:
    """Neither the list nor one intake is there for anybody else."""
    intake, _ = verified(running, category=category(running))
    answer = running.ask("{ intakes { nodes { id } } }")
    assert "NOT_ALLOWED" == answer["errors"][0]["extensions"]["code"]
    single = running.ask("query($id: ID!) { node(id: $id) { id } }", id=intake)
    assert single["data"]["node"] is None


def test_what_is_wrong_is_said_by_field(running: RunningNode) -> None:
    """Latitude and longitude swapped, HTML in a text, a time in the future."""
    for report, field in (
        ({"location": {"lat": 102.7, "lng": 25.0}}, "report.location.lat"),
        ({"title": "<b>x</b>"}, "report.title"),
        ({"happenedAt": "2126-01-01T00:00:00Z"}, "report.happened_at"),
    ):
        [error] = running.ask(SUBMIT, report=report)["errors"]
        assert ("BAD_INPUT", field) == (error["extensions"]["code"], error["extensions"]["field"])


def test_any_record_of_the_map_is_a_node(running: RunningNode) -> None:
    """Of every kind that can be written."""
    flood = category(running)
    intake, report = verified(running, category=flood, title="甲")
    _, other = verified(running, category=flood, title="乙")
    place = running.ask(
        """mutation($place: PlaceInput!) {
        writePlace(input: {place: $place}) { place { id name } } }""",
        "editor",
        place={"names": [{"language": "zh", "text": "滇池"}], "location": KUNMING},
    )["data"]["writePlace"]["place"]
    layer = running.ask(
        """mutation($layer: LayerInput!) { writeLayer(input: {layer: $layer}) { layer { id } } }""",
        "editor",
        layer={"names": [{"language": "zh", "text": "图层"}], "filter": {"region": "CN-YN"}},
    )["data"]["writeLayer"]["layer"]
    confirmation = running.ask(
        """mutation($id: ID!) { confirmReport(input: {report: $id, stance: DISPUTES}) {
        confirmation { id stance } } }""",
        "editor",
        id=report,
    )["data"]["confirmReport"]["confirmation"]
    merge = running.ask(
        """mutation($ids: [ID!]!) { mergeReports(input: {reports: $ids}) { merge { id } } }""",
        "moderator",
        ids=[report, other],
    )["data"]["mergeReports"]["merge"]
    refusal = running.ask(
        """mutation($id: ID!) { refuseMerge(input: {merge: $id}) { refusal { id mergeId } } }""",
        "moderator",
        id=merge["id"],
    )["data"]["refuseMerge"]["refusal"]
    ids = [flood, intake, report, place["id"], layer["id"], confirmation["id"], merge["id"]]
    nodes = running.ask(
        "query($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }",
        "moderator",
        ids=[*ids, refusal["id"]],
    )["data"]["nodes"]

    assert [
        "Category",
        "Intake",
        "Report",
        "Place",
        "Layer",
        "Confirmation",
        "Merge",
        "MergeRefusal",
    ] == [node["__typename"] for node in nodes]
    said = running.ask(
        """query($id: ID!) { report(id: $id) { confirmations { stance } merges { reportIds } }
        confirmations(report: $id) { nodes { stance } }
        places { nodes { name } pageInfo { hasNextPage } } layers { nodes { filter } } }""",
        id=report,
    )["data"]
    assert {
        "report": {
            "confirmations": [{"stance": "DISPUTES"}],
            "merges": [{"reportIds": [report, other]}],
        },
        "confirmations": {"nodes": [{"stance": "DISPUTES"}]},
        "places": {"nodes": [{"name": "滇池"}], "pageInfo": {"hasNextPage": False}},
        "layers": {"nodes": [{"filter": {"region": "CN-YN"}}]},
    } == said


def test_a_summary_counts_by_category_and_month(running: RunningNode) -> None:
    """A category comes with its name."""
    flood = category(running)
    for title in ("甲", "乙"):
        verified(running, category=flood, title=title, happenedAt="2026-03-04T05:06:07Z")
    answer = running.ask(
        """query($of: [ID!]) { reportSummary(by: [CATEGORY, MONTH], categories: $of) {
        total truncated groups { category { name } month week count } } }""",
        of=[flood],
    )["data"]["reportSummary"]

    group = {"category": {"name": "洪水"}, "month": "2026-03", "week": None, "count": 2}
    assert {"total": 2, "truncated": False, "groups": [group]} == answer


def test_whoever_subscribes_hears_of_a_new_report(running: RunningNode) -> None:
    """Of those that match; over WebSocket."""
    flood = category(running)
    query = f'subscription {{ reportChanged(categories: ["{flood}"]) {{ report {{ title }} }} }}'
    address = running.gateway.url.replace("http", "ws", 1)
    with connect(address, subprotocols=[Subprotocol("graphql-transport-ws")]) as socket:
        socket.send(json.dumps({"type": "connection_init"}))
        assert "connection_ack" == json.loads(socket.recv(LIMIT_S))["type"]
        socket.send(json.dumps({"type": "subscribe", "id": "1", "payload": {"query": query}}))
        socket.send(json.dumps({"type": "subscribe", "id": "2", "payload": {"query": "{ x }"}}))
        assert "error" == json.loads(socket.recv(LIMIT_S))["type"]
        verified(running, category=category(running), title="别处")
        verified(running, category=flood, title="فيضان")
        heard = json.loads(socket.recv(LIMIT_S))

    assert {"title": "فيضان"} == heard["payload"]["data"]["reportChanged"]["report"]
