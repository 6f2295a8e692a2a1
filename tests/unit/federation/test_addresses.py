"""Where peers find this node's broker."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from hinterland.links import Address, Puller, link_queue, peer_user
from services.federation.contract import NotReachable
from services.federation.rules.addresses import (
    public_address,
    reachable_from,
    require_reachable_from,
)

PEM = "-----BEGIN CERTIFICATE-----"


def test_over_tls_the_certificate_is_pinned() -> None:
    """An amqps address comes with the node's authority and its name."""
    address = public_address("amqps://hub.example.org/yunnan", "yunnan", PEM)

    assert address == Address("hub.example.org", 5671, "yunnan", "yunnan", PEM)


def test_on_loopback_tls_is_optional() -> None:
    """Nodes of one machine may talk plainly; the vhost is unquoted, and / where none is named."""
    assert public_address("amqp://127.0.0.1:5872/a%2Fb", "yunnan", PEM).vhost == "a/b"
    assert public_address("amqp://localhost", "yunnan", PEM).vhost == "/"
    assert public_address("amqp://127.0.0.1:5872/y", "yunnan", PEM).authority is None


def test_nothing_leaves_the_machine_without_tls() -> None:
    """A plain address elsewhere is refused with the settings that help."""
    with pytest.raises(NotReachable, match="broker_tls_port"):
        public_address("amqp://hub.example.org/yunnan", "yunnan", PEM)


def test_loopback_is_the_machine_of_whoever_tries() -> None:
    """An address on loopback leads elsewhere from another machine."""
    assert reachable_from("127.0.0.1", "localhost")
    assert reachable_from("127.0.0.1", "hub.example.org")
    assert reachable_from("hub.example.org", "other.example.org")
    assert not reachable_from("hub.example.org", "::1")


def test_a_distant_coordinator_cannot_reach_our_loopback() -> None:
    """Where the door is elsewhere, a broker on loopback is refused before anything is sent."""
    loopback = public_address("amqp://127.0.0.1:5872/y", "yunnan", PEM)
    public = public_address("amqps://hub.example.org/y", "yunnan", PEM)

    require_reachable_from("127.0.0.1", loopback)
    require_reachable_from("national.example.org", public)
    with pytest.raises(NotReachable, match="public_host"):
        require_reachable_from("national.example.org", loopback)


def test_the_plugins_address_verifies_whom_it_reaches() -> None:
    """Erlang checks nothing by itself; the address says what to check, and passwords are quoted."""
    address = Address("2001:db8::7", 5671, "a/b", "yunnan", PEM)

    uri = urlsplit(address.uri("gansu.at.yunnan", "p/w?&", Path("/a b/c.crt")))

    assert uri.netloc == "gansu.at.yunnan:p%2Fw%3F%26@[2001:db8::7]:5671"
    assert uri.path == "/a%2Fb"
    query = parse_qs(uri.query)
    assert query["verify"] == ["verify_peer"]
    assert query["cacertfile"] == ["/a b/c.crt"]
    assert query["server_name_indication"] == ["yunnan"]


def test_a_link_queue_is_called_as_the_plugin_calls_it() -> None:
    """Between vhosts of one name the plugin leaves the name out."""
    assert (
        link_queue("yunnan", Puller("ground", "gansu"))
        == "federation: hinterland.feeds -> ground:gansu:hinterland.feeds"
    )
    assert link_queue("/", Puller("gansu", "/")) == "federation: hinterland.feeds -> gansu"


def test_users_of_one_broker_differ_by_upstream_and_peer() -> None:
    """Ids have no dots, so no two pairs make one name."""
    pairs = [("a", "b"), ("b", "a"), ("a-at", "b"), ("a", "at-b")]

    assert len({peer_user(peer, upstream) for peer, upstream in pairs}) == 4
