"""The service `accounts`: people, their roles and their API keys."""

from __future__ import annotations

from hinterland.actors import Actor
from hinterland.bus.room import RoomService
from hinterland.bus.rpc import rpc
from hinterland.records import Room
from services.accounts import handlers, queries, rules
from services.accounts.contract import (
    KINDS,
    SERVICE,
    Authenticate,
    Authenticated,
    AuthenticateDigest,
    CreateAccount,
    CreatedKey,
    CreateKey,
    ListAccounts,
    ListKeys,
    Page,
    RevokeKey,
    Written,
)

__all__ = ["Accounts"]


class Accounts(RoomService):
    """People, roles and API keys, all private."""

    name = SERVICE
    room = Room(SERVICE, KINDS, rules.index)
    indexes = queries.INDEXES

    @rpc
    def create_account(self, actor: Actor, params: CreateAccount) -> Written:
        return handlers.create_account(self.records, actor, params)

    @rpc
    def list_accounts(self, actor: Actor, params: ListAccounts) -> Page:
        return handlers.list_accounts(self.records, actor, params)

    @rpc
    def create_key(self, actor: Actor, params: CreateKey) -> CreatedKey:
        return handlers.create_key(self.records, actor, params)

    @rpc
    def list_keys(self, actor: Actor, params: ListKeys) -> Page:
        return handlers.list_keys(self.records, actor, params)

    @rpc
    def revoke_key(self, actor: Actor, params: RevokeKey) -> Written:
        return handlers.revoke_key(self.records, actor, params)

    @rpc
    def authenticate(self, actor: Actor, params: Authenticate) -> Authenticated:
        return handlers.authenticate(self.records, params)

    @rpc
    def authenticate_digest(self, actor: Actor, params: AuthenticateDigest) -> Authenticated:
        return handlers.authenticate_digest(self.records, params)
