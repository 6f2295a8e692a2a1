"""Requests to join, signed by who makes them."""

from __future__ import annotations

from typing import Any

import pytest

from hinterland.identity import NodeKey
from services.federation.contract import BadJoinRequest, BadWelcome, PullerName
from services.federation.rules.requests import read_request, read_welcome, write_request
from tests.unit.federation.conftest import broker_address, join_request


def test_a_request_is_read_back(key: NodeKey) -> None:
    """What the node signed is what the coordinator reads."""
    request = join_request(key)

    assert read_request(write_request(request, key)) == request


def test_nobody_can_ask_in_anothers_name(key: NodeKey) -> None:
    """A request signed by another key than the one that it names is refused."""
    with pytest.raises(BadJoinRequest):
        read_request(write_request(join_request(key), NodeKey.generate()))


def test_a_relay_cannot_change_a_request(key: NodeKey) -> None:
    """Another address under the same signature is refused."""
    text = write_request(join_request(key), key)

    with pytest.raises(BadJoinRequest):
        read_request(text.replace("127.0.0.1", "127.0.0.2"))


@pytest.mark.parametrize("text", ["", "\n", "AAAA\n{}", "é\n1", "AAAA\n[", "no line end"])
def test_a_garbled_request_is_refused(text: str) -> None:
    """Anything that is not a request is refused with its code."""
    with pytest.raises(BadJoinRequest):
        read_request(text)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"broker": broker_address(host="hub.example.org")}, "amqp_public_uri"),
        ({"broker": broker_address(host="h?cacertfile=/etc/passwd")}, "host"),
        ({"broker": broker_address(vhost="a b")}, "vhost"),
        ({"broker": broker_address(server_name="a&verify=verify_none")}, "server_name"),
        ({"puller": PullerName(cluster="a:b", vhost="gansu")}, None),
    ],
)
def test_addresses_that_would_do_harm_are_refused(
    key: NodeKey, changes: dict[str, Any], field: str | None
) -> None:
    """Nothing can be smuggled into a broker's address, and nothing leaves the machine unsealed."""
    with pytest.raises(BadJoinRequest) as refused:
        read_request(write_request(join_request(key, **changes), key))

    assert refused.value.field == field


def test_a_region_is_checked_before_anything_else(key: NodeKey) -> None:
    """The first field at fault is named."""
    request = join_request(key).model_copy(update={"region": "Gansu"})

    with pytest.raises(BadJoinRequest) as refused:
        read_request(write_request(request, key))

    assert refused.value.field == "region"


@pytest.mark.parametrize("content", [None, [], {}, {"title": "x"}])
def test_a_welcome_that_says_nothing_is_refused(content: Any) -> None:
    """Whatever else a door may answer, it is not a welcome."""
    with pytest.raises(BadWelcome):
        read_welcome(content)
