"""NGOs on the map: they follow the directory, whatever becomes of them there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from hinterland.actors import ANONYMOUS
from hinterland.rooms.answers import KeptPerHead
from services.directory.contract.calls import ExportNgos, ListNgos, UpdateNgo, WithdrawNgo
from services.directory.handlers import ngos
from services.directory.handlers import reading as directory_reading
from services.map.contract.calls import ListPins, ReadTile
from services.map.handlers import pins, tiles
from tests.integration.directory.conftest import Node as Directory
from tests.integration.map.conftest import KUNMING, Node

LANZHOU = {"lat": 36.0564, "lng": 103.7922}


class Followed:
    """A map beside a directory, which it calls as it would over RPC."""

    def __init__(self, map_node: Node, directory: Directory) -> None:
        self.map = map_node
        self.directory = directory
        self.called: list[str] = []

    def follow(self) -> list[str]:
        """Reacts once; returns what was called."""
        self.called = []
        head = pins.follow_ngos(self.map.records, self._call)
        assert self.directory.records.head() == head
        return self.called

    def _call(self, service: str, method: str, params: dict[str, Any]) -> Any:
        self.called.append(f"{service}.{method}")
        records, actor = self.directory.records, self.directory.staff
        if method == "export_ngos":
            given = ExportNgos.model_validate({**params, "first": 2})
            return directory_reading.export_ngos(records, actor, given)
        listed = ListNgos.model_validate(params)
        return directory_reading.list_ngos(records, KeptPerHead(), actor, listed)

    def shown(self, **params: Any) -> list[str]:
        listed = pins.list_pins(self.map.records, ANONYMOUS, ListPins(**params))
        return [next(iter(pin["names"].values())) for pin in listed["items"]]


@pytest.fixture
def followed(
    yunnan: Node, databases: Callable[[str], Database[dict[str, Any]]], tmp_path: Path
) -> Followed:
    database = databases("pinned-directory")
    for name in (*database.list_collection_names(),):
        database[name].delete_many({})
    (tmp_path / "directory").mkdir()
    return Followed(yunnan, Directory("yunnan", database, tmp_path / "directory"))


def test_pins_follow_what_is_registered_changed_and_withdrawn(followed: Followed) -> None:
    """First all of it; then what came since; and all of it again only when something is gone."""
    directory = followed.directory
    first = directory.register(names={"zh": "绿色流域"}, location=KUNMING)
    for name in ("جمعية", "Green Camel Bell", "大理"):
        directory.register(names={"zh": name}, location=LANZHOU, region="CN-GS")
    directory.register(names={"zh": "没有地址"})
    assert {"directory.export_ngos"} == set(followed.follow())
    assert ["绿色流域", "جمعية", "Green Camel Bell", "大理"] == followed.shown()

    change = {"names": {"zh": "绿色流域二"}, "location": LANZHOU}
    version = directory.get(first)["version"]
    params = UpdateNgo(command_id=directory.command(), id=first, version=version, changes=change)
    ngos.update_ngo(directory.records, directory.staff, params)
    assert {"directory.list_ngos"} == set(followed.follow())
    assert "绿色流域二" == followed.shown()[0]

    withdrawn = WithdrawNgo(command_id=directory.command(), id=first)
    ngos.withdraw_ngo(directory.records, directory.staff, withdrawn)
    followed.follow()
    assert ["جمعية", "Green Camel Bell", "大理"] == followed.shown()
    assert ["جمعية"] == followed.shown(first=1, region="CN-GS")
    assert [] == followed.shown(region="CN-YN")


def test_a_pin_is_seen_by_whoever_may_see_its_ngo(followed: Followed) -> None:
    """The directory's own table of rights decides."""
    followed.directory.register(names={"zh": "成员"}, location=KUNMING, scope="members")
    followed.directory.register(names={"zh": "公开"}, location=KUNMING)
    followed.follow()
    staff = pins.list_pins(followed.map.records, followed.map.staff, ListPins())

    assert ["公开"] == followed.shown()
    assert 2 == len(staff["items"])


def test_tiles_have_ngos_as_a_layer_of_their_own(followed: Followed) -> None:
    """With names by language; a tile changes its versions when a pin does."""

    def tile() -> dict[str, Any]:
        params = ReadTile(zoom=0, x=0, y=0)
        return tiles.read_tile(followed.map.records, KeptPerHead(), ANONYMOUS, params)

    before = tile()
    names = {"zh": "绿色流域", "ar": "حوض أخضر"}
    ngo = followed.directory.register(names=names, location=KUNMING, causes=["environment"])
    followed.follow()
    after = tile()
    [feature] = next(each for each in after["layers"] if each["name"] == "ngos")["features"]

    assert before["versions"] != after["versions"]
    assert {
        "id": ngo,
        "name:zh": "绿色流域",
        "name:ar": "حوض أخضر",
        "causes": "environment",
        "region": "CN-YN",
    } == {key: value for key, value in feature.items() if key not in "xy"}
