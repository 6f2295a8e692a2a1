"""Mutations: one command of a service each, with Relay's single input."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any, ClassVar, Final

import graphene
from graphene.relay import ClientIDMutation

from gateway.context import Context
from hinterland.errors import BadInput

__all__ = ["Command"]

ID_CHARS_MIN: Final = 8  # of a command id as callers choose it
ID_CHARS_MAX: Final = 64  # the account goes before it
COMMAND_ID_HELP: Final = (
    f"Made by you, {ID_CHARS_MIN} to {ID_CHARS_MAX} characters, a new one (for instance a UUID) "
    "for each thing to be done. When you do not know whether a mutation arrived, send it again "
    "with the same one: it is done once, and you get the first result."
)
HEAD_HELP: Final = (
    "What this node is at now. Sent along as the header Hinterland-Head, it makes a later query, "
    "also to another process of this node, wait until it sees this change."
)


class Command(ClientIDMutation):
    """A mutation that is one call to `service`: override `params`, and `payload` if need be."""

    class Meta:
        abstract = True

    service: ClassVar[str]
    method: ClassVar[str]

    @classmethod
    def __init_subclass_with_meta__(cls, **options: Any) -> None:
        namespace = {
            "__doc__": f"What the mutation {cls.__name__} takes.",
            "command_id": graphene.ID(description=COMMAND_ID_HELP),
        }
        super().__init_subclass_with_meta__(input_fields=namespace, **options)
        cls._meta.fields["head"] = graphene.Field(
            graphene.String, required=True, description=HEAD_HELP
        )

    @classmethod
    async def mutate_and_get_payload(cls, _root: None, info: Any, **arguments: Any) -> Any:
        context: Context = info.context
        arguments.pop("client_mutation_id", None)
        command_id = _command_id(context, arguments.pop("command_id", None))
        params = {"command_id": command_id, **cls.params(arguments), **cls.asked_by(context)}
        result = await context.write(cls.service, cls.method, params)
        payload = cls(head=f"{cls.service}={result['head']}")
        payload.input, payload.result = params, result
        return payload

    @classmethod
    def params(cls, arguments: dict[str, Any]) -> Mapping[str, Any]:
        """The call's parameters. What the caller left out stays out; null is passed on."""
        return arguments

    @classmethod
    def asked_by(cls, context: Context) -> Mapping[str, Any]:
        """What the call says of its caller besides the actor."""
        return {}


def _command_id(context: Context, given: str | None) -> str:
    """Accounts never meet in one another's commands, whatever ids they choose."""
    if given is None:
        given = secrets.token_hex(16)
    if not ID_CHARS_MIN <= len(given) <= ID_CHARS_MAX:
        raise BadInput(
            f"A command id has {ID_CHARS_MIN} to {ID_CHARS_MAX} characters.", field="commandId"
        )
    return f"{context.actor.account or 'anonymous'}:{given}"
