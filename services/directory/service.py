"""The service `directory`: NGOs, and what other nodes suggest about them."""

from __future__ import annotations

import logging
from typing import Any, ClassVar, Final

from nameko.timer import timer
from pymongo.errors import PyMongoError

from hinterland.actors import Actor
from hinterland.bus.room import RoomService
from hinterland.bus.rpc import rpc
from hinterland.clock import system_clock
from hinterland.errors import HinterlandError
from hinterland.records import Room
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
from services.directory.handlers import imports, ngos, reading, suggestions
from services.directory.rules.index import index

__all__ = ["Directory"]

log = logging.getLogger(__name__)

REACTION_INTERVAL_S: Final = 1.0


class Directory(RoomService):
    """The NGOs of all nodes, as this one holds them; it writes its own."""

    name = SERVICE
    room = Room(SERVICE, KINDS, index)
    indexes = queries.INDEXES

    totals: ClassVar = reading.KeptPerHead()
    reacted_to: ClassVar[int] = -1  # the head after which there was nothing left to do

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
        return suggestions.get_policy(self.records, actor, params)

    @rpc
    def set_policy(self, actor: Actor, params: SetPolicy) -> dict[str, Any]:
        return suggestions.set_policy(self.records, actor, params)

    @rpc
    def import_ngos(self, actor: Actor, params: ImportNgos) -> dict[str, Any]:
        return imports.import_ngos(self.records, actor, params, system_clock().date())

    @rpc
    def undo_import(self, actor: Actor, params: UndoImport) -> dict[str, Any]:
        return imports.undo_import(self.records, actor, params)

    @rpc
    def list_imports(self, actor: Actor, params: ListImports) -> dict[str, Any]:
        return imports.list_imports(self.records, actor, params)

    @timer(interval=REACTION_INTERVAL_S, eager=True)  # type: ignore[untyped-decorator]
    def react(self) -> None:
        """Whatever arrived, from here or from another node: what follows is computed from how
        things are now, so that it does not matter what was missed or seen twice."""
        head = self.records.head()
        if head == Directory.reacted_to:
            return
        try:
            suggestions.answer_by_policy(self.records)
            suggestions.forget_orphans(self.records)
            Directory.reacted_to = head
        except (HinterlandError, PyMongoError) as error:
            log.warning("suggestions wait, and are looked at again soon: %s", error)
