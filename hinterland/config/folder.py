"""The node folder: made once by `init`, and from then on all that the node cannot do without."""

from __future__ import annotations

import json
import os
import secrets
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hinterland.clock import Clock, system_clock
from hinterland.config.certificate import new_certificate
from hinterland.config.settings import LOOPBACK, NODE_FILE, NodeExists, Settings

__all__ = ["init_node"]

OWNER_ONLY: Final = 0o600
OWNER_ONLY_FOLDER: Final = 0o700
PASSWORD_BYTES: Final = 24


def init_node(
    directory: Path | str,
    id: str,
    region: str,
    name: str = "",
    *,
    clock: Clock = system_clock,
    **settings: Any,
) -> Settings:
    """Makes the folder of a new node: `node.toml`, its key, its certificate, and places for data.

    `settings` are further fields of Settings, written as given. Raises BadSettings before anything
    is written, and NodeExists rather than touch the key of a node that is there already.
    """
    folder = Path(directory).resolve()
    if (folder / NODE_FILE).exists():
        raise NodeExists(
            f"{folder} holds a node already. Start it with `hinterland --dir {folder} up`, "
            "or name another folder with --dir."
        )
    written = {"id": id, "region": region, "name": name or id, **settings}
    if not written.get("amqp_uri"):
        written.setdefault("broker_password", secrets.token_urlsafe(PASSWORD_BYTES))
    made = Settings.checked({**written, "dir": folder})

    folder.mkdir(parents=True, exist_ok=True)
    for place in (made.positions_dir, made.log_dir, made.run_dir, made.certificate_path.parent):
        place.mkdir(mode=OWNER_ONLY_FOLDER, exist_ok=True)
    _write(made.key_path, _new_signing_key())
    certificate, key = new_certificate(made.id, _hosts(made.public_host), clock())
    _write(made.certificate_path, certificate)
    _write(made.certificate_key_path, key)
    # Last, because it is what says that a node lives here.
    _write(folder / NODE_FILE, _toml({key: getattr(made, key) for key in written}).encode())
    return made


def _new_signing_key() -> bytes:
    return Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def _hosts(public_host: str) -> list[str]:
    return list(dict.fromkeys([LOOPBACK, "localhost", socket.gethostname(), public_host]))


def _write(path: Path, content: bytes) -> None:
    """Writes a file that from its first byte on only its owner can read."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, OWNER_ONLY)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _toml(values: Mapping[str, Any]) -> str:
    """`values` as TOML. Strings, numbers and lists of strings are the same in JSON."""
    lines = ["# The settings of this node. docs/settings.md explains each, and lists the others."]
    for key, value in values.items():
        lines.append(f"{key} = {json.dumps(value, ensure_ascii=False)}")
    return "\n".join(lines) + "\n"
