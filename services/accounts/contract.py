"""The contract of `accounts`: all that other rooms, the gateway and the command line may import.

Kinds and their bodies, arguments and results of every RPC, who may do what, errors and limits. It
does no I/O and needs nothing but pydantic.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Final, Literal, TypedDict

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from hinterland.actors import ROLES, Actor
from hinterland.errors import HinterlandError, NotAllowed
from hinterland.kinds import Kind
from hinterland.rooms.arguments import Arguments, Command, RecordId

__all__ = [
    "ACCESS",
    "GRANTS",
    "KINDS",
    "PAGE_ITEMS_MAX",
    "SERVICE",
    "Account",
    "AccountJson",
    "Action",
    "Authenticate",
    "AuthenticateDigest",
    "Authenticated",
    "CreateAccount",
    "CreateKey",
    "CreatedKey",
    "Key",
    "KeyJson",
    "KeyRefused",
    "KeyShown",
    "ListAccounts",
    "ListKeys",
    "Page",
    "RevokeKey",
    "Role",
    "Written",
    "digest_realm",
    "may",
    "may_grant",
    "require",
    "require_grant",
]

SERVICE: Final = "accounts"
NAME_CHARS_MAX: Final = 200
KEY_CHARS_MAX: Final = 300
PAGE_ITEMS_MAX: Final = 100  # of accounts or keys, in one answer
PRIVATE: Final = frozenset({"private"})

Role = Literal["partner", "editor", "moderator", "operator", "coordinator"]
Name = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=NAME_CHARS_MAX)
]
Roles = Annotated[list[Role], Field(min_length=1, max_length=len(ROLES))]
DigestText = Annotated[str, StringConstraints(max_length=4_096)]
Moment = Annotated[str, StringConstraints(max_length=40)]  # RFC 3339, UTC


# Kinds. All of them are private: nothing about a person leaves the node.


class Account(BaseModel):
    """One human, or one program that somebody answers for. Others know him by his opaque id."""

    model_config = ConfigDict(extra="allow")

    name: Name
    roles: Roles


class Key(BaseModel):
    """An API key of an account, with one of its roles. `sum` is the SHA-256 of the secret, hex.
    `digest` is what HTTP Digest is checked with, sealed with a secret of the node's key; keys from
    before there was Digest have none."""

    model_config = ConfigDict(extra="allow")

    account: RecordId
    name: Name
    role: Role
    sum: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    revoked_at: Moment | None = None
    digest: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{120}$")] | None = None


KINDS: Final[Mapping[str, Kind]] = {
    "account": Kind("account", Account, PRIVATE),
    "key": Kind("key", Key, PRIVATE),
}


# Who may do what.

Action = Literal["read", "write"]
ANONYMOUS_ROLE: Final = "anonymous"
_OPERATORS: Final = frozenset({"operator", "coordinator"})

# (kind, scope) -> action -> roles. What is not listed nobody may do, and nobody from elsewhere may
# do anything. Authenticating is not reading: it takes a secret, and tells about nobody else.
ACCESS: Final[Mapping[tuple[str, str], Mapping[Action, frozenset[str]]]] = {
    ("account", "private"): {"read": _OPERATORS, "write": _OPERATORS},
    ("key", "private"): {"read": _OPERATORS, "write": _OPERATORS},
}

# role -> the roles that it may give to others: nobody makes a key that can do more than his own.
GRANTS: Final[Mapping[str, frozenset[str]]] = {
    "operator": frozenset({"partner", "editor", "moderator", "operator"}),
    "coordinator": frozenset(ROLES),
}


def may(actor: Actor, action: Action, kind: str, scope: str, node: str) -> bool:
    """Whether `actor` may do `action` at `node`; an actor of elsewhere counts as anonymous."""
    roles = (actor.roles if actor.node == node else frozenset[str]()) or {ANONYMOUS_ROLE}
    return not ACCESS.get((kind, scope), {}).get(action, frozenset[str]()).isdisjoint(roles)


def require(actor: Actor, action: Action, kind: str, node: str) -> None:
    """Raises NotAllowed unless `actor` may do `action` with private records of `kind`."""
    if not may(actor, action, kind, "private", node):
        raise NotAllowed(
            f"To {action} a record of kind {kind} takes the role operator or coordinator at "
            f"{node}. Ask the node's operator for a key with that role.",
            action=action,
            kind=kind,
        )


def may_grant(actor: Actor, role: str) -> bool:
    return any(role in GRANTS.get(own, ()) for own in actor.roles)


def require_grant(actor: Actor, role: str) -> None:
    """Raises NotAllowed unless one of the actor's roles may give `role` to others."""
    if not may_grant(actor, role):
        raise NotAllowed(
            f"Your role may not give the role {role} to others. Ask somebody who has it.",
            field="role",
        )


# Errors.


class KeyRefused(HinterlandError):
    """This API key is not valid here. Check it for typing errors, or ask the node's operator."""

    code: ClassVar[str] = "KEY_REFUSED"


class KeyShown(HinterlandError):
    """This command has made its key before, and a key is shown once. Revoke it, make another."""

    code: ClassVar[str] = "KEY_SHOWN"


# Arguments of every RPC.


class CreateAccount(Command):
    name: Name
    roles: Roles


class ListAccounts(Arguments):
    """A page in order of ids, those that sort after the id `after`."""

    first: Annotated[int, Field(ge=1, le=PAGE_ITEMS_MAX)] = PAGE_ITEMS_MAX
    after: Annotated[str, Field(max_length=160)] = ""


class CreateKey(Command):
    """Without `account`, an account with this name and this role is made as well."""

    name: Name
    role: Role
    account: RecordId | None = None


class ListKeys(Arguments):
    """A page in order of ids, of one account or of all."""

    account: RecordId | None = None
    first: Annotated[int, Field(ge=1, le=PAGE_ITEMS_MAX)] = PAGE_ITEMS_MAX
    after: Annotated[str, Field(max_length=160)] = ""


class RevokeKey(Command):
    """`id` is the one that create_key and list_keys return. A revoked key stays revoked."""

    id: RecordId


class Authenticate(Arguments):
    """`key` is the whole text, `hk_<node>_<id>_<secret>`."""

    key: Annotated[str, Field(max_length=KEY_CHARS_MAX)]


class AuthenticateDigest(Arguments):
    """What a client sends in `Authorization: Digest` (RFC 2617, MD5 and `auth`), for `method`. The
    name is a key without its secret, `hk_<node>_<id>`; the password, the whole key. Whoever calls
    has checked `nonce` and `uri`."""

    username: Annotated[str, Field(max_length=KEY_CHARS_MAX)]
    method: Annotated[str, StringConstraints(pattern=r"^[A-Z]{1,20}$")]
    uri: DigestText
    nonce: DigestText
    nc: Annotated[str, StringConstraints(pattern=r"^[0-9a-fA-F]{1,8}$")]
    cnonce: DigestText
    response: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]


def digest_realm(node: str) -> str:
    """What phones show when they ask for name and password. Never changes, as keys are made for
    it."""
    return f"Hinterland {node}"


# Results of every RPC.


class Written(TypedDict, total=False):
    """The result of a command; `version` is missing where nothing had to be written."""

    id: str
    version: str
    head: int


class CreatedKey(TypedDict):
    """`key` is the text to hand over. It is nowhere kept, and never shown again."""

    id: str
    account: str
    key: str
    version: str
    head: int


class AccountJson(TypedDict):
    id: str
    name: str
    roles: list[str]
    created: str  # RFC 3339


class KeyJson(TypedDict):
    """A key without anything that would help to guess it."""

    id: str
    account: str
    name: str
    role: str
    changed: str  # RFC 3339
    revoked_at: str | None


class Page(TypedDict):
    head: int
    items: list[Any]
    has_next: bool


class Authenticated(TypedDict):
    """`actor` is what travels along with every call from here on."""

    actor: dict[str, Any]
    head: int
