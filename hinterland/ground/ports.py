"""Ports of this machine: whether one is free, and finding some that are."""

from __future__ import annotations

import random
import socket
from typing import ClassVar, Final

from hinterland.errors import HinterlandError

__all__ = ["PortTaken", "answers", "free_ports", "is_free", "next_free", "require_free"]

# Below the range from which Linux takes the near end of outgoing connections (32768 and up), so
# that a port found free stays free until its server is up.
FREE_PORT_MIN: Final = 20_000
FREE_PORT_MAX: Final = 32_000
FREE_PORT_TRIES_MAX: Final = 1_000
CONNECT_TIMEOUT_S: Final = 1.0


class PortTaken(HinterlandError):
    """Another program listens on a port that this node needs. Stop it, or choose another port."""

    code: ClassVar[str] = "PORT_TAKEN"


def is_free(host: str, port: int) -> bool:
    """Whether a server could listen on `port` now."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def answers(host: str, port: int) -> bool:
    """Whether somebody listens on `port`."""
    try:
        socket.create_connection((host, port), timeout=CONNECT_TIMEOUT_S).close()
    except OSError:
        return False
    return True


def require_free(host: str, port: int, purpose: str, remedy: str) -> None:
    """Raises PortTaken unless `port` is free; the message says what it is for and what to do."""
    if not is_free(host, port):
        raise PortTaken(
            f"Port {port} on {host}, meant for {purpose}, is taken by another program. {remedy}"
        )


def next_free(port: int, host: str = "127.0.0.1") -> int:
    """`port`, or the first free one after it."""
    for candidate in range(port, port + FREE_PORT_TRIES_MAX):
        if is_free(host, candidate):
            return candidate
    raise PortTaken(f"No free port from {port} on, on {host}.")


def free_ports(count: int, host: str = "127.0.0.1") -> list[int]:
    """`count` different ports that are free at this moment."""
    found: list[int] = []
    for _ in range(FREE_PORT_TRIES_MAX):
        port = random.randint(FREE_PORT_MIN, FREE_PORT_MAX)
        if port not in found and is_free(host, port):
            found.append(port)
            if len(found) == count:
                return found
    raise PortTaken(f"No {count} free ports between {FREE_PORT_MIN} and {FREE_PORT_MAX} on {host}.")
