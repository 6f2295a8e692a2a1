"""A request to join: what a node posts at the coordinator's door, signed by that node.

Two lines, like everything that is signed here: the signature (base64 Ed25519 of REQUEST_PREFIX and
line 2) and JSON. The signature proves that who asks holds the key that he wants to be known by;
`fingerprint` binds the request to this one door.
"""

from __future__ import annotations

import base64
from typing import Annotated, Any, Final, Literal

import orjson
from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from hinterland.identity import NodeKey, is_public_key, verify
from hinterland.links import Address, BadAddress, Puller
from services.federation.contract import (
    BadJoinRequest,
    BadWelcome,
    BrokerAddress,
    Hash,
    NodeId,
    PublicKey,
    PullerName,
    Region,
    Statement,
    Title,
)

__all__ = [
    "JoinRequest",
    "Welcome",
    "broker_of",
    "puller_of",
    "read_request",
    "read_welcome",
    "write_request",
]

REQUEST_PREFIX: Final = b"hinterland join request v1\n"


class JoinRequest(BaseModel):
    """Who wants to join, and how the coordinator's broker reaches his."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    v: Literal[1] = 1
    federation: Annotated[str, StringConstraints(min_length=1, max_length=100)]
    fingerprint: Hash
    secret: Annotated[str, StringConstraints(min_length=1, max_length=100)]
    node: NodeId
    region: Region
    name: Title
    key: PublicKey
    broker: BrokerAddress
    puller: PullerName


class Welcome(BaseModel):
    """What a node that is let in gets back: the federation, and how its broker reaches the
    coordinator's."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    title: Title
    statement: Statement
    broker: BrokerAddress
    puller: PullerName


def write_request(request: JoinRequest, key: NodeKey) -> str:
    line = orjson.dumps(request.model_dump())
    signature = base64.b64encode(key.sign(REQUEST_PREFIX + line))
    return (signature + b"\n" + line).decode()


def read_request(text: str) -> JoinRequest:
    """Raises BadJoinRequest, also where addresses and names are such that no link can be made."""
    signature_line, _, line = text.partition("\n")
    try:
        signature = base64.b64decode(signature_line, validate=True)
        request = JoinRequest.model_validate(orjson.loads(line))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        field = ".".join(map(str, first["loc"]))
        raise BadJoinRequest(f"{first['msg']} ({field}).", field=field) from error
    except ValueError as error:
        raise BadJoinRequest() from error
    if not is_public_key(request.key):
        raise BadJoinRequest(field="key")
    if not verify(request.key, signature, REQUEST_PREFIX + line.encode()):
        raise BadJoinRequest()
    try:
        broker_of(request.broker)
        puller_of(request.puller)
    except BadAddress as error:
        raise BadJoinRequest(error.message, field=error.field) from error
    return request


def read_welcome(content: Any) -> Welcome:
    """Raises BadWelcome, also where addresses and names are such that no link can be made."""
    try:
        welcome = Welcome.model_validate(content)
        broker_of(welcome.broker)
        puller_of(welcome.puller)
    except (ValidationError, BadAddress) as error:
        raise BadWelcome() from error
    return welcome


def broker_of(body: BrokerAddress) -> Address:
    """Raises BadAddress."""
    return Address.checked(body.host, body.port, body.vhost, body.server_name, body.authority)


def puller_of(body: PullerName) -> Puller:
    """Raises BadAddress."""
    return Puller.checked(body.cluster, body.vhost)
