"""Every limit has a name, and docs/limits.md lists them: written from the code by `make limits`.

A limit is a named number at the top of a module. What stands in the comment before it, or behind
it on the line, is what the table says about it.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

__all__ = ["PAGE", "Limit", "limits", "render"]

ROOT: Final = Path(__file__).parents[2]
PAGE: Final = ROOT / "docs" / "limits.md"
PACKAGES: Final = ("hinterland", "services", "gateway", "cli", "deploy")
NAME: Final = re.compile(
    r"[A-Z][A-Z0-9_]*_(MAX|MIN|S|MS|BYTES|DAYS|HOURS|START|DEFAULT|KEPT|LIMIT_S)"
    r"|[A-Z0-9_]*_(MAX|LIMIT|INTERVAL|PATIENCE|BUDGET)(_[A-Z]+)*"
)


NUMERIC: Final = (
    *(ast.Constant, ast.BinOp, ast.UnaryOp, ast.operator, ast.unaryop),
    *(ast.Name, ast.Attribute, ast.expr_context),
)


@dataclass(frozen=True)
class Limit:
    """One named number. `value` is as the code has it, which says more than the product."""

    module: str
    name: str
    value: str
    meaning: str


def limits() -> Iterator[Limit]:
    """All limits, by module, in the order in which the code has them."""
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            lines = path.read_text(encoding="utf-8").splitlines()
            module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            for node in ast.parse("\n".join(lines)).body:
                if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                    name = node.target.id
                    if NAME.fullmatch(name):
                        yield from _limit(module, name, node, lines)


def _limit(module: str, name: str, node: ast.AnnAssign, lines: list[str]) -> Iterator[Limit]:
    # Read, not imported: some modules change the process that imports them.
    if node.value is not None and all(isinstance(part, NUMERIC) for part in ast.walk(node.value)):
        value = ast.unparse(node.value)
        yield Limit(module.removesuffix(".__init__"), name, value, _meaning(node, lines))


def _meaning(node: ast.AnnAssign, lines: list[str]) -> str:
    assert node.end_lineno is not None
    behind = lines[node.end_lineno - 1].partition("  # ")[2]
    if behind:
        return behind
    above: list[str] = []
    for line in reversed(lines[: node.lineno - 1]):
        if not line.startswith("# "):
            break
        above.insert(0, line.removeprefix("# "))
    return " ".join(above)


def render() -> str:
    """The page as it should be."""
    text = [
        "# Limits",
        "",
        "No queue, loop, page, body or wait is without a limit, and each limit has a name. Units",
        "are in the names: `_S` seconds, `_MS` milliseconds, `_BYTES` bytes; others are counts.",
        "Written by `make limits`.",
    ]
    module = ""
    for limit in limits():
        if limit.module != module:
            module = limit.module
            text += ["", f"## {module}", "", "| limit | value | |", "|---|---|---|"]
        meaning = limit.meaning.replace("|", "\\|")
        text.append(f"| `{limit.name}` | `{limit.value}` | {meaning} |")
    return "\n".join(text) + "\n"


if __name__ == "__main__":
    PAGE.write_text(render(), encoding="utf-8")
    sys.stdout.write(f"wrote {PAGE.relative_to(ROOT)}\n")
