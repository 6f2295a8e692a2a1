"""Imports through the handlers, on a real database."""

from __future__ import annotations

from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from hinterland.errors import NotAllowed
from services.directory.contract.calls import (
    ImportNgos,
    ImportOptions,
    ListImports,
    UndoImport,
    UpdateNgo,
)
from services.directory.handlers import imports, ngos
from services.directory.importing import read_file
from tests.integration.directory.conftest import Node

TODAY = date(2026, 3, 1)
USCI = "91110000710926094P"


def send(
    node: Node, rows: list[dict[str, Any]], import_id: str = "import-1", **params: Any
) -> list[Any]:
    """Imports rows as chunk 0; returns their outcomes."""
    given = ImportNgos.model_validate(
        {
            "import_id": import_id,
            "chunk": 0,
            "rows": [{"row": number, "ngo": ngo} for number, ngo in enumerate(rows, start=2)],
            "options": {"region": "CN-YN", "cause": "other"},
            **params,
        }
    )
    result = imports.import_ngos(node.records, node.staff, given, TODAY)
    return list(result["outcomes"])


def kinds(outcomes: list[Any]) -> list[str]:
    return [outcome["outcome"] for outcome in outcomes]


def named(name: str, **fields: Any) -> dict[str, Any]:
    return {"names": {"zh": name}, **fields}


def test_rows_become_ngos_with_the_options_they_lack(yunnan: Node) -> None:
    """Region and cause of the options are written where the row has none."""
    [outcome] = send(yunnan, [named("绿色流域", phones=["0871-65123456"])])

    ngo = yunnan.get(outcome["id"])

    assert (ngo["region"], ngo["causes"]) == ("CN-YN", ["other"])
    assert ngo["phones"] == ["+8687165123456"]


def test_a_bad_cell_is_left_out_and_a_bad_row_refused(yunnan: Node) -> None:
    """What is not understood is reported; only what an NGO cannot be without refuses its row."""
    first, second = send(
        yunnan,
        [
            named("绿色流域", phones=["?"], website="https://" + "x" * 400 + ".org"),
            {"city": "昆明"},
        ],
    )

    assert (first["outcome"], second["outcome"]) == ("imported", "refused")
    assert {problem["field"] for problem in first["problems"]} == {"phones.0", "website"}
    assert [problem["field"] for problem in second["problems"]] == ["names"]
    assert yunnan.get(first["id"])["names"] == {"zh": "绿色流域"}


def test_the_same_file_again_changes_nothing(yunnan: Node) -> None:
    """A second import of the same rows finds them all unchanged."""
    rows = [named(f"机构{name}", city="昆明") for name in "甲乙丙丁"]
    send(yunnan, rows)
    count = yunnan.summary("HOME")["total"]
    again = send(yunnan, rows, import_id="import-2")

    assert kinds(again) == ["unchanged"] * 4
    assert yunnan.summary("HOME")["total"] == count == 4


def test_a_repeated_chunk_returns_its_first_result(yunnan: Node) -> None:
    """A client that lost the answer sends the chunk again, and nothing is written twice."""
    rows = [named("绿色流域"), named("蓝天救援")]
    first = send(yunnan, rows)

    assert first == send(yunnan, rows)
    assert yunnan.summary("HOME")["total"] == 2


def test_duplicates_are_reported_and_not_imported(yunnan: Node, gansu: Node) -> None:
    """By identifier or by a like name nearby, here or at another node, in the file or before it."""
    theirs = gansu.register(names={"zh": "昆明市志愿者协会"}, city="昆明")
    gansu.carry_to(yunnan)
    usci = [{"scheme": "CN-USCI", "value": USCI}]
    outcomes = send(
        yunnan,
        [
            named("昆明志愿着协会", city="昆明市"),
            named("甲", identifiers=usci),
            named("乙", identifiers=usci),
            named("昆明市志愿者协会", city="大理"),
        ],
    )

    assert kinds(outcomes) == ["duplicate", "imported", "duplicate", "imported"]
    assert (outcomes[0]["of"], outcomes[0]["why"]) == (theirs, "name")
    assert (outcomes[2]["of_row"], outcomes[2]["why"]) == (3, "identifier")


def test_similar_names_are_imported_when_told_to(yunnan: Node) -> None:
    """An operator who has looked may import like names; never the same identifier."""
    usci = [{"scheme": "CN-USCI", "value": USCI}]
    rows = [named("昆明志愿者协会", identifiers=usci), named("蓝天救援")]
    send(yunnan, rows)
    options = {"region": "CN-YN", "cause": "other", "import_similar": True}

    again = send(yunnan, rows, import_id="import-2", options=options)

    assert kinds(again) == ["unchanged", "imported"]


def test_a_dry_run_says_the_same_and_writes_nothing(yunnan: Node) -> None:
    """Outcomes are those of the real import, without ids."""
    rows = [named("绿色流域"), named("绿色流域"), {}]
    dry = send(yunnan, rows, dry_run=True)

    assert kinds(dry) == ["imported", "duplicate", "refused"]
    assert yunnan.records.collection.count_documents({}) == 0
    assert kinds(send(yunnan, rows)) == kinds(dry)


def test_an_undone_import_is_gone_but_for_what_was_edited(yunnan: Node) -> None:
    """Untouched NGOs are withdrawn, edited ones kept and named; then the file can come again."""
    rows = [named(f"机构{name}", city="昆明") for name in "甲乙丙"]
    outcomes = send(yunnan, rows)
    edited = yunnan.get(outcomes[1]["id"])
    params = UpdateNgo(
        command_id=yunnan.command(),
        id=edited["id"],
        version=edited["version"],
        changes={"website": "example.org"},
    )
    ngos.update_ngo(yunnan.records, yunnan.staff, params)
    undo = UndoImport(import_id="import-1")

    result = imports.undo_import(yunnan.records, yunnan.staff, undo)
    again = imports.undo_import(yunnan.records, yunnan.staff, undo)

    assert (result["withdrawn"], result["kept"], result["more"]) == (2, [edited["id"]], False)
    assert (again["withdrawn"], again["more"]) == (0, False)
    assert kinds(send(yunnan, rows, import_id="import-2")) == ["imported", "unchanged", "imported"]


def test_imports_are_listed_latest_first(yunnan: Node) -> None:
    """An operator finds the import to undo by its file and counts."""
    send(yunnan, [named("甲机构")], file="a.csv")
    send(yunnan, [named("乙机构"), named("甲机构"), {}], import_id="import-2", file="b.csv")
    imports.undo_import(yunnan.records, yunnan.staff, UndoImport(import_id="import-1"))

    items = imports.list_imports(yunnan.records, yunnan.staff, ListImports())["items"]

    shown = [
        (item["import_id"], item["file"], item["rows"], item["imported"], item["undone"])
        for item in items
    ]
    assert shown == [("import-2", "b.csv", 3, 1, False), ("import-1", "a.csv", 1, 0, True)]
    assert (items[0]["duplicates"], items[0]["refused"]) == (1, 1)


def test_members_only_imports_stay_among_members(yunnan: Node) -> None:
    """`--scope members` writes what the public does not see."""
    options = {"region": "CN-YN", "cause": "other", "scope": "members"}
    [outcome] = send(yunnan, [named("绿色流域")], options=options)

    assert yunnan.get(outcome["id"])["scope"] == "members"


def test_importing_is_for_staff(yunnan: Node) -> None:
    """A partner's key neither imports nor undoes."""
    params = ImportNgos(import_id="import-1", chunk=0, rows=[])

    with pytest.raises(NotAllowed):
        imports.import_ngos(yunnan.records, yunnan.actor("partner"), params, TODAY)
    with pytest.raises(NotAllowed):
        imports.undo_import(
            yunnan.records, yunnan.actor("editor"), UndoImport(import_id="import-1")
        )


def test_a_file_goes_all_the_way(yunnan: Node, tmp_path: Path) -> None:
    """Read, cut into chunks, imported, and found by what it said."""
    path = tmp_path / "ngos.csv"
    lines = [f"昆明第{number}社区服务队,社区,云南,昆明市" for number in range(450)]
    path.write_text("名称,领域,省份,城市\n" + "\n".join(lines), encoding="gbk")
    options = ImportOptions()
    tally: Counter[str] = Counter()
    for chunk, rows in enumerate(read_file(path, options).chunks()):
        params = ImportNgos.model_validate({"import_id": "import-1", "chunk": chunk, "rows": rows})
        result = imports.import_ngos(yunnan.records, yunnan.staff, params, TODAY)
        tally.update(outcome["outcome"] for outcome in result["outcomes"])

    assert tally == {"imported": 450}
    assert yunnan.page(search="第33社区", count=True)["total"] == 1
