"""docs/howto/files.md does what it says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from tests.integration.files.conftest import Node
from tests.unit.files.samples import photo

PAGE = Path(__file__).parents[3] / "docs" / "howto" / "files.md"
BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)


def test_the_howto_can_be_followed(node: Node) -> None:
    """Its blocks run one after the other, and leave a photo without its place."""
    blocks = BLOCK.findall(PAGE.read_text(encoding="utf-8"))
    place: dict[str, Any] = {"__name__": "howto", "records": node.records, "upload": photo()}
    for block in blocks:
        exec(compile(block, str(PAGE), "exec"), place)

    assert len(blocks) == 3
    assert place["headers"]["Content-Type"] == "image/jpeg"
    assert place["headers"]["Content-Disposition"].startswith("inline; filename*=UTF-8''%E8")
    assert place["first_bytes"].startswith(b"\xff\xd8\xff")
    [record] = node.records.get([place["result"]["id"]]).values()
    assert record.body["files"] == [place["reference"]]
    assert node.library.scopes(place["reference"]["sha256"]) == {"public"}
