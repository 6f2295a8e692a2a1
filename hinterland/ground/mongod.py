"""A mongod of the node's own: a replica set of one member, because transactions need a set."""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError

from hinterland.ground.process import ServerMissing, poll

__all__ = ["REPLICA_SET", "Mongod", "find_mongod"]

REPLICA_SET: Final = "hinterland"
HOST: Final = "127.0.0.1"
READY_LIMIT_S: Final = 60.0
ANSWER_TIMEOUT_MS: Final = 2_000
# The oplog feeds nobody but this one member: by default it would take 5 % of the disk.
OPLOG_MB: Final = 256
STOP_GRACE_MS: Final = 100
ALREADY_INITIALIZED: Final = 23


@dataclass(frozen=True)
class Mongod:
    """One mongod: its data in `folder`, answering on 127.0.0.1:`port`."""

    folder: Path
    port: int
    cache_gb: float = 0.25

    @property
    def name(self) -> str:
        return "mongod"

    @property
    def uri(self) -> str:
        return f"mongodb://{HOST}:{self.port}/?replicaSet={REPLICA_SET}"

    def ports(self) -> dict[str, int]:
        return {"mongo_port": self.port}

    def command(self) -> list[str]:
        return [
            str(find_mongod()),
            "--dbpath",
            str(self.folder),
            "--port",
            str(self.port),
            "--bind_ip",
            HOST,
            "--nounixsocket",
            "--replSet",
            REPLICA_SET,
            "--oplogSize",
            str(OPLOG_MB),
            "--wiredTigerCacheSizeGB",
            str(self.cache_gb),
            "--setParameter",
            "diagnosticDataCollectionEnabled=false",
            # There is no other member to take over, so nothing to wait for at the end.
            "--setParameter",
            f"shutdownTimeoutMillisForSignaledShutdown={STOP_GRACE_MS}",
            "--quiet",
        ]

    def environment(self) -> dict[str, str]:
        return {}

    def prepare(self) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def wait_until_ready(self, running: Callable[[], bool]) -> None:
        """Waits until it takes writes; makes the replica set of one at the first start."""
        with MongoClient[dict[str, Any]](
            HOST, self.port, directConnection=True, serverSelectionTimeoutMS=ANSWER_TIMEOUT_MS
        ) as client:
            poll(lambda: self._writable(client), running, "mongod", READY_LIMIT_S)

    def _writable(self, client: MongoClient[dict[str, Any]]) -> bool:
        """Whether it is primary; takes the next step towards it if not."""
        try:
            hello = client.admin.command("hello")
            if "setName" not in hello:
                self._initiate(client)
                return False
            return bool(hello.get("isWritablePrimary"))
        except PyMongoError:
            return False

    @property
    def _address(self) -> str:
        return f"{HOST}:{self.port}"

    def _initiate(self, client: MongoClient[dict[str, Any]]) -> None:
        members = [{"_id": 0, "host": self._address}]
        try:
            client.admin.command("replSetInitiate", {"_id": REPLICA_SET, "members": members})
        except OperationFailure as failure:
            if failure.code != ALREADY_INITIALIZED:
                raise
            # It has a set, and does not find itself in it: its port is a new one.
            self._move(client)

    def _move(self, client: MongoClient[dict[str, Any]]) -> None:
        """Tells the set its new port, when the settings changed since the last start."""
        config = client.admin.command("replSetGetConfig")["config"]
        config["members"][0]["host"] = self._address
        config["version"] += 1
        client.admin.command("replSetReconfig", config, force=True)


def find_mongod() -> Path:
    """The mongod to run: the one on PATH, else the one that the Python package carries."""
    on_path = shutil.which("mongod")
    if on_path:
        return Path(on_path)
    package = importlib.util.find_spec("fiftyone")
    for folder in (package.submodule_search_locations or ()) if package else ():
        carried = Path(folder) / "db" / "bin" / "mongod"
        if os.access(carried, os.X_OK):
            return carried
    raise ServerMissing(
        "There is no mongod on this machine. Install MongoDB 6 or later so that mongod is on PATH "
        "(https://www.mongodb.com/docs/manual/administration/install-community/), or name a "
        "replica set that runs elsewhere: HINTERLAND_MONGO_URI=mongodb://HOST/?replicaSet=NAME"
    )
