"""Which column is which field: by its heading in several languages, or by a mapping file.

A *target* is where a column's cells go. What targets there are is for the room to say.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Final

import orjson

from hinterland import search
from hinterland.errors import BadInput

__all__ = ["COLUMNS_MAX", "Columns"]

COLUMNS_MAX: Final = 300  # further columns are not looked at
MAPPING_BYTES_MAX: Final = 1024 * 1024  # of a mapping file

_BRACKETS: Final = re.compile(r"[(（\[【<《].*?[)）\]】>》]")
_MARKS: Final = re.compile(r"[*＊:：\s]+$|^[*＊\s]+")
# 机构名称 / Name, 名称 Name
_LANGUAGES_APART: Final = re.compile(r"[/|\n]|(?<=[\u4e00-\u9fff])\s+(?=[A-Za-z])")


def _key(heading: str) -> str:
    bare = _MARKS.sub("", _BRACKETS.sub("", heading)) or heading
    return search.fold(bare).replace(" ", "")


class Columns:
    """The headings of one kind of file.

    `headings` has them by target, as they are met: Chinese words between spaces, then words and
    phrases of other languages between bars; what stands in brackets is not compared. `is_target`
    says what a mapping file may name, and `targets` lists the usual ones for whoever edits it. Of
    two columns with one target the first counts, but for those that are `repeatable`.
    """

    def __init__(
        self,
        headings: Mapping[str, str],
        *,
        is_target: Callable[[str], bool],
        targets: Sequence[str],
        repeatable: Collection[str] = (),
    ) -> None:
        self._is_target = is_target
        self._usual = list(targets)
        self._repeatable = frozenset(repeatable)
        self._targets: dict[str, str] = {}
        for target, line in headings.items():
            chinese, *others = line.split("|")
            for heading in (*chinese.split(), *others):
                self._targets.setdefault(_key(heading), target)

    def target_of(self, heading: str) -> str | None:
        """The target of a heading, in one language or in several; None if it is not known."""
        exact = heading.strip()
        if self._is_target(exact):  # as our own export writes it
            return exact
        parts = [heading, *_LANGUAGES_APART.split(heading)]
        found = (self._targets.get(_key(part)) for part in parts)
        return next((target for target in found if target is not None), None)

    def headings(self, row: Sequence[str]) -> dict[int, str]:
        """The targets of a row's cells that are known headings, by column."""
        found: dict[int, str] = {}
        for place, cell in enumerate(row[:COLUMNS_MAX]):
            target = self.target_of(cell) if cell.strip() else None
            known = target in found.values() and target not in self._repeatable
            if target is not None and not known:
                found[place] = target
        return found

    def read_mapping(self, path: Path) -> dict[str, str | None]:
        """A mapping file: JSON, `{"columns": {heading: target or null}}`. Raises BadInput."""
        try:
            content = path.read_bytes()
            if len(content) > MAPPING_BYTES_MAX:
                raise BadInput(f"{path} is too large for a mapping file", field="mapping")
            columns = orjson.loads(content)["columns"]
            mapping = {str(heading): target for heading, target in columns.items()}
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise BadInput(
                f"{path} is no mapping file ({error}); --write-mapping makes one to start from",
                field="mapping",
            ) from error
        for heading, target in mapping.items():
            if target is not None and not self._is_target(target):
                raise BadInput(
                    f"{path} sends {heading!r} to {target!r}, which is no field; the mapping that "
                    "--write-mapping makes lists them all",
                    field="mapping",
                )
        return mapping

    def write_mapping(self, path: Path, columns: Mapping[str, str | None]) -> None:
        """Starts a mapping file: every heading with its target, null where a person has to say."""
        content = {"columns": dict(columns), "targets": self._usual}
        path.write_bytes(orjson.dumps(content, option=orjson.OPT_INDENT_2) + b"\n")
