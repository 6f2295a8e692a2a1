"""One function per call: check the right, load, decide, put."""

from __future__ import annotations

import os
import secrets
from typing import Any

from hinterland.actors import Actor
from hinterland.clock import rfc3339
from hinterland.errors import BadInput, NotFound
from hinterland.records import PRIVATE, Changes, Record, Records
from services.accounts import queries, rules
from services.accounts.contract import (
    AccountJson,
    Authenticate,
    Authenticated,
    AuthenticateDigest,
    CreateAccount,
    CreatedKey,
    CreateKey,
    KeyJson,
    KeyRefused,
    KeyShown,
    ListAccounts,
    ListKeys,
    Page,
    RevokeKey,
    Written,
    require,
    require_grant,
)

__all__ = [
    "authenticate",
    "authenticate_digest",
    "create_account",
    "create_key",
    "list_accounts",
    "list_keys",
    "revoke_key",
]


def create_account(records: Records, actor: Actor, params: CreateAccount) -> Written:
    require(actor, "write", "account", records.node)
    for role in params.roles:
        require_grant(actor, role)
    roles = sorted(set(params.roles))

    def create(changes: Changes) -> dict[str, Any]:
        return {"id": changes.put("account", {"name": params.name, "roles": roles}, PRIVATE)}

    result = records.execute(params.command_id, actor.account, create)
    return Written(id=result["id"], version=result["version"], head=result["head"])


def create_key(records: Records, actor: Actor, params: CreateKey) -> CreatedKey:
    """The secret is in this answer and nowhere else: what is kept of the command is its sum."""
    require(actor, "write", "key", records.node)
    require_grant(actor, params.role)
    secret = secrets.token_bytes(rules.SECRET_BYTES)
    kept_sum = rules.sum_of(secret.hex())

    def create(changes: Changes) -> dict[str, Any]:
        account = _account_for(changes, params)
        record_id = changes.new_id("key")
        digest = rules.digest_secret(record_id, secret)
        body = {
            "account": account,
            "name": params.name,
            "role": params.role,
            "sum": kept_sum,
            "revoked_at": None,
            "digest": rules.seal(
                records.secret(rules.SEAL_PURPOSE),
                record_id,
                digest,
                os.urandom(rules.SEAL_NONCE_BYTES),
            ),
        }
        changes.put("key", body, PRIVATE, record_id)
        return {"id": record_id, "account": account, "sum": kept_sum}

    result = records.execute(params.command_id, actor.account, create)
    if result["sum"] != kept_sum:
        raise KeyShown(id=result["id"])
    return CreatedKey(
        id=result["id"],
        account=result["account"],
        key=rules.key_text(result["id"], secret),
        version=result["version"],
        head=result["head"],
    )


def _account_for(changes: Changes, params: CreateKey) -> str:
    """The account that the key is for, made where none was named. Raises NotFound, BadInput."""
    if params.account is None:
        return changes.put("account", {"name": params.name, "roles": [params.role]}, PRIVATE)
    account = changes.get(params.account)
    if account is None or account.kind != "account":
        raise NotFound(f"There is no account {params.account} on this node.", field="account")
    if params.role not in account.body["roles"]:
        raise BadInput(
            f"{account.body['name']} has the roles {', '.join(account.body['roles'])}; a key can "
            "have one of these.",
            field="role",
        )
    return account.id


def revoke_key(records: Records, actor: Actor, params: RevokeKey) -> Written:
    require(actor, "write", "key", records.node)

    def revoke(changes: Changes) -> dict[str, Any]:
        key = changes.get(params.id)
        if key is None or key.kind != "key":
            raise NotFound(f"There is no key {params.id} on this node.", field="id")
        if key.body["revoked_at"] is None:
            body = {**key.body, "revoked_at": rfc3339(changes.now)}
            changes.put("key", body, PRIVATE, record_id=key.id)
        return {"id": key.id}

    result = records.execute(params.command_id, actor.account, revoke)
    written = Written(id=result["id"], head=result["head"])
    return {**written, "version": result["version"]} if "version" in result else written


def list_accounts(records: Records, actor: Actor, params: ListAccounts) -> Page:
    require(actor, "read", "account", records.node)
    head = records.head()
    found = queries.list_accounts(records.collection, params.after, params.first + 1)
    return _page(head, [_account_json(account) for account in found], params.first)


def list_keys(records: Records, actor: Actor, params: ListKeys) -> Page:
    require(actor, "read", "key", records.node)
    head = records.head()
    found = queries.list_keys(records.collection, params.account, params.after, params.first + 1)
    return _page(head, [_key_json(key) for key in found], params.first)


def authenticate(records: Records, params: Authenticate) -> Authenticated:
    """Whose key this is. Raises KeyRefused, always the same: whether a key exists, was revoked or
    has another secret is nobody's business who does not hold it."""
    head = records.head()
    parts = rules.read_key(params.key)
    if parts is None:
        raise KeyRefused()
    key = records.get([parts.id]).get(parts.id)
    kept_sum = key.body["sum"] if key is not None and key.kind == "key" else None
    if not rules.proves(parts.secret, kept_sum) or key is None:
        raise KeyRefused()
    return _authenticated(records, key, head)


def authenticate_digest(records: Records, params: AuthenticateDigest) -> Authenticated:
    """Whose key answered a challenge. Raises KeyRefused, always the same, as `authenticate`."""
    head = records.head()
    key_id = rules.digest_key_id(params.username)
    key = records.get([key_id]).get(key_id) if key_id else None
    sealed = key.body.get("digest") if key is not None and key.kind == "key" else None
    ha1 = None
    if key is not None and sealed is not None:
        ha1 = rules.unseal(records.secret(rules.SEAL_PURPOSE), key.id, sealed)
    if not rules.digest_proves(ha1, params) or key is None:
        raise KeyRefused()
    return _authenticated(records, key, head)


def _authenticated(records: Records, key: Record, head: int) -> Authenticated:
    """Raises KeyRefused where the key has ended, or its account has lost the role."""
    if key.body["revoked_at"]:
        raise KeyRefused()
    account_id = key.body["account"]
    account = records.get([account_id]).get(account_id)
    roles = account.body["roles"] if account is not None else ()
    actor = rules.actor_of(account_id, roles, key.body["role"], records.node)
    if actor is None:
        raise KeyRefused()
    return Authenticated(actor=actor.to_wire(), head=head)


def _page(head: int, items: list[Any], first: int) -> Page:
    return Page(head=head, items=items[:first], has_next=len(items) > first)


def _account_json(account: Record) -> AccountJson:
    return AccountJson(
        id=account.id,
        name=account.body["name"],
        roles=account.body["roles"],
        created=rfc3339(account.at),
    )


def _key_json(key: Record) -> KeyJson:
    return KeyJson(
        id=key.id,
        account=key.body["account"],
        name=key.body["name"],
        role=key.body["role"],
        changed=rfc3339(key.at),
        revoked_at=key.body["revoked_at"],
    )
