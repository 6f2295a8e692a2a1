"""One node in the foreground: `hinterland up`.

The ground first (mongod, broker), as far as the node runs its own, then the services, then the
gateway; everything ends in the opposite order when the process is told to stop.
"""

from __future__ import annotations

import signal
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

import httpx

from deploy.programs import ground_program, ground_servers, node_programs
from deploy.steps import Steps
from deploy.supervision import Supervision
from hinterland.config import Settings
from hinterland.ground import Server, ServerFailed, require_free, require_ports
from hinterland.ground.process import poll, tail

__all__ = [
    "StopSignal",
    "launch_ground",
    "require_gateway_ports",
    "run_node",
    "stop_signal",
    "wait_for_gateway",
    "watch",
]

GATEWAY_READY_LIMIT_S: Final = 300.0
# So often a process may be started before its node is given up.
STARTS_MAX: Final = 3
PROBE_TIMEOUT_S: Final = 5.0
WATCH_INTERVAL_S: Final = 2.0


class StopSignal(BaseException):
    """The operator wants the node to stop. No error, so that nothing mistakes it for one."""


@contextmanager
def stop_signal() -> Iterator[None]:
    """Within it SIGINT, SIGTERM and SIGHUP raise StopSignal once; later ones are ignored.

    Whoever presses Ctrl-C twice still gets his data closed in order.
    """
    stopping = False

    def stop(signum: int, frame: FrameType | None) -> None:
        nonlocal stopping
        if not stopping:
            stopping = True
            raise StopSignal

    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = [signal.signal(number, stop) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


def run_node(settings: Settings, steps: Steps) -> None:
    """Runs the node in `settings.dir` until a signal; returns when all its processes have ended.

    Raises ServerMissing, PortTaken, AlreadyRunning or ServerFailed, each with its remedy.
    """
    servers = ground_servers(settings)
    programs = node_programs(settings)
    ground = [ground_program(server, settings.log_dir, i) for i, server in enumerate(servers)]
    supervision = Supervision(settings.run_dir, settings.log_dir, [*ground, *programs])
    with stop_signal():
        try:
            with supervision:
                require_gateway_ports(settings)
                for server in servers:
                    require_ports(server)
                launch_ground(supervision, servers, steps)
                supervision.launch(program.name for program in programs)
                with steps.step(f"Starting {', '.join(p.name for p in programs)}"):
                    wait_for_gateway(supervision, settings)
                steps.say(f"{settings.name} answers at {settings.public_url}/graphql")
                steps.say("Ctrl-C stops it.")
                watch(supervision, steps)
        except StopSignal:
            steps.say("Stopped. The data is kept.")


def launch_ground(supervision: Supervision, servers: list[Server], steps: Steps) -> None:
    """Starts the servers one after the other, each when the one before it is ready."""
    for server in servers:
        with steps.step(f"Starting {server.name}"):
            server.prepare()
            supervision.launch([server.name])
            try:
                server.wait_until_ready(supervision.running(server.name))
            except ServerFailed as failure:
                log = supervision.states()[server.name].log
                message = f"{failure.message} The end of {log}:\n{tail(log)}"
                raise ServerFailed(message) from failure


def require_gateway_ports(settings: Settings) -> None:
    """Raises PortTaken unless the gateway's ports are free."""
    for setting, host, port in (
        ("gateway_port", settings.gateway_host, settings.gateway_port),
        ("door_port", settings.door_host, settings.door_port),
    ):
        remedy = f"Stop that, or set {setting} in {settings.dir / 'node.toml'}."
        require_free(host, port, f"the gateway of {settings.id}", remedy)


def wait_for_gateway(supervision: Supervision, settings: Settings) -> None:
    """Returns when the gateway and all services that it needs are ready."""
    url = f"http://{settings.gateway_host}:{settings.gateway_port}/readyz"

    def ready() -> bool:
        try:
            return httpx.get(url, timeout=PROBE_TIMEOUT_S).status_code == httpx.codes.OK
        except httpx.TransportError:
            return False

    starts: dict[str, set[int]] = defaultdict(set)

    def hopeful() -> bool:
        """Whether supervisord runs and nothing that it started has died several times already."""
        if not supervision.alive():
            return False
        for state in supervision.states().values():
            if state.pid is not None:
                starts[state.name].add(state.pid)
        return all(len(pids) <= STARTS_MAX for pids in starts.values())

    try:
        poll(ready, hopeful, f"the gateway of {settings.id}", GATEWAY_READY_LIMIT_S)
    except ServerFailed as failure:
        failing = [name for name, pids in starts.items() if len(pids) > 1]
        logs = {name: state.log for name, state in supervision.states().items() if name in failing}
        ends = "".join(f"\n{name} ({log}):\n{tail(log)}" for name, log in logs.items())
        raise ServerFailed(f"{failure.message}{ends or f' See {settings.log_dir}.'}") from failure


def watch(supervision: Supervision, steps: Steps) -> None:
    """Says whenever a process goes down or comes back; ends only with supervisord, or a signal."""
    before = supervision.states()
    while supervision.alive():
        time.sleep(WATCH_INTERVAL_S)
        if not supervision.alive():
            break
        now = supervision.states()
        for name, state in now.items():
            if before[name].up and not state.up:
                steps.say(
                    f"{name} is down ({state.state.lower()}) and will be started again. "
                    f"See {state.log}"
                )
            elif state.up and (not before[name].up or before[name].pid != state.pid):
                steps.say(f"{name} was started again.")
        before = now
    raise ServerFailed("supervisord ended, and with it all processes. Start the node again.")
