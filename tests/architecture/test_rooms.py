"""All rooms are alike, and say what they answer to."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

SERVICES = Path(__file__).parents[2] / "services"
PARTS = ("contract", "rules", "handlers", "queries", "service")
ROOMS = sorted(path.parent for path in SERVICES.glob("*/service.py"))
ENTRYPOINTS = ("rpc", "reaction")

each_room = pytest.mark.parametrize("room", ROOMS, ids=lambda room: str(room.name))


def has_part(room: Path, part: str) -> bool:
    return (room / f"{part}.py").is_file() or (room / part / "__init__.py").is_file()


def entrypoints(service: Path) -> Iterator[str]:
    """The names of the methods that others call, or that react to others."""
    for node in ast.walk(ast.parse(service.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef):
            for decorator in node.decorator_list:
                called = decorator.func if isinstance(decorator, ast.Call) else decorator
                if isinstance(called, ast.Name) and called.id in ENTRYPOINTS:
                    yield node.name


def test_the_rooms_of_this_version_are_there() -> None:
    """The tests below look at something."""
    assert {"accounts", "directory", "federation"} <= {room.name for room in ROOMS}


@each_room
def test_a_room_has_the_parts_that_every_room_has(room: Path) -> None:
    """Who knows one room knows where to look in all of them."""
    assert [part for part in PARTS if not has_part(room, part)] == []
    assert (room / "README.md").is_file()


@each_room
def test_what_only_this_room_has_is_in_its_readme(room: Path) -> None:
    """A further file or folder is named where a newcomer looks first."""
    readme = (room / "README.md").read_text(encoding="utf-8")
    further = {
        path.stem
        for path in room.iterdir()
        if path.name not in ("README.md", "__init__.py", "__pycache__") and path.stem not in PARTS
    }

    assert sorted(name for name in further if name not in readme) == []


@each_room
def test_every_entrypoint_is_in_the_readme(room: Path) -> None:
    """RPC and reactions of a room are listed on one screen."""
    readme = (room / "README.md").read_text(encoding="utf-8")
    names = list(entrypoints(room / "service.py"))

    assert names
    assert [name for name in names if f"`{name}`" not in readme] == []
