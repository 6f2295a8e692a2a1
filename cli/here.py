"""The node that a command is about, and how a command talks to it."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from random import uniform
from time import monotonic, sleep
from typing import Any, Concatenate, Final, ParamSpec, TypeVar

import click
from rich.console import Console

from cli.rpc import CALL_S_MAX, Caller
from deploy.steps import print_what_can_be_printed
from hinterland.actors import Actor
from hinterland.config import Settings
from hinterland.errors import HinterlandError

__all__ = ["OUT_OF_STEP", "CommandGroup", "Here", "with_here"]

OUT_OF_STEP: Final = 3
COMMAND_ID_BYTES: Final = 16
PIPE_COLUMNS: Final = 240

# What a part of the node says that is down for a moment, or overloaded.
PASSING: Final = ("UNAVAILABLE", "BUSY", "RECOVERING")
PATIENCE_S_MAX: Final = 300.0
PAUSE_S_MIN: Final = 1.0
PAUSE_S_MAX: Final = 10.0
PAUSE_JITTER: Final = 0.5

P = ParamSpec("P")
R = TypeVar("R")


class Here:
    """One node's folder; its settings and its services are reached only when they are needed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.console = Console()
        if not self.console.is_terminal:
            # A pipe has no width; what reads it wants whole ids.
            self.console = Console(width=PIPE_COLUMNS)
        self.progress = Console(stderr=True)
        self._caller: Caller | None = None

    @cached_property
    def settings(self) -> Settings:
        return Settings.load(self.folder)

    @cached_property
    def actor(self) -> Actor:
        """Who has a login on the node's machine and may read its folder is its operator."""
        return Actor("cli", frozenset({"operator", "coordinator"}), self.settings.id)

    def call(
        self,
        service: str,
        method: str,
        params: Mapping[str, Any] | None = None,
        seconds_max: float = CALL_S_MAX,
    ) -> Any:
        """What the service of this node returns; raises what it raises, or Unavailable."""
        if self._caller is None:
            self._caller = Caller(self.settings.amqp_uri, self.folder)
        return self._caller.call(service, method, self.actor, params or {}, seconds_max)

    def call_until_done(
        self, service: str, method: str, params: Mapping[str, Any], seconds_max: float
    ) -> Any:
        """As `call`, for what may be sent again: waits out a part of the node that comes back.

        Raises what the last try raised after `PATIENCE_S_MAX`.
        """
        give_up_at = monotonic() + PATIENCE_S_MAX
        pause_s = PAUSE_S_MIN
        while True:
            try:
                return self.call(service, method, params, seconds_max)
            except HinterlandError as error:
                if error.details["code"] not in PASSING or monotonic() > give_up_at:
                    raise
                self.say(f"{error.message} Trying again in {pause_s:.0f} s.")
            self.close()
            sleep(pause_s * uniform(1, 1 + PAUSE_JITTER))
            pause_s = min(2 * pause_s, PAUSE_S_MAX)

    @staticmethod
    def new_command_id() -> str:
        """The id of a command that is given once; a repeat would be a command of its own."""
        return secrets.token_hex(COMMAND_ID_BYTES)

    def say(self, line: str = "") -> None:
        """For people, on standard error, so that standard output stays clean for programs."""
        self.progress.print(line, highlight=False, markup=False, soft_wrap=True)

    def close(self) -> None:
        caller, self._caller = self._caller, None
        if caller is not None:
            caller.close()


def with_here(command: Callable[Concatenate[Here, P], R]) -> Callable[P, R]:
    """Passes the node of `--dir` to a command as its first argument."""
    return click.make_pass_decorator(Here)(command)


class CommandGroup(click.Group):
    """A group that lists its commands as declared and turns our errors into messages."""

    def main(self, *arguments: Any, **options: Any) -> Any:
        print_what_can_be_printed()
        return super().main(*arguments, **options)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except HinterlandError as error:
            # The message holds the remedy, the code is for programs.
            code = error.details.get("code", error.code)
            raise click.ClickException(f"{error} [{code}]") from error
