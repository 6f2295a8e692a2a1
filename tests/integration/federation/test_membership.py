"""Members come and go; links follow what is recorded."""

from __future__ import annotations

from uuid import uuid4

import pytest

from hinterland.actors import Actor
from hinterland.errors import BadInput, NotFound, Unavailable
from hinterland.ground import Management
from hinterland.identity import Member
from hinterland.links import peer_user
from services.federation import handlers, queries
from services.federation.contract import Expel, Expelled
from tests.integration.broker.conftest import until
from tests.integration.federation.conftest import FederationNode
from tests.integration.federation.test_joining import linked


def expel(national: FederationNode, node: str) -> dict[str, object]:
    params = Expel(command_id=uuid4().hex, node=node, note="its key was stolen")
    return handlers.expel(national.records, national.here, params, None, national.status)


def users(management: Management, node: FederationNode) -> set[str]:
    """Who may do something in the vhost of `node`."""
    permissions = management.get(f"vhosts/{node.here.broker.vhost}/permissions")
    return {permission["user"] for permission in permissions}


@pytest.fixture
def joined(national: FederationNode, gansu: FederationNode) -> FederationNode:
    gansu.join(national.invite())
    national.carry_to(gansu)
    return gansu


def wait_for_links(national: FederationNode, gansu: FederationNode) -> None:
    """Links come up by themselves, some seconds after both sides are set up."""
    until(lambda: linked(gansu, "national") and linked(national, "gansu"), "both links")


def test_an_expelled_node_loses_its_access_at_once(
    national: FederationNode, joined: FederationNode, management: Management
) -> None:
    """Its user and the link from it are gone with the command; its own link fails."""
    wait_for_links(national, joined)
    expel(national, "gansu")

    assert peer_user("gansu", "national") not in users(management, national)
    assert national.here.broker.links() == []
    until(lambda: not linked(joined, "national"), "gansu's link to end")
    assert national.members()["gansu"]["expelled_at"]
    assert national.members()["gansu"]["note"] == "its key was stolen"


def test_an_expulsion_names_what_the_coordinator_holds(
    national: FederationNode, joined: FederationNode
) -> None:
    """What of the node is held here counts, up to its last position and hash."""
    joined.records.execute(
        uuid4().hex, None, lambda changes: {"id": changes.put("member", MEMBER, "members")}
    )
    joined.carry_to(national)
    held = national.store.held_one("gansu/federation")

    made = expel(national, "gansu")

    assert made["feeds"] == {"gansu/federation": [held.epoch, held.n, held.hash]}
    membership = queries.membership(national.records.collection, "national")
    assert membership is not None
    assert membership.accepts("gansu/federation", held.epoch, held.n, held.hash) == "ok"
    assert membership.accepts("gansu/federation", 1, held.n + 1, held.hash) == "beyond expulsion"


MEMBER = {
    "node": "mallory",
    "region": "CN",
    "name": "m",
    "key": "A" * 43 + "=",
    "joined_at": "2026-01-31T08:05:00.000Z",
}


def test_only_the_coordinators_word_makes_a_member(
    national: FederationNode, joined: FederationNode
) -> None:
    """A member record in anybody else's feed is a record like any other, and makes no member."""
    joined.records.execute(
        uuid4().hex, None, lambda changes: {"id": changes.put("member", MEMBER, "members")}
    )
    joined.carry_to(national)

    assert national.records.collection.count_documents({"kind": "member"}) == 3
    assert list(national.members()) == ["gansu", "national"]
    assert list(joined.members()) == ["gansu", "national"]


def test_an_expelled_node_cannot_come_back(
    national: FederationNode, joined: FederationNode, management: Management
) -> None:
    """Not with a new invitation, and not with the one that let it in."""
    old = national.invite()
    joined.join(old)
    expel(national, "gansu")

    for invitation in (old, national.invite()):
        with pytest.raises(Expelled):
            joined.join(invitation)

    assert peer_user("gansu", "national") not in users(management, national)


def test_expelling_twice_keeps_the_first_positions(
    national: FederationNode, joined: FederationNode
) -> None:
    """An expulsion is not moved by a repeat."""
    first = expel(national, "gansu")

    assert expel(national, "gansu")["feeds"] == first["feeds"]


def test_nobody_is_expelled_while_a_service_is_silent(
    national: FederationNode, joined: FederationNode
) -> None:
    """A feed that the expulsion does not name would not count at all."""

    def silent(service: str) -> dict[str, object]:
        if service == "directory":
            raise Unavailable()
        return national.status(service)

    params = Expel(command_id=uuid4().hex, node="gansu")
    with pytest.raises(Unavailable, match="directory"):
        handlers.expel(national.records, national.here, params, None, silent)

    assert national.members()["gansu"]["expelled_at"] is None


def test_who_cannot_be_expelled(national: FederationNode) -> None:
    """Not the coordinator, and nobody who is no member."""
    with pytest.raises(BadInput):
        expel(national, "national")
    with pytest.raises(NotFound):
        expel(national, "hunan")


def test_an_expulsion_reaches_the_brokers_of_other_members(
    national: FederationNode, joined: FederationNode, yunnan: FederationNode
) -> None:
    """A member that is linked to the expelled one ends the link when it hears of it."""
    yunnan.join(national.invite())
    national.carry_to(yunnan)
    peer = queries.peers(joined.records.collection)[0].model_copy(update={"node": "gansu"})
    yunnan.records.execute(
        uuid4().hex,
        None,
        lambda changes: {
            "id": changes.put(
                "peer", peer.model_dump(), "private", queries.peer_id("yunnan", "gansu")
            )
        },
    )
    yunnan.arrange()
    assert yunnan.here.broker.upstreams() == ["gansu", "national"]
    expel(national, "gansu")
    yunnan.arrange()
    assert yunnan.here.broker.upstreams() == ["gansu", "national"]

    national.carry_to(yunnan)
    yunnan.arrange()

    assert yunnan.here.broker.upstreams() == ["national"]
    assert [peer.node for peer in queries.peers(yunnan.records.collection)] == ["national"]


def test_links_come_back_on_a_new_broker(
    national: FederationNode, joined: FederationNode, management: Management
) -> None:
    """What a broker has lost is made again from what is recorded, with the same passwords."""
    wait_for_links(national, joined)
    national.here.broker.stop_pulling("gansu")
    management.delete_user(peer_user("gansu", "national"))
    until(lambda: not linked(joined, "national"), "gansu's link to end")

    national.arrange()

    wait_for_links(national, joined)


def test_looking_after_links_leaves_good_ones_alone(
    national: FederationNode, joined: FederationNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where everything is as it should be, the broker is only asked."""

    def refuse(*_: object) -> None:
        raise AssertionError("the broker was told something")

    monkeypatch.setattr(Management, "put", refuse)
    monkeypatch.setattr(Management, "delete", refuse)

    national.arrange()


def test_an_overview_shows_staff_more_than_others(
    national: FederationNode, joined: FederationNode
) -> None:
    """Anybody sees how far the feeds are; members, links and refusals are for staff."""
    anybody = handlers.overview(national.records, national.here, Actor(), national.status)
    staff = handlers.overview(
        national.records,
        national.here,
        Actor("a", frozenset({"editor"}), "national"),
        national.status,
    )

    assert anybody["federation"]["role"] == "coordinator"
    assert [feed["feed"] for feed in anybody["feeds"]] == ["national/federation"]
    assert (anybody["members"], anybody["links"]) == ([], None)
    assert [member["node"] for member in staff["members"]] == ["gansu", "national"]
    assert [link["peer"] for link in staff["links"]] == ["gansu"]


def test_an_overview_tells_who_we_are(national: FederationNode, gansu: FederationNode) -> None:
    """From no federation over joining and member to expelled."""

    def role() -> str | None:
        found = handlers.overview(gansu.records, gansu.here, Actor(), gansu.status)
        return found["federation"] and found["federation"]["role"]

    roles = [role()]
    gansu.join(national.invite())
    roles.append(role())
    national.carry_to(gansu)
    roles.append(role())
    expel(national, "gansu")
    national.carry_to(gansu)
    roles.append(role())

    assert roles == [None, "joining", "member", "expelled"]


def test_fields_of_newer_coordinators_survive(national: FederationNode) -> None:
    """What this version does not know of a member is passed on as it was signed."""
    newer = {**MEMBER, "node": "hunan", "motto": "山", "successor": "gansu"}
    national.records.execute(
        uuid4().hex,
        None,
        lambda changes: {"id": changes.put("member", newer, "members")},
    )

    found = handlers.membership(national.records, national.here)["membership"]

    [hunan] = [member for member in found["members"] if member["node"] == "hunan"]
    assert hunan["motto"] == "山"
    assert Member.from_dict(hunan).successor == "gansu"
