"""How far everybody is, from what services report."""

from __future__ import annotations

from typing import Any

from hinterland.identity import Cutoff, Member, Membership
from services.federation.rules import overview
from services.federation.rules.expulsion import cutoffs

DIGEST, OTHER, HASH = "d" * 64, "e" * 64, "a" * 64


def held(feed: str, n: int, digest: str = DIGEST, **fields: Any) -> dict[str, Any]:
    state = {"feed": feed, "epoch": 1, "n": n, "hash": HASH, "digest": digest, "holes": 0}
    return (
        state
        | {"quarantined": 0, "frozen": None, "needs_upgrade": False, "recover_to": None}
        | fields
    )


def heard(node: str, at: float | None, *lines: list[Any]) -> dict[str, Any]:
    return {"node": node, "heard_at": at, "lines": list(lines)}


def line(feed: str, n: int, digest: str = DIGEST, holes: int = 0, epoch: int = 1) -> list[Any]:
    return [feed, epoch, n, HASH, digest, holes]


def status(feeds: list[Any], peers: list[Any] | None = None, **fields: Any) -> dict[str, Any]:
    found = {"service": "directory", "feeds": feeds, "peers": peers or []}
    return found | {"dropped": {}, "drops": []} | fields


def feed_of(found: dict[str, Any], membership: Membership | None = None) -> dict[str, Any]:
    [feed] = overview.feeds([found], "yunnan", membership)
    return feed


def test_one_digest_at_one_position_is_equal() -> None:
    """A copy that agrees with its home's own word is equal, and nothing behind."""
    found = status([held("gansu/directory", 7)], [heard("gansu", 5.0, line("gansu/directory", 7))])

    feed = feed_of(found)

    assert (feed["home"], feed["behind"], feed["digest"]) == ("gansu", 0, "equal")
    assert feed["last_heard"] == "1970-01-01T00:00:05.000Z"


def test_another_digest_at_one_position_is_different() -> None:
    """Two digests of one position cannot both be right."""
    claim = line("gansu/directory", 7, OTHER)

    feed = feed_of(status([held("gansu/directory", 7)], [heard("gansu", 5.0, claim)]))

    assert feed["digest"] == "different"


def test_a_copy_with_a_hole_is_not_equal() -> None:
    """The digest comes from headers alone, so a missing payload has to be counted."""
    peers = [heard("gansu", 5.0, line("gansu/directory", 7))]
    for missing in ({"holes": 1}, {"quarantined": 2}, {"frozen": "forked"}):
        found = status([held("gansu/directory", 7, **missing)], peers)

        assert feed_of(found)["digest"] == "different"


def test_a_copy_that_is_behind_says_by_how_much() -> None:
    """Digests of two positions say nothing about each other."""
    found = status([held("gansu/directory", 7)], [heard("gansu", 5.0, line("gansu/directory", 9))])

    feed = feed_of(found)

    assert (feed["home_n"], feed["behind"], feed["digest"]) == (9, 2, "unknown")


def test_a_newer_epoch_has_to_be_fetched_whole() -> None:
    """Numbers of two epochs cannot be subtracted."""
    claim = line("gansu/directory", 4, epoch=1_700_000_000_000)

    feed = feed_of(status([held("gansu/directory", 7)], [heard("gansu", 5.0, claim)]))

    assert feed["behind"] == 4


def test_an_unheard_home_is_unknown() -> None:
    """Where nobody has said anything, nothing is claimed."""
    feed = feed_of(status([held("gansu/directory", 7)], [heard("gansu", None)]))

    assert (feed["home_n"], feed["behind"], feed["last_heard"]) == (None, None, None)
    assert feed["digest"] == "unknown"


def test_an_own_feed_is_its_own_measure() -> None:
    """Nobody knows better than we how far our own feed is."""
    feed = feed_of(status([held("yunnan/directory", 7)]))

    assert (feed["behind"], feed["digest"], feed["home_n"]) == (0, "equal", 7)


def test_an_expelled_home_is_measured_by_what_counts() -> None:
    """What an expelled node claims beyond its last position is nobody's lack."""
    gone = Member("gansu", "CN-GS", "gansu", "key", "2026", {"gansu/directory": Cutoff(1, 7, HASH)})
    membership = Membership("china", "national", {"gansu": gone})
    claim = line("gansu/directory", 99)

    feed = feed_of(status([held("gansu/directory", 7)], [heard("gansu", 5.0, claim)]), membership)

    assert (feed["home_n"], feed["behind"]) == (7, 0)


def test_a_peers_copies_are_measured_against_their_homes() -> None:
    """Of our own feed we know the end ourselves; of a third one, from its home."""
    found = status(
        [held("yunnan/directory", 9), held("hunan/directory", 3)],
        [
            heard(
                "gansu",
                5.0,
                line("gansu/directory", 1),
                line("yunnan/directory", 7),
                line("hunan/directory", 4, OTHER),
            ),
            heard("hunan", 6.0, line("hunan/directory", 4)),
        ],
    )

    gansu, hunan = overview.peers([found], "yunnan", None)

    assert [(c["feed"], c["behind"], c["digest"]) for c in gansu["feeds"]] == [
        ("hunan/directory", 0, "different"),
        ("yunnan/directory", 2, "unknown"),
    ]
    assert hunan["feeds"] == []


def test_a_peer_is_heard_when_any_service_heard_it() -> None:
    """The latest word counts."""
    found = [
        status([], [heard("gansu", 5.0)]),
        status([], [heard("gansu", 9.0)], service="map"),
    ]

    [gansu] = overview.peers(found, "yunnan", None)

    assert gansu["last_heard"] == "1970-01-01T00:00:09.000Z"


def test_refusals_are_listed_worst_and_latest_first() -> None:
    """Who sends rubbish stands at the top."""
    found = status(
        [],
        dropped={"gansu": 2, "hunan": 40},
        drops=[
            {"at": "2026-01-01T00:00:00.000Z", "sender": "gansu", "reason": "unsigned"},
            {"at": "2026-01-02T00:00:00.000Z", "sender": "hunan", "reason": "too large"},
        ],
    )

    assert [drop["sender"] for drop in overview.dropped([found])] == ["hunan", "gansu"]
    assert [drop["sender"] for drop in overview.drops([found])] == ["hunan", "gansu"]


def test_an_expulsion_names_what_is_held_of_that_node_alone() -> None:
    """Per feed the last position and hash; feeds of which nothing came are not named."""
    statuses = [
        status([held("gansu/directory", 7), held("gansu-2/directory", 5)]),
        status([held("gansu/map", 0), held("yunnan/map", 3)], service="map"),
    ]

    assert cutoffs(statuses, "gansu") == {"gansu/directory": [1, 7, HASH]}
