"""What the documentation says to type exists, and what it links to is there."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from graphql import build_schema, parse, validate

from cli.main import main

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    [ROOT / "README.md", *(ROOT / "docs").rglob("*.md"), *(ROOT / "services").rglob("*.md")]
)
GRAPHQL = re.compile(r"^```graphql\n(.*?)^```", re.MULTILINE | re.DOTALL)
BLOCK = re.compile(r"^```(?:sh|console)\n(.*?)^```", re.MULTILINE | re.DOTALL)
INDENTED = re.compile(r"^    (\S.*)$", re.MULTILINE)
# After environment variables, if there are any.
OURS = re.compile(r"^(?:[A-Z_]+=\S+ )*((?:hinterland|make)(?: .*)?)$")
LINK = re.compile(r"\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)")

each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


def commands(page: Path) -> Iterator[list[str]]:
    """What the page's shell blocks say to type, as words, comments and prompts taken off."""
    text = page.read_text(encoding="utf-8")
    lines = "\n".join([*BLOCK.findall(text), *INDENTED.findall(text)]).replace("\\\n", " ")
    for line in lines.splitlines():
        for part in re.split(r" \| | && ", line.removeprefix("$ ")):
            found = OURS.search(part)
            if found:
                yield shlex.split(found.group(1), comments=True)


def all_commands(program: str) -> dict[str, list[str]]:
    """The arguments of every such command in the docs, by page and command."""
    return {
        f"{page.relative_to(ROOT)}: {shlex.join(words)}": words[1:]
        for page in PAGES
        for words in commands(page)
        if words[0] == program
    }


HINTERLAND = all_commands("hinterland")
MAKE = all_commands("make")


def test_there_is_something_to_check() -> None:
    """The pages hold commands, and they are found."""
    assert len(HINTERLAND) > 10
    assert len(MAKE) > 3


@pytest.mark.parametrize("arguments", HINTERLAND.values(), ids=HINTERLAND)
def test_every_hinterland_command_in_the_docs_is_one(arguments: list[str]) -> None:
    """Commands and options are spelt as the command line has them."""
    result = CliRunner().invoke(main, [*arguments, "--help"])

    assert result.exit_code == 0, result.output


@pytest.mark.parametrize("arguments", MAKE.values(), ids=MAKE)
def test_every_make_target_in_the_docs_is_one(arguments: list[str]) -> None:
    """Targets are in the Makefile."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))

    assert {word for word in arguments if "=" not in word} <= targets


@each_page
def test_every_graphql_document_is_one_of_this_api(page: Path) -> None:
    """What is shown can be pasted."""
    schema = build_schema((ROOT / "gateway" / "schema.graphql").read_text(encoding="utf-8"))
    documents = GRAPHQL.findall(page.read_text(encoding="utf-8"))

    assert [] == [
        error.message for document in documents for error in validate(schema, parse(document))
    ]


@each_page
def test_every_link_leads_somewhere(page: Path) -> None:
    """Relative links name files of this repository."""
    links = LINK.findall(page.read_text(encoding="utf-8"))

    assert [link for link in links if not (page.parent / link).exists()] == []
