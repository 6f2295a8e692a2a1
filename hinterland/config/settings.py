"""The settings of one node: `node.toml` in its folder, overridden by `HINTERLAND_*`.

Each field says for the operator what it is for; `docs/settings.md` lists the same words.
"""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Final, Literal, Self
from urllib.parse import quote, urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from hinterland.errors import HinterlandError
from hinterland.identity import NODE_ID, REGION

__all__ = [
    "ENVIRONMENT_PREFIX",
    "NODE_FILE",
    "BadSettings",
    "NoNodeHere",
    "NodeExists",
    "Settings",
    "checked_node_id",
    "checked_region",
]

NODE_FILE: Final = "node.toml"
ENVIRONMENT_PREFIX: Final = "HINTERLAND_"
BROKER_USER: Final = "hinterland"
LOOPBACK: Final = "127.0.0.1"

SERVICE: Final = re.compile(r"[a-z][a-z_]{1,30}")

PORT_MAX: Final = 65_535


class BadSettings(HinterlandError):
    """The node's settings were not understood. Correct node.toml or the HINTERLAND_ variable."""

    code: ClassVar[str] = "BAD_SETTINGS"


class NoNodeHere(HinterlandError):
    """This folder holds no node. Make one with `hinterland --dir DIR init`."""

    code: ClassVar[str] = "NO_NODE_HERE"


class NodeExists(HinterlandError):
    """This folder holds a node already. Start it with `hinterland --dir DIR up`."""

    code: ClassVar[str] = "NODE_EXISTS"


def checked_node_id(node: str) -> str:
    """`node`, or BadSettings when it cannot be a node's id."""
    if not NODE_ID.fullmatch(node):
        raise BadSettings(
            f"{node!r} cannot be a node's id: take 2 to 31 small letters, digits and dashes, "
            "a letter first, for instance yunnan. It can never be changed; the name can.",
            field="id",
        )
    return node


def checked_region(region: str) -> str:
    """`region`, or BadSettings when it is not written as ISO 3166-2 has it."""
    if not REGION.fullmatch(region):
        raise BadSettings(
            f"{region!r} is not a region: write the ISO 3166-2 code of the country or province, "
            "for instance CN or CN-YN.",
            field="region",
        )
    return region


class Settings(BaseModel):
    """What one node is told. Frozen: a change takes effect when the node starts again."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    dir: Path = Field(
        description="The node's folder. Given on the command line with --dir, never in node.toml."
    )

    # Who the node is.
    id: str = Field(
        description="The node's id, `[a-z][a-z0-9-]{1,30}`. It is part of every record's id and "
        "can never be changed or used again."
    )
    region: str = Field(description="The region it serves, ISO 3166-2: `CN-YN`, or `CN`.")
    name: str = Field(
        default="", max_length=200, description="The name shown to people. By default the id."
    )
    services: tuple[str, ...] = Field(
        default=("directory", "map", "accounts", "federation"),
        min_length=1,
        max_length=32,
        description="The services that `hinterland up` starts, one process each.",
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        default="INFO", description="From which level on the node's processes write to `log/`."
    )

    # The database.
    mongo_uri: str = Field(
        default="",
        repr=False,
        description="The MongoDB replica set to use. By default the node runs a mongod of its "
        "own, with its data in `mongo/`.",
    )
    mongo_port: int = Field(
        default=27117, ge=1, le=PORT_MAX, description="The port of the node's own mongod."
    )
    mongo_cache_gb: float = Field(
        default=1.0,
        ge=0.25,
        le=1024,
        description="The memory in GB that the node's own mongod keeps data in.",
    )

    # The broker.
    amqp_uri: str = Field(
        default="",
        repr=False,
        description="The RabbitMQ vhost to use, with user and password. By default the node runs "
        "a broker of its own, with its data in `rabbitmq/`.",
    )
    amqp_management_uri: str = Field(
        default="",
        repr=False,
        description="The HTTP address of that broker's management plugin, with a user who may "
        "make users and policies. By default port 15672 of the broker in `amqp_uri`.",
    )
    broker_port: int = Field(
        default=5772, ge=1, le=PORT_MAX, description="The AMQP port of the node's own broker."
    )
    broker_management_port: int = Field(
        default=15772,
        ge=1,
        le=PORT_MAX,
        description="The port of the own broker's management plugin.",
    )
    broker_distribution_port: int = Field(
        default=25772,
        ge=1,
        le=PORT_MAX,
        description="The port on which the own broker's command line tools reach it.",
    )
    broker_epmd_port: int = Field(
        default=4469,
        ge=1,
        le=PORT_MAX,
        description="The port of the own broker's Erlang port mapper, kept apart from that of "
        "any other RabbitMQ on the machine.",
    )
    broker_password: str = Field(
        default="",
        repr=False,
        max_length=200,
        description="The password of the user `hinterland` on the own broker. `init` makes one.",
    )
    broker_memory_mb: int = Field(
        default=768,
        ge=128,
        le=1_048_576,
        description="The memory in MB above which the own broker makes publishers wait.",
    )

    # How other nodes reach this one.
    public_host: str = Field(
        default=LOOPBACK,
        min_length=1,
        max_length=253,
        description="The name or address under which other nodes reach this machine. It stands "
        "in the node's certificate.",
    )
    amqp_public_uri: str = Field(
        default="",
        description="The address, without a user, at which peers' brokers reach this node's "
        "vhost. By default the TLS port at `public_host` if there is one, else as in `amqp_uri`.",
    )
    broker_tls_host: str = Field(
        default=LOOPBACK, description="The address on which the own broker listens for TLS."
    )
    broker_tls_port: int = Field(
        default=0,
        ge=0,
        le=PORT_MAX,
        description="The port on which the own broker listens for peers over TLS. 0 for none.",
    )

    # The gateway.
    gateway_host: str = Field(
        default=LOOPBACK, description="The address on which the gateway answers GraphQL."
    )
    gateway_port: int = Field(
        default=8000, ge=1, le=PORT_MAX, description="The port on which the gateway answers."
    )
    public_url: str = Field(
        default="",
        description="The gateway's address as apps see it, for instance behind a reverse proxy. "
        "By default `http://<gateway_host>:<gateway_port>`.",
    )
    openrosa_open: bool = Field(
        default=True,
        description="Whether phones may get public forms and send reports at `/openrosa` without "
        "an API key. At `/openrosa/members` they always need one.",
    )
    door_host: str = Field(
        default=LOOPBACK,
        description="The address on which a coordinator takes in nodes that join, over TLS.",
    )
    door_port: int = Field(
        default=8443, ge=1, le=PORT_MAX, description="The port on which nodes join, over TLS."
    )

    @field_validator("id")
    @classmethod
    def _check_id(cls, value: str) -> str:
        return checked_node_id(value)

    @field_validator("region")
    @classmethod
    def _check_region(cls, value: str) -> str:
        return checked_region(value)

    @field_validator("services")
    @classmethod
    def _check_services(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for service in value:
            if not SERVICE.fullmatch(service):
                raise ValueError(f"{service!r} cannot be a service's name")
        return value

    @field_validator("mongo_uri", "amqp_uri", "amqp_management_uri", "amqp_public_uri")
    @classmethod
    def _check_uri(cls, value: str) -> str:
        if value and not urlsplit(value).hostname:
            raise ValueError("is not an address such as amqp://user:password@host:5672/vhost")
        return value

    @model_validator(mode="before")
    @classmethod
    def _complete(cls, values: Any) -> Any:
        return {**values, **_derived(values)} if isinstance(values, Mapping) else values

    @classmethod
    def load(cls, directory: Path | str, environment: Mapping[str, str] | None = None) -> Self:
        """The settings of the node in `directory`, overridden by the process's environment.

        Raises NoNodeHere without a `node.toml`, BadSettings when a value is not understood.
        """
        folder = Path(directory).resolve()
        try:
            text = (folder / NODE_FILE).read_text(encoding="utf-8")
        except FileNotFoundError:
            raise NoNodeHere(
                f"{folder} holds no node. Make one with `hinterland --dir {folder} init`, "
                "or name another folder with --dir."
            ) from None
        try:
            written = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise BadSettings(f"{folder / NODE_FILE} is not TOML: {error}") from error
        overrides = cls.from_environment(os.environ if environment is None else environment)
        return cls.checked({**written, **overrides, "dir": folder})

    @classmethod
    def checked(cls, values: Mapping[str, Any]) -> Self:
        """Settings out of `values`; BadSettings names the first one at fault and the remedy."""
        for key in values:
            if key not in cls.model_fields:
                near = difflib.get_close_matches(key, cls.model_fields, n=1)
                hint = f" Did you mean {near[0]}?" if near else ""
                raise BadSettings(f"there is no such setting.{hint}", field=key)
        try:
            return cls.model_validate(dict(values))
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            field = ".".join(str(part) for part in first["loc"]) or None
            raise BadSettings(
                f"{first['msg']}. Correct it in {NODE_FILE} or in the environment.", field=field
            ) from error

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> dict[str, Any]:
        """The settings that `environment` overrides; `services` is separated by commas."""
        overrides: dict[str, Any] = {}
        for key in cls.model_fields:
            value = environment.get(ENVIRONMENT_PREFIX + key.upper())
            if value is None or key == "dir":
                continue
            overrides[key] = (
                [part.strip() for part in value.split(",")] if key == "services" else value
            )
        return overrides

    @property
    def own_mongo(self) -> bool:
        """Whether the node runs its own mongod."""
        return self.mongo_uri == _own_mongo_uri(self.mongo_port)

    @property
    def own_broker(self) -> bool:
        """Whether the node runs its own RabbitMQ."""
        return self.amqp_uri == _own_amqp_uri(self.broker_password, self.broker_port, self.id)

    @property
    def own_url(self) -> bool:
        """Whether apps reach the gateway at its own address, not through something before it."""
        return self.public_url == f"http://{self.gateway_host}:{self.gateway_port}"

    @property
    def vhost(self) -> str:
        """The node's vhost on its broker."""
        return urlsplit(self.amqp_uri).path.removeprefix("/") or "/"

    def database(self, service: str) -> str:
        """The name of the MongoDB database that belongs to `service`."""
        return f"{self.id}_{service}"

    @property
    def key_path(self) -> Path:
        """The node's Ed25519 key, PEM, readable by its owner alone."""
        return self.dir / "node.key"

    @property
    def certificate_path(self) -> Path:
        return self.dir / "tls" / "node.crt"

    @property
    def certificate_key_path(self) -> Path:
        return self.dir / "tls" / "node.key"

    @property
    def positions_dir(self) -> Path:
        """Holds the last appended position of each feed, apart from the database."""
        return self.dir / "positions"

    @property
    def mongo_dir(self) -> Path:
        return self.dir / "mongo"

    @property
    def rabbitmq_dir(self) -> Path:
        return self.dir / "rabbitmq"

    @property
    def log_dir(self) -> Path:
        return self.dir / "log"

    @property
    def run_dir(self) -> Path:
        """Holds what is of use only while the node runs: sockets and made configuration."""
        return self.dir / "run"


def _own_mongo_uri(port: Any) -> str:
    return f"mongodb://{LOOPBACK}:{port}/?replicaSet=hinterland"


def _own_amqp_uri(password: Any, port: Any, node: Any) -> str:
    return f"amqp://{BROKER_USER}:{quote(str(password), safe='')}@{LOOPBACK}:{port}/{node}"


def _derived(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values that follow from others where they are not given."""

    def given(key: str) -> Any:
        return values.get(key) or Settings.model_fields[key].default

    node = values.get("id", "")
    derived: dict[str, Any] = {"name": given("name") or node}
    derived["mongo_uri"] = given("mongo_uri") or _own_mongo_uri(given("mongo_port"))
    amqp_uri = given("amqp_uri") or _own_amqp_uri(
        given("broker_password"), given("broker_port"), node
    )
    derived["amqp_uri"] = amqp_uri
    broker = urlsplit(str(amqp_uri))
    user, _, address = broker.netloc.rpartition("@")
    management_port = 15672 if given("amqp_uri") else given("broker_management_port")
    derived["amqp_management_uri"] = (
        given("amqp_management_uri")
        or f"http://{user}{'@' if user else ''}{broker.hostname}:{management_port}"
    )
    if given("amqp_public_uri"):
        derived["amqp_public_uri"] = given("amqp_public_uri")
    elif not given("amqp_uri") and given("broker_tls_port"):
        public = f"amqps://{given('public_host')}:{given('broker_tls_port')}/{node}"
        derived["amqp_public_uri"] = public
    else:
        derived["amqp_public_uri"] = f"{broker.scheme}://{address}{broker.path}"
    derived["public_url"] = (
        given("public_url") or f"http://{given('gateway_host')}:{given('gateway_port')}"
    )
    return derived
