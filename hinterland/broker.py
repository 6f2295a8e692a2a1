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
from typing import Any, Final

from hinterland.bus.names import FEEDS_EXCHANGE
from hinterland.ground.management import Management, name
from hinterland.links import Puller, link_queue, peer_user

__all__ = ["PEER_CONNECTIONS_MAX", "Broker", "Link"]

# Links of a star: a batch of yunnan goes through national to gansu, and no further.
MAX_HOPS_STAR: Final = 2
PREFETCH_MESSAGES: Final = 20
RECONNECT_DELAY_S: Final = 5

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


class Broker:
    """The broker of `node`, its vhost, and the links of both directions."""

    def __init__(self, management: Management, node: str, vhost: str) -> None:
        self._management = management
        self._node = node
        self.vhost = vhost

    def close(self) -> None:
        """Lets go of the connections to the management API."""
        self._management.close()

    def puller(self) -> Puller:
        """How peers' brokers name us when we pull. Raises BadAddress, BrokerRefused."""
        return Puller.checked(self._management.get("cluster-name")["name"], self.vhost)

    def prepare(self) -> None:
        """The exchange that crosses between nodes, and bounds on whatever peers leave here."""
        vhost = name(self.vhost)
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
        """Lets the user of `peer` read the feeds into its own link queue, and do nothing else."""
        self._management.permit(self.vhost, peer_user(peer, self._node), **self._rights(puller))

    def _rights(self, puller: Puller) -> dict[str, str]:
        """The plugin names two exchanges after the queue, ` A` and ` B`, in turn. To bind them, the
        user needs write on them and read on the feeds."""
        own = _escaped(link_queue(self.vhost, puller)) + "( [AB])?"
        return {
            "configure": f"^{own}$",
            "write": f"^{own}$",
            "read": f"^({own}|{_escaped(FEEDS_EXCHANGE)})$",
        }

    def dismiss(self, peer: str, puller: Puller | None) -> None:
        """Removes the user of `peer`, which closes its connections, and what waited for it."""
        self._management.delete_user(peer_user(peer, self._node))
        if puller:
            queue = link_queue(self.vhost, puller)
            vhost = name(self.vhost)
            self._management.delete(f"queues/{vhost}/{name(queue)}")
            for suffix in (" A", " B"):
                self._management.delete(f"exchanges/{vhost}/{name(queue + suffix)}")

    def pull_from(self, peer: str, uri: str) -> None:
        """Starts a link from `peer`, or changes it. It comes up within seconds, and by itself."""
        vhost = name(self.vhost)
        self._management.put(
            f"parameters/federation-upstream/{vhost}/{name(peer)}", {"value": _upstream(uri)}
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
        self._management.delete(f"parameters/federation-upstream/{name(self.vhost)}/{name(peer)}")

    def has_link(self, peer: str, puller: Puller, uri: str) -> bool:
        """Whether both directions are set up like this already; asks, and changes nothing."""
        vhost = name(self.vhost)
        user = peer_user(peer, self._node)
        rights = {
            permission["user"]: {key: permission[key] for key in ("configure", "write", "read")}
            for permission in self._management.get(f"vhosts/{vhost}/permissions")
        }
        upstreams = {
            upstream["name"]: upstream["value"]
            for upstream in self._management.get(f"parameters/federation-upstream/{vhost}")
        }
        return rights.get(user) == self._rights(puller) and upstreams.get(peer) == _upstream(uri)

    def upstreams(self) -> list[str]:
        """The peers that we pull from, running or not."""
        path = f"parameters/federation-upstream/{name(self.vhost)}"
        return [upstream["name"] for upstream in self._management.get(path)]

    def links(self) -> list[Link]:
        """The state of every link through which we pull, by peer."""
        found = {peer: Link(peer, "down") for peer in self.upstreams()}
        for link in self._management.get(f"federation-links/{name(self.vhost)}"):
            peer = str(link.get("upstream", ""))
            if link.get("exchange") == FEEDS_EXCHANGE and peer in found:
                found[peer] = _link(peer, link)
        return [found[peer] for peer in sorted(found)]


def _upstream(uri: str) -> dict[str, Any]:
    return {
        "uri": uri,
        "exchange": FEEDS_EXCHANGE,
        "max-hops": MAX_HOPS_STAR,
        "prefetch-count": PREFETCH_MESSAGES,
        "reconnect-delay": RECONNECT_DELAY_S,
        "ack-mode": "on-confirm",
    }


def _link(peer: str, link: Mapping[str, Any]) -> Link:
    status = str(link.get("status", "down"))
    error = "" if status == "running" else str(link.get("error", ""))
    return Link(peer, status, " ".join(error.split())[:LINK_ERROR_CHARS_MAX])


def _escaped(text: str) -> str:
    """`text` as a regular expression (PCRE) that matches it, still fit to be read by people."""
    return re.sub(r"([.^$*+?()\[\]{}|\\])", r"\\\1", text)
