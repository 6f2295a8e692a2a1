"""The service `map`: what people report, and what moderators make of it."""

from __future__ import annotations

from typing import Any, ClassVar

from nameko.extensions import DependencyProvider

from hinterland.actors import Actor
from hinterland.bus.reactions import reacts_to
from hinterland.bus.room import RoomService
from hinterland.bus.rpc import rpc
from hinterland.clock import system_clock
from hinterland.records import Room
from hinterland.rooms.answers import KeptPerHead
from services.directory.contract import SERVICE as DIRECTORY
from services.map import queries
from services.map.contract import KINDS, SERVICE
from services.map.contract.calls import (
    ConfirmReport,
    ExportReports,
    GetIntakes,
    GetRecords,
    ImportReports,
    ListImports,
    ListIntakes,
    ListPins,
    ListRecords,
    ListReports,
    MergeReports,
    ReadTile,
    RefuseMerge,
    ReviewIntake,
    SubmitReport,
    SubmitText,
    SummariseReports,
    UndoImport,
    WithdrawRecord,
    WriteRecord,
)
from services.map.contract.file_calls import ReadFile, UploadFile
from services.map.contract.form_calls import (
    GetForm,
    GetFormMedia,
    ListForms,
    PutForm,
    SubmitForm,
)
from services.map.handlers import (
    files,
    forms,
    imports,
    intakes,
    opinions,
    pins,
    reading,
    sharing,
    tables,
    texts,
    tiles,
)
from services.map.handlers.texts import Atlas
from services.map.rules.index import index

__all__ = ["Map"]


class AtlasProvider(DependencyProvider):  # type: ignore[misc]  # nameko is untyped
    """Injects what texts are placed with."""

    def setup(self) -> None:
        self._atlas = Atlas(self.container.config["SETTINGS"].region)

    def get_dependency(self, worker_ctx: Any) -> Atlas:
        return self._atlas


class Map(RoomService):
    """The map of all nodes, as this one holds it; it writes its own reports."""

    name = SERVICE
    room = Room(SERVICE, KINDS, index)
    indexes = queries.INDEXES

    atlas: Atlas = AtlasProvider()
    kept: ClassVar = KeptPerHead()

    @rpc
    def submit_report(self, actor: Actor, params: SubmitReport) -> dict[str, Any]:
        return intakes.submit_report(self.records, actor, params)

    @rpc
    def submit_text(self, actor: Actor, params: SubmitText) -> dict[str, Any]:
        return texts.submit_text(self.records, self.atlas, actor, params)

    @rpc
    def upload_file(self, actor: Actor, params: UploadFile) -> dict[str, Any]:
        return files.upload_file(self.records, actor, params, system_clock())

    @rpc
    def read_file(self, actor: Actor, params: ReadFile) -> dict[str, Any]:
        return files.read_file(self.records, actor, params)

    @rpc
    def get_intakes(self, actor: Actor, params: GetIntakes) -> dict[str, Any]:
        return intakes.get_intakes(self.records, actor, params)

    @rpc
    def list_intakes(self, actor: Actor, params: ListIntakes) -> dict[str, Any]:
        return intakes.list_intakes(self.records, actor, params)

    @rpc
    def review_intake(self, actor: Actor, params: ReviewIntake) -> dict[str, Any]:
        return intakes.review_intake(self.records, actor, params)

    @rpc
    def write_record(self, actor: Actor, params: WriteRecord) -> dict[str, Any]:
        return tables.write_record(self.records, actor, params)

    @rpc
    def withdraw_record(self, actor: Actor, params: WithdrawRecord) -> dict[str, Any]:
        return tables.withdraw_record(self.records, actor, params)

    @rpc
    def confirm_report(self, actor: Actor, params: ConfirmReport) -> dict[str, Any]:
        return opinions.confirm_report(self.records, actor, params)

    @rpc
    def merge_reports(self, actor: Actor, params: MergeReports) -> dict[str, Any]:
        return opinions.merge_reports(self.records, actor, params)

    @rpc
    def refuse_merge(self, actor: Actor, params: RefuseMerge) -> dict[str, Any]:
        return opinions.refuse_merge(self.records, actor, params)

    @rpc
    def import_reports(self, actor: Actor, params: ImportReports) -> dict[str, Any]:
        return imports.import_reports(self.records, actor, params, system_clock())

    @rpc
    def list_imports(self, actor: Actor, params: ListImports) -> dict[str, Any]:
        return imports.list_imports(self.records, actor, params)

    @rpc
    def undo_import(self, actor: Actor, params: UndoImport) -> dict[str, Any]:
        return imports.undo_import(self.records, actor, params)

    @rpc
    def get_records(self, actor: Actor, params: GetRecords) -> dict[str, Any]:
        return reading.get_records(self.records, actor, params)

    @rpc
    def list_records(self, actor: Actor, params: ListRecords) -> dict[str, Any]:
        return reading.list_records(self.records, actor, params)

    @rpc
    def list_reports(self, actor: Actor, params: ListReports) -> dict[str, Any]:
        return reading.list_reports(self.records, self.kept, actor, params)

    @rpc
    def summarise_reports(self, actor: Actor, params: SummariseReports) -> dict[str, Any]:
        return reading.summarise_reports(self.records, self.kept, actor, params)

    @rpc
    def export_reports(self, actor: Actor, params: ExportReports) -> dict[str, Any]:
        return reading.export_reports(self.records, actor, params)

    @rpc
    def read_tile(self, actor: Actor, params: ReadTile) -> dict[str, Any]:
        return tiles.read_tile(self.records, self.kept, actor, params)

    @rpc
    def put_form(self, actor: Actor, params: PutForm) -> dict[str, Any]:
        return forms.put_form(self.records, actor, params)

    @rpc
    def list_forms(self, actor: Actor, params: ListForms) -> dict[str, Any]:
        return forms.list_forms(self.records, actor, params)

    @rpc
    def get_form(self, actor: Actor, params: GetForm) -> dict[str, Any]:
        return forms.get_form(self.records, actor, params)

    @rpc
    def get_form_media(self, actor: Actor, params: GetFormMedia) -> dict[str, Any]:
        return forms.get_form_media(self.records, actor, params)

    @rpc
    def submit_form(self, actor: Actor, params: SubmitForm) -> dict[str, Any]:
        return forms.submit_form(self.records, actor, params, system_clock())

    @rpc
    def list_pins(self, actor: Actor, params: ListPins) -> dict[str, Any]:
        return pins.list_pins(self.records, actor, params)

    @reacts_to(DIRECTORY, kinds=("ngo",))
    def follow_ngos(self, since: int) -> int:
        """The pins of NGOs, brought to what the directory holds."""
        return pins.follow_ngos(self.records, self.calls.call)

    @reacts_to(SERVICE, kinds=("category",))
    def hide_sensitive(self, since: int) -> int:
        """What a category that became sensitive had said too much of is erased."""
        return sharing.hide_sensitive(self.records)
