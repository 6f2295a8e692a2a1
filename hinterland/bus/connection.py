"""One AMQP connection under eventlet, and the next one when it is lost.

The rule of this package: **one greenthread reads a connection, any may write to it.** Methods that
wait for an answer (declare, consume, close) belong to the reader; publishing, acknowledging and
cancelling without an answer may come from everywhere. py-amqp holds a lock around each write, which
is a green one because `hinterland.serve` patches the standard library before anything else.
"""

from __future__ import annotations

import logging
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Any, Final

import eventlet
from amqp.exceptions import AMQPError
from amqp.transport import TCPTransport
from kombu.transport.pyamqp import Connection as KombuConnection
from kombu.utils.url import parse_url, sanitize_url

from hinterland.bus.reconnects import Reconnects

__all__ = [
    "CONNECT_TIMEOUT_S",
    "HEARTBEAT_S",
    "Connection",
    "opened",
    "stay_connected",
]

log = logging.getLogger(__name__)

CONNECT_TIMEOUT_S: Final = 5.0  # until the broker has let us in
CLOSE_TIMEOUT_S: Final = 2.0  # for a last word to the broker
HEARTBEAT_S: Final = 20  # a broker or a service that is silent for twice as long is gone
HEARTBEAT_CHECKS: Final = 4  # looks at the clock per heartbeat interval
READ_BYTES: Final = 16 * 1024  # taken off the socket at once


class ReadAhead(TCPTransport):  # type: ignore[misc]  # py-amqp is untyped
    """Takes off the socket what is there. py-amqp's own asks for every field of a frame, which is
    nine system calls for a message; it keeps what it was given too much, and this relies on it."""

    def _setup_transport(self) -> None:
        super()._setup_transport()
        receive = self.sock.recv
        self._quick_recv = lambda wanted: receive(max(wanted, READ_BYTES))


class Connection(KombuConnection):
    """py-amqp's connection without `connection.blocked`: for the sake of that notice, py-amqp reads
    from the socket whenever it publishes, and so would take frames away from the reader."""

    negotiate_capabilities: Final = {
        "consumer_cancel_notify": True,
        "authentication_failure_close": True,
        "connection.blocked": False,
    }

    def Transport(self, host: str, *settings: Any, **more: Any) -> Any:
        """Makes the transport of this connection; py-amqp calls it by this name."""
        if self.ssl:
            return super().Transport(host, *settings, **more)
        return ReadAhead(host, connect_timeout=CONNECT_TIMEOUT_S)

    def abandon(self) -> None:
        """Wakes the reader with an error, from whichever greenthread found the connection dead."""
        transport = self._transport
        if transport is None or transport.sock is None:
            return
        try:
            transport.sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            log.debug("the connection was closed already")


@contextmanager
def opened(uri: str, name: str) -> Iterator[Connection]:
    """A connection to the broker at `uri`, kept alive by heartbeats, closed at the end.

    `name` is what the broker's own tools show for it. Raises OSError or AMQPError.
    """
    connection = Connection(**_options(uri), client_properties={"connection_name": name})
    heartbeats = None
    try:
        with eventlet.Timeout(CONNECT_TIMEOUT_S, OSError(f"no answer in {CONNECT_TIMEOUT_S} s")):
            connection.connect()
        heartbeats = eventlet.spawn(_keep_alive, connection)
        yield connection
    finally:
        if heartbeats is not None:
            heartbeats.kill()
        with eventlet.Timeout(CLOSE_TIMEOUT_S, False):
            _close(connection)


def stay_connected(
    uri: str, name: str, use: Callable[[Connection], None], sleep: Callable[[float], None]
) -> None:
    """Calls `use` with one connection after another, until it returns instead of raising.

    Whatever ends a connection, even a mistake of ours, is logged and costs a wait: a service that
    cannot reach its broker is late, not dead.
    """
    reconnects = Reconnects()
    while True:
        connected_s = 0.0
        try:
            with opened(uri, name) as connection:
                began = monotonic()
                try:
                    return use(connection)
                finally:
                    connected_s = monotonic() - began
        except (OSError, AMQPError) as error:
            reason = f"{type(error).__name__}: {error}"
        except Exception as error:
            log.exception("%s failed on its connection to the broker", name)
            reason = repr(error)
        delay_s = reconnects.delay_s(connected_s)
        log.warning(
            "%s lost the broker at %s (%s), connecting again in %.1f s",
            name,
            sanitize_url(uri),
            reason,
            delay_s,
        )
        sleep(delay_s)


def _keep_alive(connection: Connection) -> None:
    """Sends heartbeats, and gives the connection up when the broker's have stopped coming."""
    try:
        while True:
            eventlet.sleep(HEARTBEAT_S / HEARTBEAT_CHECKS)
            connection.heartbeat_tick(rate=HEARTBEAT_CHECKS)
    except (OSError, AMQPError) as error:
        log.warning("no heartbeat from the broker: %s", error)
        connection.abandon()


def _close(connection: Connection) -> None:
    try:
        connection.close()
    except (OSError, AMQPError) as error:
        log.debug("closing a lost connection: %s", error)
    finally:
        if connection.channels is not None:
            connection.collect()


def _options(uri: str) -> dict[str, Any]:
    parts = parse_url(uri)
    secure = parts["transport"] == "amqps"
    host = parts["hostname"] or "127.0.0.1"
    port = parts["port"] or (5671 if secure else 5672)
    return {
        "host": f"{host}:{port}",
        "userid": parts["userid"] or "guest",
        "password": parts["password"] or "guest",
        "virtual_host": parts["virtual_host"] or "/",
        "login_method": "PLAIN",
        "heartbeat": HEARTBEAT_S,
        "connect_timeout": CONNECT_TIMEOUT_S,
        "ssl": secure and _tls(host, parts.get("cacertfile")),
    }


def _tls(host: str, cacertfile: str | None) -> dict[str, Any]:
    """Verified always; `cacertfile` in the URI's query is the CA to trust, as in RabbitMQ's own."""
    return {"cert_reqs": ssl.CERT_REQUIRED, "server_hostname": host, "ca_certs": cacertfile}
