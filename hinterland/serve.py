"""Runs one service of a node: `python -m hinterland.serve directory --dir var/yunnan`.

The process is eventlet's: the standard library is patched before anything else is imported. It
waits for its broker and its database, serves until SIGTERM or SIGINT, lets running calls answer,
and ends with 0. Whatever it cannot wait out ends it with another code, for the process manager to
start it again.
"""

from __future__ import annotations

import warnings

warnings.filterwarnings("ignore", message="\\s*Eventlet is deprecated")

import eventlet  # noqa: E402

eventlet.monkey_patch()

import importlib  # noqa: E402
import logging  # noqa: E402
import signal  # noqa: E402
import socket  # noqa: E402
import sys  # noqa: E402
from collections.abc import Callable  # noqa: E402
from pathlib import Path  # noqa: E402
from time import monotonic  # noqa: E402
from typing import Any, Final  # noqa: E402
from urllib.parse import urlsplit  # noqa: E402

import click  # noqa: E402
from amqp.exceptions import AMQPError  # noqa: E402
from nameko.constants import AMQP_URI_CONFIG_KEY, MAX_WORKERS_CONFIG_KEY  # noqa: E402
from nameko.containers import ServiceContainer  # noqa: E402
from pymongo.errors import PyMongoError  # noqa: E402

from hinterland.bus.connection import opened  # noqa: E402
from hinterland.bus.reconnects import Reconnects  # noqa: E402
from hinterland.bus.room import RoomService  # noqa: E402
from hinterland.bus.rpc import Rpc  # noqa: E402
from hinterland.config import Settings  # noqa: E402
from hinterland.errors import HinterlandError, NotFound, Unavailable  # noqa: E402
from hinterland.mongo import connect  # noqa: E402

__all__ = ["CALLS_RUNNING_MAX", "SERVERS_WAIT_S", "container_config", "find_service", "main", "run"]

log = logging.getLogger(__name__)

# Calls in flight in one process. A write waits 2 to 3 ms for the disk, and those that wait together
# share a commit; more of them would only wait longer.
CALLS_RUNNING_MAX: Final = 64
SERVERS_WAIT_S: Final = 60.0  # for broker and database at the start, which may be starting too
ANSWER_WAIT_MS: Final = 2_000
STOP_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)


def container_config(settings: Settings) -> dict[str, Any]:
    """What nameko and the extensions of `hinterland.bus` read."""
    return {
        AMQP_URI_CONFIG_KEY: settings.amqp_uri,
        MAX_WORKERS_CONFIG_KEY: CALLS_RUNNING_MAX,
        "NODE": settings.id,
        "SETTINGS": settings,
    }


def find_service(name: str) -> type[RoomService]:
    """The service class in `services/<name>/service.py`. Raises NotFound."""
    try:
        module = importlib.import_module(f"services.{name}.service")
    except ModuleNotFoundError as error:
        if error.name not in (f"services.{name}", f"services.{name}.service"):
            raise
        raise NotFound(f"There is no service {name!r}: see the folders in services/.") from None
    found: Any
    for found in vars(module).values():
        is_room = isinstance(found, type) and issubclass(found, RoomService)
        if is_room and getattr(found, "name", None) == name:
            service_cls: type[RoomService] = found
            return service_cls
    raise NotFound(f"services/{name}/service.py has no RoomService whose name is {name!r}.")


def wait_for_servers(settings: Settings, service: str, wait_s: float = SERVERS_WAIT_S) -> None:
    """Returns when broker and database answer; Unavailable says the remedy when they do not."""
    who = f"{settings.id}/{service}"
    mongo = urlsplit(settings.mongo_uri).netloc.rpartition("@")[2]
    _wait_for(
        lambda: _ask_mongo(settings.mongo_uri, who),
        f"No MongoDB answers at {mongo}. Start it, for instance with `hinterland --dir "
        f"{settings.dir} up`, or correct mongo_uri in {settings.dir}/node.toml.",
        wait_s,
    )
    broker = urlsplit(settings.amqp_uri)
    _wait_for(
        lambda: _ask_broker(settings.amqp_uri, who),
        f"No RabbitMQ lets us in at {broker.netloc.rpartition('@')[2]}{broker.path}. Start it, for "
        f"instance with `hinterland --dir {settings.dir} up`, or correct amqp_uri in "
        f"{settings.dir}/node.toml.",
        wait_s,
    )


def _wait_for(ask: Callable[[], None], remedy: str, wait_s: float) -> None:
    deadline = monotonic() + wait_s
    waits = Reconnects()
    while True:
        try:
            return ask()
        except (OSError, AMQPError, PyMongoError) as error:
            reason = f"{type(error).__name__}: {str(error)[:200]}"
        if monotonic() > deadline:
            raise Unavailable(f"{remedy} (waited {wait_s:.0f} s; {reason})")
        log.info("waiting: %s", reason)
        eventlet.sleep(waits.delay_s())


def _ask_mongo(uri: str, who: str) -> None:
    with connect(uri, who, selection_timeout_ms=ANSWER_WAIT_MS) as client:
        client.admin.command("ping")


def _ask_broker(uri: str, who: str) -> None:
    with opened(uri, f"{who} start"):
        pass


def run(service_cls: type[RoomService], settings: Settings) -> None:
    """Waits for the servers, then serves until a signal; raises what the service died of."""
    _log_to_stderr(settings, service_cls.name)
    wait_for_servers(settings, service_cls.name)
    container = ServiceContainer(service_cls, container_config(settings))
    _on_signal(container.stop)
    container.start()
    log.info("serving")
    container.wait()
    log.info("stopped")


def _on_signal(stop: Callable[[], None]) -> None:
    """Calls `stop` in a greenthread of its own at the first SIGTERM or SIGINT.

    A signal handler runs inside whatever was interrupted, where nothing may wait, and eventlet's
    hub would sleep on; a byte through a socket wakes it.
    """
    woken, waking = socket.socketpair()
    waking.setblocking(False)
    signal.set_wakeup_fd(waking.fileno(), warn_on_full_buffer=False)
    for number in STOP_SIGNALS:
        signal.signal(number, lambda *_: None)

    def wait(waking: socket.socket) -> None:
        """Holds `waking`, which would be closed if nobody did."""
        number = woken.recv(1)[0]
        log.info("stopping after %s", signal.Signals(number).name)
        stop()

    eventlet.spawn(wait, waking)


def _log_to_stderr(settings: Settings, service: str) -> None:
    logging.basicConfig(
        stream=sys.stderr,
        level=settings.log_level,
        format=f"%(asctime)s %(levelname)s {settings.id}/{service} %(name)s: %(message)s",
    )
    logging.getLogger("nameko.containers").addFilter(_not_of_a_call)
    logging.getLogger("pymongo").setLevel(logging.WARNING)
    logging.getLogger("amqp").setLevel(logging.WARNING)
    logging.getLogger("httpx").setLevel(logging.WARNING)


def _not_of_a_call(record: logging.LogRecord) -> bool:
    """nameko logs whatever a method raises. Of calls, `hinterland.bus.rpc` logs the surprises."""
    worker = record.args[0] if isinstance(record.args, tuple) and record.args else None
    return not isinstance(getattr(worker, "entrypoint", None), Rpc)


@click.command(help="Run SERVICE of the node whose folder is DIR, in the foreground.")
@click.argument("service")
@click.option("--dir", "directory", type=click.Path(path_type=Path), required=True, metavar="DIR")
def main(service: str, directory: Path) -> None:
    try:
        settings = Settings.load(directory)
        run(find_service(service), settings)
    except HinterlandError as error:
        raise click.ClickException(str(error)) from error


if __name__ == "__main__":
    main()
