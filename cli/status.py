"""`hinterland status`: is the node up, and how far is each replica?"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import click
import httpx
from rich.table import Table

from cli.here import OUT_OF_STEP, Here, with_here
from cli.output import ago, print_json, shown_json
from hinterland.clock import system_clock
from hinterland.config import Settings
from hinterland.errors import HinterlandError, Unavailable
from services.federation.contract import SERVICE

__all__ = ["refused", "status", "troubles"]

PROBE_S_MAX: Final = 5.0
OVERVIEW_S_MAX: Final = 15.0
NOTHING: Final[dict[str, Any]] = {
    "federation": None,
    "members": [],
    "feeds": [],
    "peers": [],
    "links": None,
    "dropped": [],
    "drops": [],
}


@click.command()
@shown_json
@click.pass_context
@with_here
def status(here: Here, context: click.Context, as_json: bool) -> None:
    """Says what is up, and for every peer and feed how far behind it is and whether it is equal.

    Exit code 3 if something is down, behind, unequal or in quarantine; 1 if nothing answers.

    \b
    Examples:
      hinterland --dir ~/yunnan status
      hinterland --dir ~/yunnan status --json | jq '.feeds[] | select(.digest != "equal")'
    """
    found = _ask(here)
    wrong = troubles(found)
    if as_json:
        print_json({**found, "in_step": not wrong, "troubles": wrong})
    else:
        _show(here, found, wrong, system_clock())
    if wrong:
        context.exit(OUT_OF_STEP)


def _ask(here: Here) -> dict[str, Any]:
    """The overview of the service `federation`; without it, what can be known without it."""
    settings = here.settings
    try:
        found = here.call(SERVICE, "overview", seconds_max=OVERVIEW_S_MAX)
    except Unavailable:
        node = {"id": settings.id, "region": settings.region, "name": settings.name}
        services = [_probe(here, service) for service in settings.services]
        if not any(service["up"] for service in services):
            raise
        found = {**NOTHING, "node": node, "services": services}
    found["services"] = [*found["services"], _probe_gateway(settings)]
    return dict(found)


def _probe(here: Here, service: str) -> dict[str, Any]:
    try:
        here.call(service, "feed_status", seconds_max=PROBE_S_MAX)
    except HinterlandError as error:
        return {"service": service, "up": False, "error": error.message}
    return {"service": service, "up": True, "error": None}


def _probe_gateway(settings: Settings) -> dict[str, Any]:
    url = f"http://{settings.gateway_host}:{settings.gateway_port}/healthz"
    error: str | None = None
    try:
        answer = httpx.get(url, timeout=PROBE_S_MAX, trust_env=False)
        if answer.status_code != httpx.codes.OK:
            error = f"{url} answers {answer.status_code}"
    except httpx.TransportError as failure:
        error = f"{url} does not answer: {failure}"
    return {"service": "gateway", "up": error is None, "error": error}


def troubles(found: dict[str, Any]) -> list[str]:
    """What is not as it should be, one line each, the worst first."""
    lines = [
        f"{each['service']} is down: {each['error']}"
        for each in found["services"]
        if not each["up"]
    ]
    lines += [
        f"the link to {link['peer']} is {link['status']}: {link['error'] or 'no error is known'}"
        for link in found["links"] or ()
        if link["status"] != "running"
    ]
    for feed in found["feeds"]:
        lines += [f"{feed['feed']}: {trouble}" for trouble in _feed_troubles(feed)]
    for peer in found["peers"]:
        lines += [
            f"{peer['node']}'s copy of {copy['feed']} is "
            + (f"{copy['behind']} behind" if copy["behind"] else "different")
            for copy in peer["feeds"]
            if copy["behind"] or copy["digest"] == "different"
        ]
    return lines


def _feed_troubles(feed: dict[str, Any]) -> list[str]:
    troubles = []
    if feed["frozen"]:
        troubles.append(f"frozen ({feed['frozen']})")
    if feed["needs_upgrade"]:
        troubles.append("written by a newer version; upgrade this node")
    if feed["recovering"]:
        troubles.append(
            "restored from a backup: asks every member for what it lost, and writes nothing until"
            " all have answered; `hinterland resume` goes on without those that cannot be reached"
        )
    if feed["behind"]:
        troubles.append(f"{feed['behind']} behind")
    elif feed["digest"] == "different":
        troubles.append("different from its home's; run `hinterland verify`")
    if feed["holes"]:
        troubles.append(f"{feed['holes']} payloads are missing")
    if feed["quarantined"]:
        troubles.append(f"{feed['quarantined']} in quarantine; see `hinterland quarantine list`")
    return troubles


def _show(here: Here, found: dict[str, Any], wrong: list[str], now: datetime) -> None:
    node, federation = found["node"], found["federation"]
    belongs = "in no federation"
    if federation:
        belongs = f"{federation['role']} of {federation['title']} ({federation['id']})"
    here.console.print(f"{node['name']} ({node['id']}), {node['region']}, {belongs}", markup=False)
    up = [each["service"] for each in found["services"] if each["up"]]
    here.console.print(f"up: {', '.join(up)}", markup=False)
    if found["links"] is not None:
        links = [f"{link['peer']} {link['status']}" for link in found["links"]]
        here.console.print(f"links: {', '.join(links) or 'none'}", markup=False)
    if found["feeds"]:
        here.console.print(_feeds(found["feeds"], now))
    if found["peers"]:
        here.console.print(_peers(found["peers"], now))
    for line in refused(found):
        here.console.print(line, markup=False, highlight=False)
    for trouble in wrong:
        here.console.print(f"✗ {trouble}", style="red", markup=False, highlight=False)
    if not wrong:
        here.console.print("✓ everything is up and in step", style="green")


def refused(found: dict[str, Any]) -> list[str]:
    """Who sent what was refused, with the latest reason that is still kept."""
    reasons = {
        (drop["service"], drop["sender"]): drop["reason"] for drop in reversed(found["drops"])
    }
    return [
        f"refused: {each['count']} messages of {each['sender']} ({each['service']})"
        + (f", at last because {reason}" if reason else "")
        for each in found["dropped"]
        for reason in [reasons.get((each["service"], each["sender"]))]
    ]


def _feeds(feeds: list[dict[str, Any]], now: datetime) -> Table:
    table = Table("Feed", "Here", "At home", "Behind", "Digest", "Last heard", title="Feeds")
    for feed in feeds:
        table.add_row(
            feed["feed"],
            str(feed["n"]),
            _number(feed["home_n"]),
            _number(feed["behind"]),
            feed["digest"],
            ago(feed["last_heard"], now) if feed["last_heard"] else "",
        )
    return table


def _peers(peers: list[dict[str, Any]], now: datetime) -> Table:
    table = Table(
        "Peer", "Last heard", "Feed", "There", "Behind", "Digest", title="Copies at peers"
    )
    for peer in peers:
        heard = ago(peer["last_heard"], now)
        for copy in peer["feeds"] or [{"feed": "", "n": "", "behind": None, "digest": ""}]:
            table.add_row(
                peer["node"],
                heard,
                copy["feed"],
                str(copy["n"]),
                _number(copy["behind"]),
                copy["digest"],
            )
    return table


def _number(number: int | None) -> str:
    return "?" if number is None else str(number)
