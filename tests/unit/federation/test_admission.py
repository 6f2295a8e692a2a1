"""Who is let in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from hinterland.clock import rfc3339
from hinterland.identity import Member, NodeKey
from services.federation.contract import (
    BadInvitation,
    BadJoinRequest,
    Expelled,
    Invitation,
    InvitationExpired,
    InvitationUsed,
    NodeTaken,
    Peer,
    PullerName,
)
from services.federation.rules.admission import check_invitation, check_node, check_puller
from tests.unit.federation.conftest import SECRET, broker_address, join_request

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
FRESH = Invitation(secret_sum="0" * 64, expires_at=rfc3339(NOON + timedelta(hours=1)))


def used_by(key: NodeKey, node: str = "gansu") -> Invitation:
    return FRESH.model_copy(update={"used_by": node, "used_key": key.public})


def member(key: NodeKey, **fields: object) -> dict[str, Member]:
    body = {"node": "gansu", "region": "CN-GS", "name": "甘肃", "key": key.public}
    return {"gansu": Member.from_dict({**body, "joined_at": rfc3339(NOON), **fields})}


def test_a_fresh_invitation_is_good_once(key: NodeKey) -> None:
    """The first use is one; the same node's repeat is none, and is no error."""
    request = join_request(key)

    assert check_invitation(FRESH, request, NOON)
    assert not check_invitation(used_by(key), request, NOON)


def test_a_lost_answer_can_be_repeated_after_expiry(key: NodeKey) -> None:
    """Who got in may ask again how, however late."""
    later = NOON + timedelta(days=30)

    assert not check_invitation(used_by(key), join_request(key), later)


def test_an_invitation_expires(key: NodeKey) -> None:
    """From the moment that it names it lets nobody in."""
    with pytest.raises(InvitationExpired):
        check_invitation(FRESH, join_request(key), NOON + timedelta(hours=1))


def test_an_invitation_lets_one_node_in(key: NodeKey) -> None:
    """Neither another node nor another key of that name can use it again."""
    for used in (used_by(key, "hunan"), used_by(NodeKey.generate())):
        with pytest.raises(InvitationUsed):
            check_invitation(used, join_request(key), NOON)


def test_an_unknown_secret_lets_nobody_in(key: NodeKey) -> None:
    """A secret that the coordinator never gave is refused."""
    with pytest.raises(BadInvitation):
        check_invitation(None, join_request(key), NOON)


def test_a_member_may_join_again(key: NodeKey) -> None:
    """The same node with the same key makes its links anew."""
    check_node(join_request(key), member(key))
    check_node(join_request(key), {})


def test_an_id_belongs_to_its_first_key(key: NodeKey) -> None:
    """Nobody can take over the id of a member, expelled or not."""
    for fields in ({}, {"expelled": {}}):
        with pytest.raises(NodeTaken):
            check_node(join_request(key), member(NodeKey.generate(), **fields))


def test_an_expelled_node_stays_out(key: NodeKey) -> None:
    """A new invitation does not undo an expulsion."""
    with pytest.raises(Expelled):
        check_node(join_request(key), member(key, expelled={}))


def peer(node: str, cluster: str, vhost: str) -> Peer:
    return Peer(
        node=node,
        broker=broker_address(),
        puller=PullerName(cluster=cluster, vhost=vhost),
        secret_for="0" * 64,
        since=rfc3339(NOON),
    )


def test_nodes_of_one_broker_differ_by_their_vhosts(key: NodeKey) -> None:
    """A cluster name may be shared, as long as cluster and vhost together are not."""
    request = join_request(key, puller=PullerName(cluster="shared", vhost="gansu"))

    check_puller(request, [peer("hunan", "shared", "hunan")], "national")
    check_puller(request, [peer("gansu", "shared", "gansu")], "national")


def test_nobody_can_name_anothers_queue(key: NodeKey) -> None:
    """Two pullers of one name would read each other's messages."""
    request = join_request(key, puller=PullerName(cluster="shared", vhost="hunan"))

    with pytest.raises(BadJoinRequest, match="set_cluster_name"):
        check_puller(request, [peer("hunan", "shared", "hunan")], "national")


def test_a_secret_is_not_shown_by_an_error(key: NodeKey) -> None:
    """What goes into a log gives no invitation away."""
    with pytest.raises(BadInvitation) as refused:
        check_invitation(None, join_request(key), NOON)

    assert SECRET not in str(refused.value)
