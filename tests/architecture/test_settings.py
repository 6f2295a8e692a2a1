"""docs/settings.md lists every setting, in the words of the code."""

from __future__ import annotations

from pathlib import Path

from pydantic_core import PydanticUndefined

from hinterland.config import Settings

DOCS = Path(__file__).parents[2] / "docs"


def settings_table() -> str:
    """The table as it has to stand in docs/settings.md."""
    lines = ["| Setting | Default | What it is for |", "| --- | --- | --- |"]
    for name, field in Settings.model_fields.items():
        default = "" if field.default is PydanticUndefined else shown(field.default)
        lines.append(f"| `{name}` | {default} | {field.description} |")
    return "\n".join(lines)


def shown(default: object) -> str:
    if isinstance(default, tuple):
        return ", ".join(f"`{value}`" for value in default)
    return f"`{default}`" if default != "" else ""


def test_every_setting_is_documented_in_the_words_of_the_code() -> None:
    """Whoever adds a setting describes it for the operator too."""
    assert settings_table() in (DOCS / "settings.md").read_text(encoding="utf-8")
