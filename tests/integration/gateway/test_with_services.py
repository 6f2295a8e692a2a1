"""GraphQL on the real services: what a partner's app and a hub's staff do with it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from hinterland.ground import Management
from hinterland.testing import RabbitServer, fresh_name
from tests.integration.gateway.running import LIMIT_S, NGO, REGISTER, RunningNode, run_node, service

SERVICES = ("directory", "accounts", "federation")


NAMES = "query($search: String) { ngos(search: $search) { totalCount nodes { name } } }"
UPDATE = """
mutation($id: ID!, $version: String!, $changes: NgoChangesInput!) {
  updateNgo(input: {id: $id, version: $version, changes: $changes}) { ngo { version city } }
}
"""
WITHDRAW = "mutation($id: ID!) { withdrawNgo(input: {id: $id}) { id } }"
WATCH = 'subscription { ngoChanged(region: "CN-YN") { id ngo { name city } } }'


@pytest.fixture(scope="module")
def running(
    mongo_uri: str,
    rabbit_server: RabbitServer,
    management: Management,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[RunningNode]:
    """Started once for all tests of this file, as three processes take some seconds to start."""
    folder = tmp_path_factory.mktemp("node")
    with run_node(mongo_uri, rabbit_server, management, folder, SERVICES) as node:
        yield node


@pytest.fixture
def node(running: RunningNode) -> Iterator[RunningNode]:
    """The node without any NGO, and with keys that nobody has revoked."""
    yield running
    running.keys.clear()
    listed = running.ask("{ ngos(first: 100) { nodes { id } } }", "moderator")
    for ngo in listed["data"]["ngos"]["nodes"]:
        answer = running.ask(WITHDRAW, "moderator", id=ngo["id"])
        assert "errors" not in answer, answer


def codes(answer: Any) -> list[str]:
    return [error["extensions"]["code"] for error in answer["errors"]]


def test_what_staff_write_everybody_can_read(node: RunningNode) -> None:
    """Registered, found by pinyin, changed, confirmed, verified, counted and withdrawn."""
    registered = node.register(
        "云南绿色环境发展基金会", legalForm="foundation", phones=["0871-65331234"]
    )
    ngo_id, version = registered["ngo"]["id"], registered["ngo"]["version"]

    found = node.ask(NAMES, head=registered["head"], search="yunnan lvse")
    assert found["data"]["ngos"] == {
        "totalCount": 1,
        "nodes": [{"name": "云南绿色环境发展基金会"}],
    }

    changed = node.ask(UPDATE, "editor", id=ngo_id, version=version, changes={"city": "大理"})
    assert changed["data"]["updateNgo"]["ngo"]["city"] == "大理"
    stale = node.ask(UPDATE, "editor", id=ngo_id, version=version, changes={"city": "丽江"})
    assert codes(stale) == ["STALE_VERSION"]

    verify = (
        "mutation($id: ID!) { confirmNgo(input: {id: $id}) { head } "
        "verifyNgo(input: {id: $id, state: VERIFIED}) { ngo { verification { state at } } } }"
    )
    assert codes(node.ask(verify, "editor", id=ngo_id)) == ["NOT_ALLOWED"]
    verified = node.ask(verify, "moderator", id=ngo_id)["data"]["verifyNgo"]["ngo"]
    assert verified["verification"]["state"] == "VERIFIED"

    summary = node.ask(
        "{ ngoSummary(by: [REGION, CAUSE, VERIFICATION], verified: true) "
        "{ total groups { region cause { code } verification count } } }"
    )
    assert summary["data"]["ngoSummary"] == {
        "total": 1,
        "groups": [
            {
                "region": "CN-YN",
                "cause": {"code": "environment"},
                "verification": "VERIFIED",
                "count": 1,
            }
        ],
    }

    assert node.ask(WITHDRAW, "moderator", id=ngo_id)["data"]["withdrawNgo"]["id"] == ngo_id
    gone = node.ask("query($id: ID!) { ngo(id: $id) { id } node(id: $id) { id } }", id=ngo_id)
    assert gone["data"] == {"ngo": None, "node": None}


def test_every_field_that_can_be_written_can_be_read(node: RunningNode) -> None:
    """As it was meant: numbers normalised, languages kept apart."""
    given = {
        "names": [
            {"language": "zh", "text": "大理手工艺"},
            {"language": "en", "text": "Dali Crafts"},
        ],
        "descriptions": [{"language": "en", "text": "Crafts."}],
        "aliases": ["手艺"],
        "causes": ["ethnic_culture", "livelihoods"],
        "region": "CN-YN",
        "city": "大理",
        "address": "人民路1号",
        "location": {"lat": 25.6, "lng": 100.2},
        "founded": "2009-05",
        "legalForm": "social_service_organisation",
        "identifiers": [{"scheme": "XI-ROR", "value": "03YRM5C26"}],
        "email": "hello@example.org",
        "phones": ["+86 872 2671 234"],
        "website": "https://example.org",
        "social": [{"platform": "wechat", "handle": "dali"}],
        "staffCount": 4,
        "volunteerCount": 20,
        "languages": ["zh"],
        "services": [{"name": "工坊", "hours": "9-17"}],
    }
    answer = node.ask(REGISTER, "editor", ngo=given)
    fields = """
        names { language text } descriptions { language text } aliases causes { code } region city
        address location { lat lng } founded legalForm { code } identifiers { scheme value } email
        phones website social { platform handle } staffCount volunteerCount languages
        services { name hours } scope home verification { state } distanceKm
    """
    ngo_id = answer["data"]["registerNgo"]["ngo"]["id"]
    read = node.ask(f"query($id: ID!) {{ ngo(id: $id) {{ {fields} }} }}", id=ngo_id)["data"]["ngo"]

    assert read == {
        **given,
        "causes": [{"code": "ethnic_culture"}, {"code": "livelihoods"}],
        "legalForm": {"code": "social_service_organisation"},
        "phones": ["+868722671234"],
        "scope": "PUBLIC",
        "home": node.id,
        "verification": {"state": "UNVERIFIED"},
        "distanceKm": None,
    }
    near = "{ ngos(near: {lat: 25.6, lng: 100.3, radiusKm: 50}) { nodes { distanceKm } } }"
    (found,) = node.ask(near)["data"]["ngos"]["nodes"]
    assert 9 < found["distanceKm"] < 11


def test_a_repeated_mutation_is_done_once(node: RunningNode) -> None:
    """By its id, within one account."""
    ngo = {**NGO, "names": [{"language": "zh", "text": "重复"}]}
    first = node.ask(REGISTER, "editor", ngo=ngo, id="order-0001")
    again = node.ask(REGISTER, "editor", ngo=ngo, id="order-0001")
    another = node.ask(REGISTER, "moderator", ngo=ngo, id="order-0001")

    ids = [answer["data"]["registerNgo"]["ngo"]["id"] for answer in (first, again, another)]
    assert ids[0] == ids[1] != ids[2]


def test_scopes_are_kept_apart(node: RunningNode) -> None:
    """What is for the members no partner sees, nor counts, whoever asked before."""
    ngo = {**NGO, "names": [{"language": "zh", "text": "内部"}]}
    inside = node.ask(REGISTER, "editor", ngo=ngo, scope="MEMBERS")["data"]["registerNgo"]
    node.register("公开")
    head = inside["head"]

    seen = {
        role: node.ask(NAMES, role, head)["data"]["ngos"]["totalCount"]
        for role in ("editor", None, "partner", "moderator", "operator")
    }

    assert seen == {"editor": 2, None: 1, "partner": 1, "moderator": 2, "operator": 2}
    assert codes(node.ask(REGISTER, "partner", ngo=ngo)) == ["NOT_ALLOWED"]
    assert codes(node.ask(REGISTER, None, ngo=ngo)) == ["NOT_ALLOWED"]


def test_a_list_is_read_page_by_page_both_ways(node: RunningNode) -> None:
    """With Relay's cursors; no item twice, none left out."""
    for number in range(7):
        node.register(f"机构{number}")
    forward = """query($after: String) { ngos(first: 3, after: $after) {
        nodes { id } pageInfo { hasNextPage endCursor } } }"""
    backward = """query($before: String) { ngos(last: 3, before: $before) {
        nodes { id } pageInfo { hasPreviousPage startCursor } } }"""

    there: list[str] = []
    cursor = None
    while True:
        page = node.ask(forward, after=cursor)["data"]["ngos"]
        there += [ngo["id"] for ngo in page["nodes"]]
        cursor = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    back: list[str] = []
    while True:
        page = node.ask(backward, before=cursor)["data"]["ngos"]
        back = [ngo["id"] for ngo in page["nodes"]] + back
        cursor = page["pageInfo"]["startCursor"]
        if not page["pageInfo"]["hasPreviousPage"]:
            break

    assert len(set(there)) == 7
    assert back == there[:-1]
    assert codes(node.ask("{ ngos(first: 101) { totalCount } }")) == ["BAD_INPUT"]


def test_a_change_is_suggested_and_decided(node: RunningNode) -> None:
    """Field by field; and a policy accepts some by itself."""
    ngo = node.register("建议")["ngo"]
    suggest = """mutation($id: ID!, $version: String!, $changes: NgoChangesInput!) {
        suggestChange(input: {ngoId: $id, version: $version, changes: $changes, note: "?"}) {
          suggestion { id state note ngo { name }
            differences { path seen current proposed conflict } } } }"""
    decide = """mutation($id: ID!, $accept: Boolean!) {
        decideSuggestion(input: {id: $id, accept: $accept}) {
          suggestion { state decision { accepted automatic } ngo { city } } } }"""
    given = {"id": ngo["id"], "version": ngo["version"], "changes": {"city": "大理"}}

    made = node.ask(suggest, "editor", **given)["data"]["suggestChange"]["suggestion"]
    assert made["differences"] == [
        {"path": "city", "seen": "昆明", "current": "昆明", "proposed": "大理", "conflict": False}
    ]
    assert (made["state"], made["note"], made["ngo"]) == ("OPEN", "?", {"name": "建议"})
    open_ones = "{ suggestions(states: [OPEN]) { nodes { id __typename } } }"
    assert node.ask(open_ones, "moderator")["data"]["suggestions"]["nodes"] == [
        {"id": made["id"], "__typename": "Suggestion"}
    ]
    assert codes(node.ask(open_ones)) == ["NOT_ALLOWED"]

    decided = node.ask(decide, "moderator", id=made["id"], accept=True)
    assert decided["data"]["decideSuggestion"]["suggestion"] == {
        "state": "ACCEPTED",
        "decision": {"accepted": True, "automatic": False},
        "ngo": {"city": "大理"},
    }
    assert codes(node.ask(decide, "moderator", id=made["id"], accept=False)) == [
        "SUGGESTION_DECIDED"
    ]
    policy = """mutation { setPolicy(input: {autoAccept: [{node: "gansu", fields: ["phones"]}]}) {
        policy { autoAccept { node fields } } } }"""
    assert node.ask(policy, "operator")["data"]["setPolicy"]["policy"] == {
        "autoAccept": [{"node": "gansu", "fields": ["phones"]}]
    }


def test_the_federation_is_shown(node: RunningNode) -> None:
    """This node, its feeds and services; and in no federation yet, nobody else."""
    node.register("甲")
    query = """{ federation {
        node { id region } id role members { node } links { peer } peers { node }
        feeds { feed service home held homeHeld behind digest holes quarantined needsUpgrade }
        services { service up } } }"""
    shown = node.ask(query, "operator")["data"]["federation"]
    (feed,) = (feed for feed in shown["feeds"] if feed["feed"] == f"{node.id}/directory")

    assert shown["node"] == {"id": node.id, "region": "CN-YN"}
    assert (shown["id"], shown["role"], shown["members"], shown["peers"]) == (None, None, [], [])
    assert shown["services"] == [{"service": name, "up": True} for name in SERVICES]
    assert feed["held"] == feed["homeHeld"] > 0
    assert (feed["behind"], feed["digest"], feed["holes"]) == (0, "EQUAL", 0)
    assert node.ask(query)["data"]["federation"]["links"] is None


def test_a_revoked_key_is_refused(node: RunningNode) -> None:
    """Though it was good a moment ago."""
    viewer = "{ viewer { roles account node } }"
    assert node.ask(viewer, "partner")["data"]["viewer"]["roles"] == ["partner"]
    node.services["accounts"].call(
        "revoke_key", actor=node.operator, command_id=fresh_name(), id=node.key("partner")["id"]
    )
    response = node.post(viewer, "partner")

    assert response.status_code == 401
    assert codes(response.json()) == ["KEY_REFUSED"]


def test_an_answer_from_the_cache_is_never_older_than_what_the_caller_wrote(
    node: RunningNode,
) -> None:
    """Asked before, between and after writes."""
    for number in range(20):
        assert node.ask(NAMES)["data"]["ngos"]["totalCount"] == number
        head = node.register(f"机构{number}")["head"]
        assert node.ask(NAMES, head=head)["data"]["ngos"]["totalCount"] == number + 1


def test_a_service_that_comes_back_is_used_again(node: RunningNode) -> None:
    """The gateway need not be started again for it."""
    node.register("甲")
    directory = node.services["directory"]
    directory.kill()
    node.gateway.wait_until("/readyz", 503)
    node.services["directory"] = service(
        directory.settings, "directory", directory.log.with_suffix(".second")
    )
    node.gateway.wait_until("/readyz", beside=node.services.values())

    assert node.ask(NAMES)["data"]["ngos"]["totalCount"] == 1


class Watching:
    """A client of graphql-transport-ws over a real socket."""

    def __init__(self, node: RunningNode, role: str | None = None) -> None:
        self._connection = connect(
            node.gateway.url.replace("http", "ws"),
            subprotocols=[Subprotocol("graphql-transport-ws")],
        )
        self._key = node.key(role)["key"] if role else None

    def __enter__(self) -> Watching:
        self._socket = self._connection.__enter__()
        payload = {"Authorization": f"Bearer {self._key}"} if self._key else {}
        self.send(type="connection_init", payload=payload)
        assert self.receive() == {"type": "connection_ack"}
        return self

    def __exit__(self, *error: Any) -> None:
        self._connection.__exit__(*error)

    def send(self, **message: Any) -> None:
        self._socket.send(json.dumps(message))

    def receive(self) -> Any:
        return json.loads(self._socket.recv(LIMIT_S))

    def watch(self, query: str) -> None:
        """Returns once the subscription is there: what is asked after it is answered after it."""
        self.send(type="subscribe", id="watch", payload={"query": query})
        self.send(
            type="subscribe", id="probe", payload={"query": "{ ngos(first: 0) { nodes { id } } }"}
        )
        assert [self.receive()["type"] for _ in range(2)] == ["next", "complete"]

    def change(self) -> Any:
        message = self.receive()
        assert (message["type"], message["id"]) == ("next", "watch"), message
        return message["payload"]["data"]["ngoChanged"]


def test_a_change_is_heard_by_whoever_watches(node: RunningNode) -> None:
    """Registered, changed and withdrawn; only what matches, only what one may read."""
    with Watching(node) as partner, Watching(node, "editor") as editor:
        partner.watch(WATCH)
        editor.watch(WATCH)
        node.register("别处", region="CN-GS", city="兰州")
        members = {**NGO, "names": [{"language": "zh", "text": "内部"}]}
        node.ask(REGISTER, "editor", ngo=members, scope="MEMBERS")
        ngo = node.register("公开")["ngo"]
        node.ask(UPDATE, "editor", id=ngo["id"], version=ngo["version"], changes={"city": "大理"})

        assert editor.change()["ngo"] == {"name": "内部", "city": "昆明"}
        heard = partner.change()
        if heard["ngo"]["city"] == "昆明":  # else the two changes came as one
            heard = partner.change()
        assert heard == {"id": ngo["id"], "ngo": {"name": "公开", "city": "大理"}}

        node.ask(WITHDRAW, "moderator", id=ngo["id"])
        assert partner.change() == {"id": ngo["id"], "ngo": None}


def test_a_revoked_key_ends_its_subscriptions(node: RunningNode) -> None:
    """At once, with the protocol's own code."""
    with Watching(node, "editor") as editor:
        editor.watch(WATCH)
        node.services["accounts"].call(
            "revoke_key", actor=node.operator, command_id=fresh_name(), id=node.key("editor")["id"]
        )
        with pytest.raises(ConnectionClosed) as closed:
            editor.receive()

    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4403


def test_a_wrong_filter_is_refused_when_one_subscribes(node: RunningNode) -> None:
    """By the directory itself."""
    with Watching(node) as partner:
        query = 'subscription { ngoChanged(region: "Yunnan") { id } }'
        partner.send(type="subscribe", id="1", payload={"query": query})
        answer = partner.receive()

    assert answer["type"] == "error"
    assert answer["payload"][0]["extensions"]["code"] == "BAD_INPUT"
