"""The type Intake: a report as it was sent, for the moderators of its node."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from typing import Any

import graphene

from gateway.compile import plain
from gateway.schema.map.common import Envelope, known, load
from gateway.schema.map.report import Report, Reported, StateEnum
from gateway.schema.relay import KINDS, Node, connection_of
from gateway.schema.values import Location, Time
from gateway.selection import Info
from services.map.contract import SERVICE
from services.map.contract.codes import State

__all__ = ["Intake", "IntakeConnection"]


class Step(graphene.ObjectType):
    """One step in the life of a report."""

    state = graphene.Field(StateEnum)
    at = graphene.Field(Time, required=True)
    by = graphene.ID(description="An account of this node; null for what came by itself.")
    note = graphene.String()

    @staticmethod
    @plain
    def resolve_state(step: Mapping[str, Any], _info: Info) -> str | None:
        return known(step["state"], State)


class Candidate(graphene.ObjectType):
    """A place that the text may mean, for a person to choose."""

    name = graphene.String(required=True)
    location = graphene.Field(Location, required=True)
    accuracy_m = graphene.Float(required=True)
    region = graphene.String(description="ISO 3166-2: `CN-YN`.")


class Reporter(graphene.ObjectType):
    """Who sent it, as far as he said. Never leaves the node."""

    name = graphene.String()
    phone = graphene.String()
    email = graphene.String()
    account = graphene.ID()


class Reviewed(graphene.ObjectType):
    """What a moderator lets out in place of what was sent; of a sensitive category nothing else."""

    title = graphene.String()
    text = graphene.String()
    answers = graphene.List(graphene.NonNull(graphene.String), description="By their names.")
    files = graphene.List(graphene.NonNull(graphene.String), description="By their hashes.")


class Intake(Envelope, Reported, graphene.ObjectType):
    """A report as it was sent, and what became of it. Never leaves its node."""

    class Meta:
        interfaces = (Node,)

    received_at = graphene.Field(Time, required=True)
    reporter = graphene.Field(Reporter)
    history = graphene.List(graphene.NonNull(Step), required=True)
    candidates = graphene.List(graphene.NonNull(Candidate), required=True, default_value=())
    reviewed = graphene.Field(Reviewed)
    verified_by = graphene.List(graphene.NonNull(graphene.ID), required=True, default_value=())
    report_id = graphene.ID(description="What is shared of it, if anything is.")
    report = graphene.Field(Report)

    @staticmethod
    @plain
    def resolve_report_id(intake: Mapping[str, Any], _info: Info) -> Any:
        return intake.get("report")

    @staticmethod
    def resolve_report(intake: Mapping[str, Any], info: Info) -> Awaitable[Any]:
        return load(info, intake.get("report"))


KINDS["intake"] = (Intake, SERVICE, "get_intakes")

IntakeConnection = connection_of(Intake, "reports that were sent")
