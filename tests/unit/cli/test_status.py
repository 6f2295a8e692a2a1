"""What `hinterland status` finds wrong in an overview."""

from __future__ import annotations

from typing import Any

import pytest

from cli.status import refused, troubles

FEED = {
    "feed": "gansu/directory",
    "n": 10,
    "home_n": 10,
    "behind": 0,
    "digest": "equal",
    "last_heard": "2026-01-31T12:00:00Z",
    "holes": 0,
    "quarantined": 0,
    "frozen": None,
    "needs_upgrade": False,
    "recovering": False,
}
OVERVIEW: dict[str, Any] = {
    "services": [{"service": "directory", "up": True, "error": None}],
    "links": [{"peer": "national", "status": "running", "error": None}],
    "feeds": [FEED],
    "peers": [],
    "dropped": [],
    "drops": [],
}


def test_a_node_in_step_has_no_troubles() -> None:
    """Everything up, every feed equal."""
    assert troubles(OVERVIEW) == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"behind": 3, "digest": "unknown"}, "3 behind"),
        ({"digest": "different"}, "hinterland verify"),
        ({"holes": 2}, "2 payloads are missing"),
        ({"quarantined": 1}, "hinterland quarantine list"),
        ({"frozen": "forked at 1.7"}, "forked at 1.7"),
        ({"needs_upgrade": True}, "upgrade this node"),
        ({"recovering": True}, "hinterland resume"),
    ],
)
def test_what_is_wrong_with_a_feed_is_said_with_the_remedy(
    change: dict[str, Any], words: str
) -> None:
    """Each state of a feed that is not in step has words of its own."""
    (trouble,) = troubles({**OVERVIEW, "feeds": [{**FEED, **change}]})

    assert trouble.startswith("gansu/directory: ")
    assert words in trouble


def test_a_feed_whose_home_was_not_heard_yet_is_no_trouble() -> None:
    """A node that just started does not know what it lacks."""
    unheard = {"home_n": None, "behind": None, "digest": "unknown", "last_heard": None}

    assert troubles({**OVERVIEW, "feeds": [{**FEED, **unheard}]}) == []


def test_what_is_down_comes_first() -> None:
    """Services, then links, then feeds, then copies at peers."""
    copies = [{"feed": "yunnan/directory", "n": 3, "behind": 4, "digest": "unknown"}]
    found = troubles(
        {
            **OVERVIEW,
            "services": [{"service": "directory", "up": False, "error": "it does not answer"}],
            "links": [{"peer": "national", "status": "starting", "error": None}],
            "feeds": [{**FEED, "behind": 1}],
            "peers": [{"node": "gansu", "last_heard": None, "feeds": copies}],
        }
    )

    assert [line.partition(" ")[0] for line in found] == [
        "directory",
        "the",
        "gansu/directory:",
        "gansu's",
    ]


def test_a_broker_that_does_not_tell_about_links_is_no_trouble() -> None:
    """Without the right to ask its broker, a node still reports its feeds."""
    assert troubles({**OVERVIEW, "links": None}) == []


def test_a_refusal_is_shown_with_its_latest_reason() -> None:
    """Who sent something bad is listed with why, if that is still kept."""
    drops = [
        {"service": "directory", "at": "later", "sender": "gansu", "reason": "forged"},
        {"service": "directory", "at": "earlier", "sender": "gansu", "reason": "too long"},
    ]
    dropped = [
        {"service": "directory", "sender": "gansu", "count": 2},
        {"service": "accounts", "sender": "qinghai", "count": 1},
    ]

    assert refused({**OVERVIEW, "dropped": dropped, "drops": drops}) == [
        "refused: 2 messages of gansu (directory), at last because forged",
        "refused: 1 messages of qinghai (accounts)",
    ]
