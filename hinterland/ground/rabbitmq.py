"""A RabbitMQ of the node's own, beside any other that runs on the machine.

It is started through the plain script in the distribution's library folder, which needs no root
(the wrapper in /usr/sbin insists on the user `rabbitmq`), and with an Erlang port mapper of its
own, so that it neither meets another broker's nor leaves one behind.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hinterland.ground.management import Management
from hinterland.ground.ports import answers
from hinterland.ground.process import ServerMissing, poll

__all__ = ["PLUGINS", "PortMapper", "Rabbitmq", "TlsListener", "find_rabbitmq"]

HOST: Final = "127.0.0.1"
READY_LIMIT_S: Final = 120.0
DISK_FREE_MB: Final = 256
OWNER_ONLY: Final = 0o600
# By default Erlang's schedulers spin for a while before they sleep. On two cores that is taken from
# the services, which have to answer meanwhile.
NO_BUSY_WAIT: Final = "+sbwt none +sbwtdcpu none +sbwtdio none"
LOCAL_DISTRIBUTION: Final = "-kernel inet_dist_use_interface {127,0,0,1}"

PLUGINS: Final = (
    "rabbitmq_management",
    "rabbitmq_federation",
    "rabbitmq_federation_management",
    "rabbitmq_shovel",
    "rabbitmq_shovel_management",
)

# Debian, Ubuntu and Fedora keep the plain script in one of these; the wrapper is not in them.
SCRIPTS: Final = (
    Path("/usr/lib/rabbitmq/bin/rabbitmq-server"),
    Path("/usr/lib64/rabbitmq/bin/rabbitmq-server"),
)
WRAPPER: Final = "rabbitmq-script-wrapper"

INSTALL_REMEDY: Final = (
    "Install it with `sudo apt-get install rabbitmq-server`, or name a broker that runs "
    "elsewhere: HINTERLAND_AMQP_URI=amqp://USER:PASSWORD@HOST:5672/VHOST"
)


@dataclass(frozen=True)
class PortMapper:
    """epmd, in the foreground. The broker's tools find its distribution port through it."""

    port: int

    @property
    def name(self) -> str:
        return "epmd"

    def ports(self) -> dict[str, int]:
        return {"broker_epmd_port": self.port}

    def command(self) -> list[str]:
        epmd = shutil.which("epmd")
        if epmd is None:
            raise ServerMissing(f"There is no epmd (Erlang) on this machine. {INSTALL_REMEDY}")
        return [epmd, "-port", str(self.port), "-address", HOST]

    def environment(self) -> dict[str, str]:
        return {}

    def prepare(self) -> None:
        """Needs nothing."""

    def wait_until_ready(self, running: Callable[[], bool]) -> None:
        poll(lambda: answers(HOST, self.port), running, "epmd", READY_LIMIT_S)


@dataclass(frozen=True)
class TlsListener:
    """Where peers connect over TLS, and with which certificate (PEM)."""

    host: str
    port: int
    certificate: Path
    key: Path


@dataclass(frozen=True)
class Rabbitmq:
    """One broker: its data in `folder`, its ports on 127.0.0.1, `user` its administrator.

    User, password and vhost are made at the first start and are not changed by a later one.
    """

    folder: Path
    port: int
    management_port: int
    distribution_port: int
    epmd_port: int
    user: str
    password: str
    vhost: str
    cluster_name: str
    memory_mb: int = 768
    tls: TlsListener | None = None

    @property
    def name(self) -> str:
        return "rabbitmq"

    @property
    def management(self) -> Management:
        return Management(
            f"http://{HOST}:{self.management_port}", user=self.user, password=self.password
        )

    def ports(self) -> dict[str, int]:
        ports = {
            "broker_port": self.port,
            "broker_management_port": self.management_port,
            "broker_distribution_port": self.distribution_port,
        }
        return ports | ({"broker_tls_port": self.tls.port} if self.tls else {})

    def command(self) -> list[str]:
        return [str(find_rabbitmq())]

    def environment(self) -> dict[str, str]:
        places = {
            "RABBITMQ_NODENAME": "hinterland@localhost",
            "RABBITMQ_CONF_ENV_FILE": self.folder / "rabbitmq-env.conf",
            "RABBITMQ_CONFIG_FILE": self.folder / "rabbitmq.conf",
            "RABBITMQ_ADVANCED_CONFIG_FILE": self.folder / "advanced.config",
            "RABBITMQ_ENABLED_PLUGINS_FILE": self.folder / "enabled_plugins",
            "RABBITMQ_MNESIA_BASE": self.folder,
            "RABBITMQ_MNESIA_DIR": self.folder / "mnesia",
            "RABBITMQ_PLUGINS_EXPAND_DIR": self.folder / "plugins",
            "RABBITMQ_FEATURE_FLAGS_FILE": self.folder / "feature_flags",
            "RABBITMQ_GENERATED_CONFIG_DIR": self.folder / "generated",
            "RABBITMQ_LOG_BASE": self.folder / "log",
            "RABBITMQ_PID_FILE": self.folder / "pid",
            "RABBITMQ_DIST_PORT": self.distribution_port,
            # Erlang keeps the cookie of its distribution there.
            "HOME": self.folder,
            "ERL_EPMD_PORT": self.epmd_port,
            "ERL_EPMD_ADDRESS": HOST,
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": f"{NO_BUSY_WAIT} {LOCAL_DISTRIBUTION}",
            # With this the script becomes the broker, as under systemd, and is not a parent that
            # could die and leave it behind.
            "RUNNING_UNDER_SYSTEMD": "true",
        }
        return {key: str(value) for key, value in places.items()}

    def prepare(self) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for place in ("mnesia", "log", "generated"):
            (self.folder / place).mkdir(exist_ok=True)
        (self.folder / "rabbitmq-env.conf").write_text("")
        (self.folder / "advanced.config").write_text("[].\n")
        (self.folder / "enabled_plugins").write_text(f"[{','.join(PLUGINS)}].\n")
        config = self.folder / "rabbitmq.conf"
        config.touch(OWNER_ONLY)
        config.write_text(self._config())

    def wait_until_ready(self, running: Callable[[], bool]) -> None:
        with self.management as management:
            poll(lambda: management.listening(self.port), running, "rabbitmq", READY_LIMIT_S)

    def _config(self) -> str:
        lines = [
            f"listeners.tcp.1 = {HOST}:{self.port}",
            f"management.tcp.ip = {HOST}",
            f"management.tcp.port = {self.management_port}",
            f"cluster_name = {self.cluster_name}",
            f"default_vhost = {self.vhost}",
            f"default_user = {self.user}",
            f"default_pass = {self.password}",
            "default_user_tags.administrator = true",
            f"vm_memory_high_watermark.absolute = {self.memory_mb}MB",
            f"disk_free_limit.absolute = {DISK_FREE_MB}MB",
            "log.console = true",
            "log.console.level = warning",
            "log.file = false",
        ]
        if self.tls:
            host = f"[{self.tls.host}]" if ":" in self.tls.host else self.tls.host
            lines += [
                f"listeners.ssl.1 = {host}:{self.tls.port}",
                f"ssl_options.certfile = {self.tls.certificate}",
                f"ssl_options.keyfile = {self.tls.key}",
                # Peers prove themselves by user and password; the certificate proves us to them.
                "ssl_options.verify = verify_none",
                "ssl_options.versions.1 = tlsv1.3",
                "ssl_options.versions.2 = tlsv1.2",
            ]
        return "\n".join(lines) + "\n"


def find_rabbitmq() -> Path:
    """The plain start script of the installed RabbitMQ."""
    on_path = shutil.which("rabbitmq-server")
    for script in (*SCRIPTS, *([Path(on_path)] if on_path else [])):
        if os.access(script, os.X_OK) and script.resolve().name != WRAPPER:
            return script
    raise ServerMissing(f"There is no RabbitMQ on this machine. {INSTALL_REMEDY}")
