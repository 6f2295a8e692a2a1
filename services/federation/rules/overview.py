"""How far everybody is, out of what the services report by `feed_status`.

What a peer says of itself is a claim. It is shown as such: equality is only what follows from two
digests at one position.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from hinterland.clock import from_us, rfc3339
from hinterland.identity import Membership
from services.federation.contract import DigestState

__all__ = ["feeds", "peers"]

Status = Mapping[str, Any]


class End(NamedTuple):
    """Where somebody's copy of a feed ends. `whole` means that nothing is missing from it."""

    epoch: int
    n: int
    digest: str
    whole: bool


class Heard(NamedTuple):
    """What one service has heard of one peer: its claims by feed."""

    at: float
    ends: Mapping[str, End]


def feeds(
    statuses: Sequence[Status], node: str, membership: Membership | None
) -> list[dict[str, Any]]:
    """Every feed that is held here or known of, by name, as `Overview` has it."""
    found = []
    for status in statuses:
        heard = _heard(status)
        here = {feed["feed"]: feed for feed in status["feeds"]}
        for feed in sorted(here):
            home = feed.partition("/")[0]
            own = _own_end(here[feed])
            end = own if home == node else _home_end(feed, heard, membership)
            found.append(
                {
                    "feed": feed,
                    "service": status["service"],
                    "home": home,
                    "epoch": own.epoch,
                    "n": own.n,
                    "home_epoch": end.epoch if end else None,
                    "home_n": end.n if end else None,
                    "behind": behind(own, end),
                    "digest": digest_state(own, end),
                    "last_heard": _when(heard[home].at) if home in heard else None,
                    "holes": here[feed]["holes"],
                    "quarantined": here[feed]["quarantined"],
                    "frozen": here[feed]["frozen"],
                    "needs_upgrade": here[feed]["needs_upgrade"],
                    "recovering": bool(here[feed]["recover_to"]),
                }
            )
    return sorted(found, key=lambda feed: str(feed["feed"]))


def peers(
    statuses: Sequence[Status], node: str, membership: Membership | None
) -> list[dict[str, Any]]:
    """Every peer that was heard, and how far his copies of other nodes' feeds are."""
    copies: dict[str, list[dict[str, Any]]] = {}
    heard_at: dict[str, float] = {}
    for status in statuses:
        heard = _heard(status)
        own = {feed["feed"]: _own_end(feed) for feed in status["feeds"]}
        for peer, claims in heard.items():
            heard_at[peer] = max(claims.at, heard_at.get(peer, 0.0))
            for feed, copy in claims.ends.items():
                home = feed.partition("/")[0]
                if home == peer:
                    continue
                end = own.get(feed) if home == node else _home_end(feed, heard, membership)
                copies.setdefault(peer, []).append(
                    {
                        "feed": feed,
                        "epoch": copy.epoch,
                        "n": copy.n,
                        "behind": behind(copy, end),
                        "digest": digest_state(copy, end),
                    }
                )
    return [
        {
            "node": peer,
            "last_heard": _when(heard_at[peer]),
            "feeds": sorted(copies.get(peer, []), key=lambda copy: str(copy["feed"])),
        }
        for peer in sorted(heard_at)
    ]


def dropped(statuses: Iterable[Status]) -> list[dict[str, Any]]:
    """How often something was refused, by service and sender, most often first."""
    found = [
        {"service": status["service"], "sender": sender, "count": count}
        for status in statuses
        for sender, count in status["dropped"].items()
    ]
    return sorted(found, key=lambda each: (-each["count"], each["service"], each["sender"]))


def drops(statuses: Iterable[Status]) -> list[dict[str, Any]]:
    """What was refused lately, the latest first."""
    found = [
        {"service": status["service"], **drop} for status in statuses for drop in status["drops"]
    ]
    return sorted(found, key=lambda drop: str(drop["at"]), reverse=True)


def behind(copy: End, home: End | None) -> int | None:
    """How many entries a copy lacks; None where nobody knows."""
    if home is None:
        return None
    if home.epoch == copy.epoch:
        return max(0, home.n - copy.n)
    return home.n if home.epoch > copy.epoch else 0


def digest_state(copy: End, home: End | None) -> DigestState:
    if home is None or not home.digest or (home.epoch, home.n) != (copy.epoch, copy.n):
        return "unknown"
    return "equal" if home.digest == copy.digest and copy.whole else "different"


def _home_end(feed: str, heard: Mapping[str, Heard], membership: Membership | None) -> End | None:
    """Where the home says that its feed ends; for an expelled one, where it counts."""
    home = feed.partition("/")[0]
    member = membership.members.get(home) if membership else None
    if member is not None and member.expelled is not None:
        cutoff = member.expelled.get(feed)
        return End(cutoff.epoch, cutoff.n, "", whole=True) if cutoff else None
    return heard[home].ends.get(feed) if home in heard else None


def _own_end(feed: Mapping[str, Any]) -> End:
    whole = feed["holes"] == 0 and feed["quarantined"] == 0 and feed["frozen"] is None
    return End(feed["epoch"], feed["n"], feed["digest"], whole)


def _heard(status: Status) -> dict[str, Heard]:
    return {
        peer["node"]: Heard(
            at=float(peer["heard_at"]),
            ends={
                feed: End(epoch, n, digest, whole=holes == 0)
                for feed, epoch, n, _, digest, holes in peer["lines"]
            },
        )
        for peer in status["peers"]
        if peer["heard_at"]
    }


def _when(seconds: float) -> str:
    return rfc3339(from_us(round(seconds * 1_000_000)))
