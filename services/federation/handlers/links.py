"""The broker's side of who is a peer. Level-triggered: computed from what is recorded."""

from __future__ import annotations

import hashlib
import logging
import shutil
from pathlib import Path
from typing import Final
from uuid import uuid4

from hinterland.records import Changes, Records
from services.federation import queries
from services.federation.contract import BrokerAddress, Peer
from services.federation.handlers.here import Here
from services.federation.rules.requests import broker_of, puller_of

__all__ = ["arrange_links", "invite_peer", "make_link"]

log = logging.getLogger(__name__)

AUTHORITY_NAME_HEX: Final = 16


def arrange_links(records: Records, here: Here) -> None:
    """Make the links of all peers who are members, and end those of all who are not any more.

    Only asks where everything is as it should be. Raises BrokerRefused, BrokerUnreachable.
    """
    membership = queries.membership(records.collection, here.node)
    if membership is None:
        return
    for peer in queries.peers(records.collection):
        if membership.is_member(peer.node):
            if not here.broker.has_link(peer.node, puller_of(peer.puller), _uri(here, peer)):
                log.info("making the links of %s again", peer.node)
                make_link(here, peer)
        else:
            _end_link(here, peer)
            _forget(records, here, peer.node)


def invite_peer(here: Here, peer: str, secret_sum: str) -> BrokerAddress:
    """Makes the user of `peer` on our broker, who may do nothing yet; returns how it gets in."""
    address = here.address()
    password = here.password_of(peer, secret_sum)
    user = here.broker.make_peer(peer, password)
    return BrokerAddress(
        host=address.host,
        port=address.port,
        vhost=address.vhost,
        server_name=address.server_name,
        authority=address.authority,
        user=user,
        password=password,
    )


def make_link(here: Here, peer: Peer) -> None:
    """Both directions: `peer` may pull from us, and we pull from it."""
    here.broker.prepare()
    here.broker.make_peer(peer.node, here.password_of(peer.node, peer.secret_for))
    here.broker.let_pull(peer.node, puller_of(peer.puller))
    here.broker.pull_from(peer.node, _uri(here, peer))


def _uri(here: Here, peer: Peer) -> str:
    pinned = _pin(here.peers_dir / peer.node, peer.broker.authority)
    return broker_of(peer.broker).uri(peer.broker.user, peer.broker.password, pinned)


def _end_link(here: Here, peer: Peer) -> None:
    log.warning("%s is no member any more: its links end", peer.node)
    here.broker.dismiss(peer.node, puller_of(peer.puller))
    here.broker.stop_pulling(peer.node)
    shutil.rmtree(here.peers_dir / peer.node, ignore_errors=True)


def _forget(records: Records, here: Here, peer: str) -> None:
    peer_id = queries.peer_id(here.node, peer)

    def erase(changes: Changes) -> dict[str, object]:
        if changes.get(peer_id) is not None:
            changes.erase(peer_id)
        return {}

    records.execute(uuid4().hex, None, erase)


def _pin(folder: Path, authority: str | None) -> Path | None:
    """Where the broker finds the authority that it pins. Each has a name of its own, because
    Erlang remembers files by their names."""
    if authority is None:
        return None
    folder.mkdir(parents=True, exist_ok=True)
    name = hashlib.sha256(authority.encode()).hexdigest()[:AUTHORITY_NAME_HEX]
    path = folder / f"{name}.crt"
    if not path.exists():
        fresh = path.with_suffix(".new")
        fresh.write_text(authority)
        fresh.rename(path)
    return path
