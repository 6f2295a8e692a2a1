"""The directory as a process, on a broker and a database: called as the gateway calls it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hinterland.actors import ANONYMOUS
from hinterland.errors import BadInput, HinterlandError
from hinterland.ground.process import poll
from hinterland.testing import NewNode
from services.directory.contract.calls import ImportOptions
from services.directory.importing import read_file
from tests.integration.directory.conftest import SMALLEST
from tests.integration.service_process import LIMIT_S, ServiceProcess


@pytest.fixture
def directory(new_node: NewNode, tmp_path: Path) -> Iterator[ServiceProcess]:
    settings = new_node("yunnan")
    command = ["-m", "hinterland.serve", "directory", "--dir", str(settings.dir)]
    service = ServiceProcess(settings, "directory", tmp_path / "directory.log", command)
    service.wait_until_it_says("serving")
    yield service
    service.kill()


def test_an_ngo_is_registered_found_and_counted(directory: ServiceProcess) -> None:
    """From a command over RPC to lists and summaries, for the public too."""
    made = directory.call("register_ngo", command_id="command-1", ngo=SMALLEST)
    found = directory.call("list_ngos", actor=ANONYMOUS, filter={"search": "lsly"}, count=True)
    summary = directory.call("summarise_ngos", actor=ANONYMOUS, by=["REGION"])

    assert [item["id"] for item in found["items"]] == [made["id"]]
    assert (found["total"], found["head"]) == (1, made["head"])
    assert summary["groups"] == [{"keys": {"REGION": "CN-YN"}, "count": 1}]


def test_refusals_keep_their_code_and_field(directory: ServiceProcess) -> None:
    """What a handler or the contract refuses reaches the caller as it is."""
    with pytest.raises(HinterlandError) as refused:
        directory.call("register_ngo", actor=ANONYMOUS, command_id="command-1", ngo=SMALLEST)
    with pytest.raises(BadInput) as wrong:
        directory.call("list_ngos", filter={"colour": "green"})
    with pytest.raises(BadInput) as bad:
        directory.call("register_ngo", command_id="command-2", ngo={**SMALLEST, "region": "?"})

    assert refused.value.details["code"] == "NOT_ALLOWED"
    assert (wrong.value.field, bad.value.field) == ("filter.colour", "ngo.region")


def test_a_policy_answers_without_being_asked(directory: ServiceProcess) -> None:
    """A suggestion that arrives is looked at by itself; here it comes from the node's own staff."""
    directory.call(
        "set_policy",
        command_id="command-1",
        policy={"auto_accept": [{"node": "yunnan", "fields": ["city"]}]},
    )
    made = directory.call("register_ngo", command_id="command-2", ngo=SMALLEST)
    suggestion = directory.call(
        "suggest_change",
        command_id="command-3",
        ngo_id=made["id"],
        version=made["version"],
        changes={"city": "昆明"},
    )

    def accepted() -> Any:
        [item] = directory.call("get_suggestions", ids=[suggestion["id"]])["items"]
        return item["state"] == "accepted"

    poll(accepted, directory.running, "the policy's answer", LIMIT_S)

    [ngo] = directory.call("get_ngos", ids=[made["id"]])["items"]
    assert ngo["city"] == "昆明"


def test_a_file_is_imported_exported_and_undone(directory: ServiceProcess, tmp_path: Path) -> None:
    """Chunk by chunk over RPC, and out again."""
    path = tmp_path / "ngos.csv"
    rows = "\n".join(f"甲{number}队,云南,社区" for number in range(250))
    path.write_text(f"名称,省份,领域\n{rows}\n", encoding="gbk")
    chunks = list(read_file(path, ImportOptions()).chunks())
    outcomes = [
        outcome["outcome"]
        for place, chunk in enumerate(chunks)
        for outcome in directory.call("import_ngos", import_id="import-1", chunk=place, rows=chunk)[
            "outcomes"
        ]
    ]
    exported = directory.call("export_ngos", actor=ANONYMOUS)
    undone = [directory.call("undo_import", import_id="import-1") for _ in chunks]

    assert outcomes == ["imported"] * 250
    assert len(exported["items"]) == 250
    assert [result["more"] for result in undone] == [True, False]
    assert directory.call("list_ngos", count=True)["total"] == 0
