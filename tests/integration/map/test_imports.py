"""Imported reports: once, refused by row, taken back."""

from __future__ import annotations

from typing import Any

from hinterland.clock import system_clock
from services.map.contract.calls import ImportReports, UndoImport
from services.map.handlers.imports import import_reports, undo_import
from tests.integration.map.conftest import KUNMING, Node

ROWS: list[dict[str, Any]] = [
    {"text": "桥断了", "location": KUNMING, "category": "洪水"},
    {"text": "路断了", "category": "火山"},
    {"location": {"lat": 102.0, "lng": 25.0}, "text": "?"},
    {"text": "桥断了", "location": KUNMING, "category": "洪水"},
]


def run(node: Node, import_id: str, **more: Any) -> list[str]:
    params = ImportReports(
        import_id=import_id,
        chunk=0,
        rows=[{"row": n, "report": row} for n, row in enumerate(ROWS, start=2)],  # type: ignore[misc]
        **more,
    )
    outcomes = import_reports(node.records, node.staff, params, system_clock())["outcomes"]
    return [outcome["outcome"] for outcome in outcomes]


def test_the_same_rows_are_imported_once(yunnan: Node) -> None:
    """Within a file, and from one file to the next; a dry run says the same and writes nothing."""
    category = yunnan.category("洪水")
    expected = ["imported", "imported", "refused", "unchanged"]

    assert expected == run(yunnan, "import-0001", dry_run=True)
    assert expected == run(yunnan, "import-0001")
    assert expected == run(yunnan, "import-0001")
    assert ["unchanged", "unchanged", "refused", "unchanged"] == run(yunnan, "import-0002")
    found = [each["body"] for each in yunnan.records.collection.find({"kind": "intake"})]
    assert {category, None} == {body.get("category") for body in found}


def test_an_import_is_taken_back_but_for_what_was_looked_at(yunnan: Node) -> None:
    """A moderator's work is not undone behind his back."""
    yunnan.category("洪水")
    run(yunnan, "import-0001")
    kept = yunnan.records.collection.find_one({"body.text": "路断了"})
    assert kept is not None
    yunnan.review(kept["_id"], state="under_review")

    undone = undo_import(yunnan.records, yunnan.staff, UndoImport(import_id="import-0001"))
    assert (1, [kept["_id"]], False) == (undone["withdrawn"], undone["kept"], undone["more"])
    assert 1 == yunnan.records.collection.count_documents({"kind": "intake"})
