"""A node's links to its peers, as its broker sees them: who may pull from us, whom we pull from.

RabbitMQ's federation plugin carries the exchange `hinterland.feeds` from node to node. The node
that pulls (*downstream*) has an *upstream* parameter with the other's address, user and password;
the node that is pulled from has a user for it. That user may read the feeds and own one queue, and
nothing else. No administrator's credential ever travels.

    yunnan ──────── pulls as user "yunnan.at.national" ───────▶ national
      policy hinterland-feeds                                    policy hinterland-links
      parameter federation-upstream "national"                   queue federation: … -> yunnan:…

Everything here may be repeated: it says how things shall be. It speaks HTTP with the broker's
management API and needs a user who is an administrator there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple, Self
from urllib.parse import quote, urlencode

from hinterland.bus.names import FEEDS_EXCHANGE
from hinterland.errors import HinterlandError
from hinterland.ground.management import Management, name

__all__ = [
    "Address",
    "BadAddress",
    "Broker",
    "Link",
    "Puller",
    "link_queue",
    "peer_user",
]

# Links of a star: a batch of yunnan goes through national to gansu, and no further.
MAX_HOPS_STAR: Final = 2
PREFETCH_MESSAGES: Final = 20
RECONNECT_DELAY_S: Final = 5
HEARTBEAT_S: Final = 30
CONNECT_TIMEOUT_MS: Final = 10_000
CERTIFICATE_CHAIN_DEPTH_MAX: Final = 2

# What waits at the upstream for a peer that is away. It holds hints; a peer that was away for
# longer asks for what it lacks.
LINK_QUEUE_BYTES_MAX: Final = 64 * 1024 * 1024
LINK_MESSAGE_TTL_MS: Final = 15 * 60 * 1000
LINK_QUEUE_EXPIRES_MS: Final = 24 * 60 * 60 * 1000

# A link holds one connection; while it is made anew, the broker may still count the last one.
PEER_CONNECTIONS_MAX: Final = 4
PEER_CHANNELS_MAX: Final = 16
VHOST_QUEUES_MAX: Final = 2_000
VHOST_CONNECTIONS_MAX: Final = 2_000

LINK_ERROR_CHARS_MAX: Final = 300
LINKS_POLICY: Final = "hinterland-links"
FEEDS_POLICY: Final = "hinterland-feeds"
POLICY_PRIORITY: Final = 100

# Neither colon nor space: they separate the parts of a link queue's name.
BROKER_NAME: Final = re.compile(r"[A-Za-z0-9@._/-]{1,100}")
HOST: Final = re.compile(r"[A-Za-z0-9._:-]{1,253}")
LOOPBACK_HOSTS: Final = frozenset({"127.0.0.1", "::1", "localhost"})
PORT_MAX: Final = 65_535


class BadAddress(HinterlandError):
    """This is not an address at which a broker can be reached safely from another machine."""

    code = "BAD_ADDRESS"


class Puller(NamedTuple):
    """Who pulls, as the upstream's broker names it: the cluster name and the vhost downstream."""

    cluster: str
    vhost: str

    @classmethod
    def checked(cls, cluster: str, vhost: str) -> Self:
        """Raises BadAddress for a name that could be taken for another's."""
        for given in (cluster, vhost):
            if not BROKER_NAME.fullmatch(given):
                raise BadAddress(
                    f"{given!r} cannot name a cluster or a vhost: take letters, digits and @._/-"
                )
        return cls(cluster, vhost)


@dataclass(frozen=True, slots=True)
class Address:
    """Where a broker takes peers: over TLS, or plain on loopback.

    `authority` (PEM) is what the peer pins, None for plain; `server_name` is the name that the
    broker's certificate must bear, whatever the host's name or address.
    """

    host: str
    port: int
    vhost: str
    server_name: str
    authority: str | None

    @classmethod
    def checked(
        cls, host: str, port: int, vhost: str, server_name: str, authority: str | None
    ) -> Self:
        """Raises BadAddress: without TLS nothing leaves the machine."""
        if not HOST.fullmatch(host):
            raise BadAddress(f"{host!r} is not the name or address of a host.", field="host")
        if not 0 < port <= PORT_MAX:
            raise BadAddress(f"{port} is not a port.", field="port")
        if not BROKER_NAME.fullmatch(vhost):
            raise BadAddress(f"{vhost!r} cannot name a vhost.", field="vhost")
        if not HOST.fullmatch(server_name):
            raise BadAddress(f"{server_name!r} is not a name.", field="server_name")
        if authority is None and host not in LOOPBACK_HOSTS:
            raise BadAddress(
                f"The broker at {host}:{port} would be reached without TLS. Set broker_tls_port "
                "in node.toml, or an amqps:// address in amqp_public_uri.",
                field="amqp_public_uri",
            )
        return cls(host, port, vhost, server_name, authority)

    def uri(self, user: str, password: str, authority_path: Path | None) -> str:
        """The address as RabbitMQ's federation plugin reads it.

        Erlang verifies nobody unless told to; `authority_path` is where the pulling broker finds
        what it pins.
        """
        secure = self.authority is not None
        host = f"[{self.host}]" if ":" in self.host else self.host
        query: dict[str, Any] = {
            "heartbeat": HEARTBEAT_S,
            "connection_timeout": CONNECT_TIMEOUT_MS,
        }
        if secure:
            query |= {
                "verify": "verify_peer",
                "cacertfile": authority_path,
                "server_name_indication": self.server_name,
                "depth": CERTIFICATE_CHAIN_DEPTH_MAX,
            }
        return (
            f"amqp{'s' if secure else ''}://{quote(user, safe='')}:{quote(password, safe='')}"
            f"@{host}:{self.port}/{quote(self.vhost, safe='')}?{urlencode(query, quote_via=quote)}"
        )


@dataclass(frozen=True, slots=True)
class Link:
    """A link through which we pull. `status` is the broker's word: `running`, `starting`, `error`
    or `down`; `error` says why, and is empty otherwise."""

    peer: str
    status: str
    error: str = ""

    @property
    def running(self) -> bool:
        return self.status == "running"


def peer_user(peer: str, upstream: str) -> str:
    """The user with which `peer` pulls from `upstream`. Node ids have no dots; brokers may be
    shared by several nodes, and users are the broker's."""
    return f"{peer}.at.{upstream}"


def link_queue(upstream_vhost: str, puller: Puller) -> str:
    """The queue that the federation plugin makes upstream for one puller.

    As `rabbit_federation_exchange_link:upstream_queue_name/3` of RabbitMQ 3.10 has it: between
    vhosts of one name, the name is left out.
    """
    if puller.vhost == upstream_vhost:
        return f"federation: {FEEDS_EXCHANGE} -> {puller.cluster}"
    return f"federation: {FEEDS_EXCHANGE} -> {puller.cluster}:{puller.vhost}:{FEEDS_EXCHANGE}"


class Broker:
    """The broker of `node`, its vhost, and the links of both directions."""

    def __init__(self, management: Management, node: str, vhost: str) -> None:
        self._management = management
        self._node = node
        self._vhost = vhost

    def puller(self) -> Puller:
        """How peers' brokers name us when we pull. Raises BadAddress, BrokerRefused."""
        return Puller.checked(self._management.get("cluster-name")["name"], self._vhost)

    def prepare(self) -> None:
        """The exchange that crosses between nodes, and bounds on whatever peers leave here."""
        vhost = name(self._vhost)
        self._management.put(
            f"exchanges/{vhost}/{name(FEEDS_EXCHANGE)}", {"type": "topic", "durable": True}
        )
        self._management.put(
            f"policies/{vhost}/{LINKS_POLICY}",
            {
                "pattern": "^" + _escaped(f"federation: {FEEDS_EXCHANGE} -> "),
                "apply-to": "queues",
                "priority": POLICY_PRIORITY,
                "definition": {
                    "max-length-bytes": LINK_QUEUE_BYTES_MAX,
                    "message-ttl": LINK_MESSAGE_TTL_MS,
                    "expires": LINK_QUEUE_EXPIRES_MS,
                },
            },
        )
        limits = {"max-queues": VHOST_QUEUES_MAX, "max-connections": VHOST_CONNECTIONS_MAX}
        for limit, most in limits.items():
            self._management.put(f"vhost-limits/{vhost}/{limit}", {"value": most})

    def make_peer(self, peer: str, password: str) -> str:
        """A user for `peer` who may do nothing yet; returns its name."""
        user = peer_user(peer, self._node)
        self._management.make_user(user, password)
        limits = {"max-connections": PEER_CONNECTIONS_MAX, "max-channels": PEER_CHANNELS_MAX}
        for limit, most in limits.items():
            self._management.put(f"user-limits/{name(user)}/{limit}", {"value": most})
        return user

    def let_pull(self, peer: str, puller: Puller) -> None:
        """Lets the user of `peer` read the feeds into its own link queue, and do nothing else.

        The plugin names two exchanges after the queue, ` A` and ` B`, in turn. To bind them, the
        user needs write on them and read on the feeds.
        """
        own = _escaped(link_queue(self._vhost, puller)) + "( [AB])?"
        self._management.permit(
            self._vhost,
            peer_user(peer, self._node),
            configure=f"^{own}$",
            write=f"^{own}$",
            read=f"^({own}|{_escaped(FEEDS_EXCHANGE)})$",
        )

    def dismiss(self, peer: str, puller: Puller | None) -> None:
        """Removes the user of `peer`, which closes its connections, and what waited for it."""
        self._management.delete_user(peer_user(peer, self._node))
        if puller:
            queue = link_queue(self._vhost, puller)
            vhost = name(self._vhost)
            self._management.delete(f"queues/{vhost}/{name(queue)}")
            for suffix in (" A", " B"):
                self._management.delete(f"exchanges/{vhost}/{name(queue + suffix)}")

    def pull_from(self, peer: str, uri: str, max_hops: int = MAX_HOPS_STAR) -> None:
        """Starts a link from `peer`, or changes it. It comes up within seconds, and by itself."""
        vhost = name(self._vhost)
        self._management.put(
            f"parameters/federation-upstream/{vhost}/{name(peer)}",
            {
                "value": {
                    "uri": uri,
                    "exchange": FEEDS_EXCHANGE,
                    "max-hops": max_hops,
                    "prefetch-count": PREFETCH_MESSAGES,
                    "reconnect-delay": RECONNECT_DELAY_S,
                    "ack-mode": "on-confirm",
                }
            },
        )
        self._management.put(
            f"policies/{vhost}/{FEEDS_POLICY}",
            {
                "pattern": f"^{_escaped(FEEDS_EXCHANGE)}$",
                "apply-to": "exchanges",
                "priority": POLICY_PRIORITY,
                "definition": {"federation-upstream-set": "all"},
            },
        )

    def stop_pulling(self, peer: str) -> None:
        self._management.delete(f"parameters/federation-upstream/{name(self._vhost)}/{name(peer)}")

    def upstreams(self) -> list[str]:
        """The peers that we pull from, running or not."""
        path = f"parameters/federation-upstream/{name(self._vhost)}"
        return [upstream["name"] for upstream in self._management.get(path)]

    def links(self) -> list[Link]:
        """The state of every link through which we pull, by peer."""
        found = {peer: Link(peer, "down") for peer in self.upstreams()}
        for link in self._management.get(f"federation-links/{name(self._vhost)}"):
            peer = str(link.get("upstream", ""))
            if link.get("exchange") == FEEDS_EXCHANGE and peer in found:
                found[peer] = _link(peer, link)
        return [found[peer] for peer in sorted(found)]


def _link(peer: str, link: Mapping[str, Any]) -> Link:
    status = str(link.get("status", "down"))
    error = "" if status == "running" else str(link.get("error", ""))
    return Link(peer, status, " ".join(error.split())[:LINK_ERROR_CHARS_MAX])


def _escaped(text: str) -> str:
    """`text` as a regular expression (PCRE) that matches it, still fit to be read by people."""
    return re.sub(r"([.^$*+?()\[\]{}|\\])", r"\\\1", text)
