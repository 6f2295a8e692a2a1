"""Founding a federation, inviting, joining: both sides, on real brokers, through a real door."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from hinterland.clock import system_clock
from hinterland.config.certificate import new_certificate
from hinterland.identity import NodeKey
from hinterland.pinned import Unreachable, WrongFingerprint
from services.federation import handlers
from services.federation.contract import (
    AlreadyFederated,
    BadInvitation,
    BadJoinRequest,
    InvitationExpired,
    InvitationUsed,
    NodeTaken,
    NotCoordinator,
    NotFederated,
    NotReachable,
)
from services.federation.rules.invitations import InvitationLine
from tests.integration.broker.conftest import until
from tests.integration.federation.conftest import FederationNode, open_door

NewFederationNode = Callable[..., FederationNode]


def linked(node: FederationNode, peer: str) -> bool:
    return any(link.peer == peer and link.running for link in node.here.broker.links())


def test_whoever_founds_a_federation_coordinates_it(national: FederationNode) -> None:
    """The coordinator is its first member, by the root key's word."""
    found = handlers.membership(national.records, national.here)["membership"]

    assert found["coordinator"] == "national"
    assert [member["key"] for member in found["members"]] == [national.here.key.public]
    assert found["federation"].startswith("china-")


def test_a_node_that_joins_is_linked_both_ways(
    national: FederationNode, gansu: FederationNode
) -> None:
    """One invitation, one command, and both brokers pull from each other."""
    joined = gansu.join(national.invite())

    assert joined["coordinator"] == "national"
    assert national.members()["gansu"]["region"] == "CN-GS"
    until(lambda: linked(gansu, "national"), "gansu's link")
    until(lambda: linked(national, "gansu"), "national's link")


def test_a_joined_node_knows_the_coordinator_at_once(
    national: FederationNode, gansu: FederationNode
) -> None:
    """Before any record came it believes the coordinator, and from his feed all others."""
    gansu.join(national.invite())

    assert list(gansu.members()) == ["national"]
    national.carry_to(gansu)
    assert list(gansu.members()) == ["gansu", "national"]


def test_a_lost_answer_costs_nothing(national: FederationNode, gansu: FederationNode) -> None:
    """Who is let in but never hears of it knocks again with the same invitation."""
    invitation = national.invite()
    national.lost_answers = 1
    with pytest.raises(Unreachable):
        gansu.join(invitation)
    assert list(national.members()) == ["gansu", "national"]
    positions = national.positions()

    gansu.join(invitation)

    assert len(national.admitted) == 2
    assert national.positions() == positions
    until(lambda: linked(gansu, "national") and linked(national, "gansu"), "both links")


def test_joining_twice_changes_nothing(national: FederationNode, gansu: FederationNode) -> None:
    """A second run of the command finds everything as it should be."""
    invitation = national.invite()
    gansu.join(invitation)
    positions = national.positions(), gansu.positions()

    gansu.join(invitation)

    assert (national.positions(), gansu.positions()) == positions


def test_a_member_renews_its_links_with_a_new_invitation(
    national: FederationNode, gansu: FederationNode
) -> None:
    """Another invitation means other passwords, and the same member."""
    gansu.join(national.invite())
    joined_at = national.members()["gansu"]["joined_at"]

    gansu.join(national.invite())

    assert national.members()["gansu"]["joined_at"] == joined_at
    until(lambda: linked(gansu, "national") and linked(national, "gansu"), "both links")


def test_an_invitation_lets_one_node_in(
    national: FederationNode, gansu: FederationNode, yunnan: FederationNode
) -> None:
    """Whoever comes second is told so by the coordinator itself."""
    invitation = national.invite()
    gansu.join(invitation)

    with pytest.raises(InvitationUsed):
        yunnan.join(invitation)

    assert list(national.members()) == ["gansu", "national"]


def test_an_expired_invitation_lets_nobody_in(
    national: FederationNode, gansu: FederationNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The coordinator's clock decides."""
    invitation = national.invite(valid_hours=1)
    monkeypatch.setattr(national.records, "_clock", lambda: system_clock().replace(year=2100))

    with pytest.raises(InvitationExpired):
        gansu.join(invitation)


def test_a_secret_that_was_never_given_lets_nobody_in(
    national: FederationNode, gansu: FederationNode
) -> None:
    """The right door and the wrong secret."""
    line = InvitationLine.read(national.invite())
    guessed = InvitationLine(
        line.federation, line.coordinator, line.host, line.port, "x" * 32, line.fingerprint
    )

    with pytest.raises(BadInvitation, match="knows no such invitation"):
        gansu.join(guessed.write())


def test_nothing_is_said_to_a_door_with_another_certificate(
    national: FederationNode, gansu: FederationNode
) -> None:
    """A wrong fingerprint ends it before the secret is sent."""
    line = InvitationLine.read(national.invite())
    other = InvitationLine(
        line.federation, line.coordinator, line.host, line.port, line.secret, "ab" * 32
    )

    with pytest.raises(WrongFingerprint):
        gansu.join(other.write())

    assert national.admitted == []


def test_a_door_that_changes_its_certificate_gets_no_secret(
    node: NewFederationNode, gansu: FederationNode, tmp_path: Path
) -> None:
    """Somebody listens at the invitation's address, with a certificate of the same name."""
    national = node("national")
    national.create()
    certificate, key = new_certificate("national", ["127.0.0.1"], system_clock())
    (tmp_path / "crt").write_bytes(certificate)
    (tmp_path / "key").write_bytes(key)

    with open_door(national, tmp_path / "crt", tmp_path / "key"), pytest.raises(WrongFingerprint):
        gansu.join(national.invite())

    assert national.admitted == []


def test_a_closed_door_is_said_to_be_closed(node: NewFederationNode, gansu: FederationNode) -> None:
    """Nobody listens: the message names the address."""
    national = node("national")
    national.create()

    with pytest.raises(Unreachable, match=str(national.settings.door_port)):
        gansu.join(national.invite())


def test_an_id_belongs_to_its_first_key(national: FederationNode, gansu: FederationNode) -> None:
    """A second node under a member's id is refused, even with a good invitation."""
    gansu.join(national.invite())
    gansu.settings.key_path.unlink()
    NodeKey.generate().save(gansu.settings.key_path)
    impostor = replace(gansu, here=replace(gansu.here, key=NodeKey.load(gansu.settings.key_path)))

    with pytest.raises(NodeTaken):
        impostor.join(national.invite())


def test_a_node_is_never_in_two_federations(
    national: FederationNode, gansu: FederationNode, node: NewFederationNode
) -> None:
    """Neither a member nor a coordinator joins another; nobody founds a second one."""
    gansu.join(national.invite())
    other = node("other")
    other.create("Elsewhere")

    for busy in (gansu, national):
        with pytest.raises(AlreadyFederated):
            busy.join(other.invite())
        with pytest.raises(AlreadyFederated):
            busy.create()


def test_only_the_coordinator_invites(national: FederationNode, gansu: FederationNode) -> None:
    """A member says who could, a node of no federation what to do."""
    with pytest.raises(NotFederated):
        gansu.invite()
    gansu.join(national.invite())

    with pytest.raises(NotCoordinator, match="national"):
        gansu.invite()


def test_pullers_of_one_name_are_told_apart_or_refused(
    national: FederationNode,
    gansu: FederationNode,
    yunnan: FederationNode,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A node whose broker claims another member's names gets no access to that member's queue."""
    gansu.join(national.invite())
    monkeypatch.setattr(yunnan.here.broker, "puller", gansu.here.broker.puller)

    with pytest.raises(BadJoinRequest, match="set_cluster_name"):
        yunnan.join(national.invite())

    assert "yunnan" not in national.members()


def test_a_broker_without_tls_is_for_one_machine(
    node: NewFederationNode, gansu: FederationNode
) -> None:
    """A coordinator that others shall reach needs TLS before it invites anybody."""
    national = node("national", amqp_public_uri="amqp://hub.example.org/national")
    national.create()

    with pytest.raises(NotReachable, match="broker_tls_port"):
        national.invite()


def test_a_coordinator_keeps_its_broker_off_its_own_loopback(
    national: FederationNode, gansu: FederationNode
) -> None:
    """Who joins from another machine cannot make our broker connect to our own machine."""
    invitation = national.invite()
    national.here = replace(national.here, door_host="hub.example.org")

    with pytest.raises(BadJoinRequest, match=r"127\.0\.0\.1"):
        gansu.join(invitation)

    assert list(national.members()) == ["national"]


def test_repeating_an_invite_makes_the_same_invitation(national: FederationNode) -> None:
    """One command, one secret, which is kept nowhere."""
    command = {"command_id": "the same command"}

    first = national.invite(**command)

    assert first == national.invite(**command)
    secret = InvitationLine.read(first).secret
    found = national.store.collection("commands").find()
    assert all(secret not in str(document) for document in found)
