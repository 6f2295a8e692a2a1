"""The service `directory`: NGOs, and what other nodes suggest about them."""

from __future__ import annotations

from typing import Any, ClassVar

from hinterland.actors import Actor
from hinterland.bus.reactions import reacts_to
from hinterland.bus.room import RoomService
from hinterland.bus.rpc import rpc
from hinterland.clock import system_clock
from hinterland.records import Room
from hinterland.rooms.answers import KeptPerHead
from services.directory import queries
from services.directory.contract import KINDS, SERVICE
from services.directory.contract.calls import (
    ConfirmNgo,
    DecideSuggestion,
    ExportNgos,
    GetNgos,
    GetPolicy,
    GetSuggestions,
    ImportNgos,
    ListImports,
    ListNgos,
    ListSuggestions,
    RegisterNgo,
    SetPolicy,
    SuggestChange,
    SummariseNgos,
    UndoImport,
    UpdateNgo,
    VerifyNgo,
    WithdrawNgo,
    WithdrawSuggestion,
)
from services.directory.handlers import imports, ngos, policy, reading, suggestions
from services.directory.rules.index import index

__all__ = ["Directory"]


class Directory(RoomService):
    """The NGOs of all nodes, as this one holds them; it writes its own."""

    name = SERVICE
    room = Room(SERVICE, KINDS, index)
    indexes = queries.INDEXES

    totals: ClassVar = KeptPerHead()

    @rpc
    def register_ngo(self, actor: Actor, params: RegisterNgo) -> dict[str, Any]:
        return ngos.register_ngo(self.records, actor, params)

    @rpc
    def update_ngo(self, actor: Actor, params: UpdateNgo) -> dict[str, Any]:
        return ngos.update_ngo(self.records, actor, params)

    @rpc
    def confirm_ngo(self, actor: Actor, params: ConfirmNgo) -> dict[str, Any]:
        return ngos.confirm_ngo(self.records, actor, params)

    @rpc
    def verify_ngo(self, actor: Actor, params: VerifyNgo) -> dict[str, Any]:
        return ngos.verify_ngo(self.records, actor, params)

    @rpc
    def withdraw_ngo(self, actor: Actor, params: WithdrawNgo) -> dict[str, Any]:
        return ngos.withdraw_ngo(self.records, actor, params)

    @rpc
    def get_ngos(self, actor: Actor, params: GetNgos) -> dict[str, Any]:
        return reading.get_ngos(self.records, actor, params)

    @rpc
    def list_ngos(self, actor: Actor, params: ListNgos) -> dict[str, Any]:
        return reading.list_ngos(self.records, self.totals, actor, params)

    @rpc
    def summarise_ngos(self, actor: Actor, params: SummariseNgos) -> dict[str, Any]:
        return reading.summarise_ngos(self.records, self.totals, actor, params)

    @rpc
    def export_ngos(self, actor: Actor, params: ExportNgos) -> dict[str, Any]:
        return reading.export_ngos(self.records, actor, params)

    @rpc
    def suggest_change(self, actor: Actor, params: SuggestChange) -> dict[str, Any]:
        return suggestions.suggest_change(self.records, actor, params)

    @rpc
    def withdraw_suggestion(self, actor: Actor, params: WithdrawSuggestion) -> dict[str, Any]:
        return suggestions.withdraw_suggestion(self.records, actor, params)

    @rpc
    def get_suggestions(self, actor: Actor, params: GetSuggestions) -> dict[str, Any]:
        return suggestions.get_suggestions(self.records, actor, params)

    @rpc
    def list_suggestions(self, actor: Actor, params: ListSuggestions) -> dict[str, Any]:
        return suggestions.list_suggestions(self.records, actor, params)

    @rpc
    def decide_suggestion(self, actor: Actor, params: DecideSuggestion) -> dict[str, Any]:
        return suggestions.decide_suggestion(self.records, actor, params)

    @rpc
    def get_policy(self, actor: Actor, params: GetPolicy) -> dict[str, Any]:
        return policy.get_policy(self.records, actor, params)

    @rpc
    def set_policy(self, actor: Actor, params: SetPolicy) -> dict[str, Any]:
        return policy.set_policy(self.records, actor, params)

    @rpc
    def import_ngos(self, actor: Actor, params: ImportNgos) -> dict[str, Any]:
        return imports.import_ngos(self.records, actor, params, system_clock().date())

    @rpc
    def undo_import(self, actor: Actor, params: UndoImport) -> dict[str, Any]:
        return imports.undo_import(self.records, actor, params)

    @rpc
    def list_imports(self, actor: Actor, params: ListImports) -> dict[str, Any]:
        return imports.list_imports(self.records, actor, params)

    @reacts_to(SERVICE, kinds=("suggestion", "ngo_policy"))
    def answer_by_policy(self, since: int) -> int:
        head = self.records.head()
        policy.answer_by_policy(self.records)
        return head

    @reacts_to(SERVICE, kinds=("ngo", "suggestion"))
    def forget_orphans(self, since: int) -> int:
        head = self.records.head()
        policy.forget_orphans(self.records)
        return head
