"""The contract of `federation`: records, calls, access and errors. All that others may import.

A node is of no federation, or of one, as its coordinator or as a member. The coordinator's feed
says who is a member; every node keeps to itself with whom it exchanges messages, and how.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from hinterland.actors import ROLES, STAFF_ROLES, Actor
from hinterland.errors import BadInput, Inapplicable, NotAllowed
from hinterland.kinds import Kind
from hinterland.rooms.arguments import Arguments, Command

__all__ = [
    "ACCESS",
    "DOOR_PATH",
    "INVITATION_HOURS_DEFAULT",
    "INVITATION_HOURS_MAX",
    "KINDS",
    "SERVICE",
    "Admit",
    "AlreadyFederated",
    "BadInvitation",
    "BadJoinRequest",
    "BadWelcome",
    "BrokerAddress",
    "Charter",
    "Create",
    "DigestState",
    "Expel",
    "Expelled",
    "Federation",
    "Invitation",
    "InvitationExpired",
    "InvitationUsed",
    "Invite",
    "Join",
    "MemberRecord",
    "Members",
    "MembershipQuestion",
    "NodeTaken",
    "NotCoordinator",
    "NotFederated",
    "NotReachable",
    "Overview",
    "Peer",
    "PullerName",
    "may",
    "require",
]

SERVICE: Final = "federation"
DOOR_PATH: Final = "/federation/join"  # where a coordinator's gateway takes in nodes that join

TITLE_CHARS_MAX: Final = 200
NOTE_CHARS_MAX: Final = 2_000
STATEMENT_CHARS_MAX: Final = 4_096
INVITATION_CHARS_MAX: Final = 1_024
INVITATION_HOURS_DEFAULT: Final = 72
INVITATION_HOURS_MAX: Final = 24 * 30
REQUEST_CHARS_MAX: Final = 16_384  # an authority's certificate, and what else a request holds
AUTHORITY_CHARS_MAX: Final = 8_192
PASSWORD_CHARS_MAX: Final = 200
EXPELLED_FEEDS_MAX: Final = 1_000

NodeId = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{1,30}$")]
Region = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}(-[A-Z0-9]{1,3})?$")]  # ISO 3166-2
Title = Annotated[str, StringConstraints(min_length=1, max_length=TITLE_CHARS_MAX)]
PublicKey = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9+/]{43}=$")]
Hash = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
When = Annotated[str, StringConstraints(min_length=20, max_length=40)]  # RFC 3339
Statement = Annotated[str, StringConstraints(min_length=1, max_length=STATEMENT_CHARS_MAX)]
# The last position of a feed that counts: epoch, number, chain hash.
CutoffJson = tuple[Annotated[int, Field(ge=1)], Annotated[int, Field(ge=0)], Hash]


# Records


class Body(BaseModel):
    """Fields that this version does not know are left to the record as it was signed."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class Federation(Body):
    """What the coordinator tells all members of the federation itself."""

    title: Title
    statement: Statement


class MemberRecord(Body):
    """A node of the federation; `hinterland.identity.Member` is what is made of it."""

    node: NodeId
    region: Region
    name: Title
    key: PublicKey
    joined_at: When
    expelled: Annotated[dict[str, CutoffJson], Field(max_length=EXPELLED_FEEDS_MAX)] | None = None
    expelled_at: When | None = None
    note: Annotated[str, StringConstraints(max_length=NOTE_CHARS_MAX)] | None = None


class Charter(Body):
    """The federation that this node is of. There is one such record, or none."""

    title: Title
    statement: Statement
    since: When


class Invitation(Body):
    """A secret that lets one node join, once. Only its SHA-256 is kept."""

    secret_sum: Hash
    expires_at: When
    used_by: NodeId | None = None
    used_key: PublicKey | None = None
    used_at: When | None = None


class BrokerAddress(Body):
    """Where a broker takes a peer, as whom. Without `authority` (PEM) it is plain, on loopback."""

    host: Annotated[str, StringConstraints(min_length=1, max_length=253)]
    port: Annotated[int, Field(ge=1, le=65_535)]
    vhost: Annotated[str, StringConstraints(min_length=1, max_length=100)]
    server_name: Annotated[str, StringConstraints(min_length=1, max_length=253)]
    authority: Annotated[str, StringConstraints(max_length=AUTHORITY_CHARS_MAX)] | None
    user: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    password: Annotated[str, StringConstraints(min_length=1, max_length=PASSWORD_CHARS_MAX)]


class PullerName(Body):
    """How an upstream's broker names a node that pulls: cluster name and vhost."""

    cluster: Annotated[str, StringConstraints(min_length=1, max_length=100)]
    vhost: Annotated[str, StringConstraints(min_length=1, max_length=100)]


class Peer(Body):
    """A node with which this one exchanges messages. Enough to make the link anew on a new broker;
    `secret_for` is what the password of the peer's user here is derived from."""

    node: NodeId
    broker: BrokerAddress
    puller: PullerName
    secret_for: Hash
    since: When


KINDS: Final[Mapping[str, Kind]] = {
    kind.name: kind
    for kind in (
        Kind("federation", Federation, frozenset({"members"})),
        Kind("member", MemberRecord, frozenset({"members"})),
        Kind("charter", Charter, frozenset({"private"})),
        Kind("invitation", Invitation, frozenset({"private"})),
        Kind("peer", Peer, frozenset({"private"})),
    )
}


# Calls

DigestState = Literal["equal", "different", "unknown"]


class Create(Command):
    """`create`: found a federation with this node as its coordinator.

    Whoever runs this makes the root key himself (`NodeKey.generate`), lets it issue `statement`
    (`RootStatement.issue`) and keeps it offline: it never passes through a broker or a database.
    -> {federation, coordinator, head}
    """

    title: Title
    statement: Statement


class Invite(Command):
    """`invite`: one line of text that lets one node join. -> {invitation, expires_at, head}"""

    valid_hours: Annotated[int, Field(ge=1, le=INVITATION_HOURS_MAX)] = INVITATION_HOURS_DEFAULT


class Join(Command):
    """`join`: knock at the coordinator's door with an invitation, and set up both links.

    May be repeated after any failure, with the same invitation.
    -> {federation, title, coordinator, node, head}
    """

    invitation: Annotated[str, StringConstraints(min_length=1, max_length=INVITATION_CHARS_MAX)]


class Admit(Arguments):
    """`admit`: what the gateway's door passes on from a node that knocks. `request` is two lines, a
    signature by that node's key and JSON (`rules.admission`). Repeated, it has the same result.
    -> {statement, title, broker, puller, head}: `rules.requests.Welcome`
    """

    request: Annotated[str, StringConstraints(min_length=1, max_length=REQUEST_CHARS_MAX)]


class Expel(Command):
    """`expel`: from now on nothing counts that `node` writes. What of it is held here still does.
    -> {node, feeds: {feed: [epoch, n, hash]}, head}
    """

    node: NodeId
    note: Annotated[str, StringConstraints(max_length=NOTE_CHARS_MAX)] | None = None


class Members(Arguments):
    """`members`. -> {head, members: [{node, region, name, key, joined_at, coordinator: bool,
    expelled_at, note, feeds: {feed: [epoch, n, hash]} | null}]}, by node."""


class MembershipQuestion(Arguments):
    """`membership`: what the other services of this node go by. -> {head, membership:
    `identity.Membership.to_dict()` | null, statement: its text | null}"""


class Overview(Arguments):
    """`overview`: how this node and its federation are.

    -> {head,
        node: {id, region, name, key},
        federation: null | {id, title, coordinator, role: coordinator | member | joining | expelled,
            since, root: the root's public key},
        members: as in `members`,
        feeds: [{feed, service, home, epoch, n, home_epoch, home_n, behind, digest: a DigestState,
            last_heard, holes, quarantined, frozen, needs_upgrade, recovering}],
        peers: [{node, last_heard, feeds: [{feed, epoch, n, behind, digest}]}],
        links: [{peer, status, error}] | null where the broker does not tell,
        dropped: [{service, sender, count}], drops: [{service, at, sender, reason}],
        services: [{service, up, error}]}

    `home_n`, `behind` and `last_heard` are null while its home was not heard. A feed's `digest` is
    this node's against its home's; a peer's `behind` and `digest` are of his copy. Links, drops and
    members are for staff.
    """


# Access

_ALL: Final = frozenset({"anonymous", *ROLES})
_STAFF: Final = frozenset(STAFF_ROLES)
_OPERATORS: Final = frozenset({"operator", "coordinator"})

# Call -> the roles that may make it, with an account of this node.
ACCESS: Final[Mapping[str, frozenset[str]]] = {
    "create": _OPERATORS,
    "invite": _OPERATORS,
    "join": _OPERATORS,
    "expel": frozenset({"coordinator"}),
    "admit": _ALL,  # the secret decides
    "members": _STAFF,
    "membership": _STAFF,
    "overview": _ALL,
}


def may(actor: Actor, call: str, node: str) -> bool:
    """Whether `actor` may make this call; one of another node counts as anonymous."""
    roles = actor.roles if actor.node == node else frozenset[str]()
    return not ACCESS[call].isdisjoint(roles or {"anonymous"})


def require(actor: Actor, call: str, node: str) -> None:
    """Raises NotAllowed, naming who could."""
    if not may(actor, call, node):
        who = ", ".join(role for role in ROLES if role in ACCESS[call])
        raise NotAllowed(
            f"`{call}` takes one of these roles at {node}: {who}. Ask the node's operator for a "
            "key with that role."
        )


# Errors


class AlreadyFederated(Inapplicable):
    """This node is in a federation already, and a node is never in two. Set up another node."""

    code = "ALREADY_FEDERATED"


class NotFederated(Inapplicable):
    """This node is in no federation. Run `hinterland federation create` or `join` first."""

    code = "NOT_FEDERATED"


class NotCoordinator(Inapplicable):
    """Only the coordinator of the federation can do this. Ask it; `coordinator` names the node."""

    code = "NOT_COORDINATOR"


class BadInvitation(BadInput):
    """This is not an invitation, or a part of it is missing. Copy the whole line again."""

    code = "BAD_INVITATION"


class InvitationExpired(Inapplicable):
    """This invitation has expired. Ask the coordinator for a new one."""

    code = "INVITATION_EXPIRED"


class InvitationUsed(Inapplicable):
    """Another node has joined with this invitation. Ask the coordinator for one of your own."""

    code = "INVITATION_USED"


class BadJoinRequest(BadInput):
    """The request to join is not signed by the node that it names, or is made by a newer version.
    Try again with the same version of Hinterland on both sides."""

    code = "BAD_JOIN_REQUEST"


class BadWelcome(Inapplicable):
    """What the coordinator answered cannot be used. Its Hinterland may be older or newer than this
    node's: use the same version on both sides, and join again."""

    code = "BAD_WELCOME"


class NodeTaken(Inapplicable):
    """Another node of this federation has this id, or had it. Set up the node under another id."""

    code = "NODE_TAKEN"


class Expelled(Inapplicable):
    """This node was expelled from the federation, and its id is not used again."""

    code = "EXPELLED"


class NotReachable(Inapplicable):
    """Other machines cannot reach this node's broker. Set public_host and broker_tls_port in
    node.toml, start the node again, and repeat the command."""

    code = "NOT_REACHABLE"
