"""The map's only MongoDB: its indexes and its named queries, each with its reason.

- `intakes`: what waits for a person
- `tables`: categories
- `forms`: forms, as phones ask for them
- `conditions`: which reports a filter and an audience mean
- `reports`: pages of reports in three orders, by keyset; the export
- `summaries`: counts
- `pins`: the NGOs that the map follows
- `tiles`: points and clusters of a tile
- `events`: which reports are one event

Only reports with a readable body have `ix.happened`, so that a condition on it means reports.
"""

from typing import Final

from pymongo import ASCENDING, IndexModel

from hinterland.rooms.imports import imports_latest_first, next_chunk_to_undo
from services.map.queries.conditions import REPORT_INDEXES, matching
from services.map.queries.forms import forms
from services.map.queries.intakes import (
    count_intakes,
    count_sent_since,
    count_uploads,
    intake_by_key,
    intake_of_report,
    intake_page,
    intakes_by_id,
    keys_sent,
    note_upload,
    reports_to_hide,
)
from services.map.queries.pins import COLLECTION as PINS
from services.map.queries.pins import (
    Pins,
    PinsVersion,
    count_pins,
    drop_pins_between,
    pin_layer,
    pin_page,
    pins_version,
    prepare_pins,
    put_pins,
)
from services.map.queries.reports import (
    count_reports,
    export_page,
    record_page,
    records_by_id,
    report_page,
)
from services.map.queries.summaries import Counts, summarise
from services.map.queries.tables import categories, is_category_used, own_places, stamp
from services.map.queries.tiles import TileLayer, in_tile, report_layer

__all__ = [
    "INDEXES",
    "PINS",
    "Counts",
    "Pins",
    "PinsVersion",
    "TileLayer",
    "categories",
    "count_intakes",
    "count_pins",
    "count_reports",
    "count_sent_since",
    "count_uploads",
    "drop_pins_between",
    "export_page",
    "forms",
    "imports_latest_first",
    "in_tile",
    "intake_by_key",
    "intake_of_report",
    "intake_page",
    "intakes_by_id",
    "is_category_used",
    "keys_sent",
    "matching",
    "next_chunk_to_undo",
    "note_upload",
    "own_places",
    "pin_layer",
    "pin_page",
    "pins_version",
    "prepare_pins",
    "put_pins",
    "record_page",
    "records_by_id",
    "report_layer",
    "report_page",
    "reports_to_hide",
    "stamp",
    "summarise",
]

INDEXES: Final[list[IndexModel]] = [
    # The moderators' queue: some states, in the order of arrival.
    IndexModel(
        [("ix.queue", ASCENDING), ("ix.since", ASCENDING), ("_id", ASCENDING)],
        name="queue",
        sparse=True,
    ),
    # What was sent before under the sender's id; what came from one address; what a report is of.
    IndexModel([("ix.key", ASCENDING)], name="key", sparse=True),
    IndexModel([("ix.address", ASCENDING), ("arrived", ASCENDING)], name="address", sparse=True),
    IndexModel([("ix.shown", ASCENDING)], name="shown", sparse=True),
    # Whether a category is still in use, and its reports when it becomes sensitive.
    IndexModel([("ix.category", ASCENDING), ("ix.cell", ASCENDING)], name="category"),
    IndexModel([("ix.filed", ASCENDING)], name="filed", sparse=True),
    IndexModel([("ix.parent", ASCENDING)], name="parent", sparse=True),
    # Confirmations and merges that name a report; refusals of a merge.
    IndexModel([("ix.about", ASCENDING)], name="about", sparse=True),
    IndexModel([("ix.refused", ASCENDING)], name="refused", sparse=True),
    # Forms, by the id that phones know.
    IndexModel([("ix.form", ASCENDING)], name="form", sparse=True),
    # The chunks of one import.
    IndexModel([("ix.import", ASCENDING), ("ix.chunk", ASCENDING)], name="import", sparse=True),
    *REPORT_INDEXES,
]
