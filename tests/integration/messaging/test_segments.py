"""Our parts of an SMS are those of another program: the npm package sms-segments-calculator.

It keeps what looks like one character (a grapheme) in one part, which phones that join the parts do
not ask for. So the parts are compared where each character is a grapheme of its own.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gateway.graphiql import npm
from services.messaging.contract.codes import Encoding
from services.messaging.rules import gsm
from services.messaging.rules.segments import segments
from tests import node
from tests.unit.messaging.texts import gsm_texts, texts

NAMES = {Encoding.GSM_7: "GSM-7", Encoding.UCS_2: "UCS-2"}
EXIT_S_MAX = 30
FIRST_CHINESE = 0x2E80

Ask = Callable[[str], dict[str, Any]]
# Letters, digits, signs and emoji that nothing joins to their neighbours.
plain_texts = st.text(
    st.one_of(
        st.sampled_from("洪水大理市下关镇，。求救𠮷野家"),
        st.sampled_from("فيضانفيالمدينة؟"),
        st.sampled_from("😀🌊🚑"),
        st.sampled_from(sorted(gsm.SEPTETS)),
    ),
    max_size=400,
)


@pytest.fixture(scope="module")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ask]:
    """What the other program makes of a text."""
    folder = node.installed("sms_segments", tmp_path_factory)
    process = subprocess.Popen(
        ["node", "segment.js"],
        cwd=folder,
        env=npm.with_node(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    )
    assert process.stdin is not None
    assert process.stdout is not None
    stdin, stdout = process.stdin, process.stdout

    def answer(text: str) -> dict[str, Any]:
        stdin.write(f"{json.dumps(text)}\n")
        stdin.flush()
        answer: dict[str, Any] = json.loads(stdout.readline())
        return answer

    yield answer
    stdin.close()
    assert process.wait(EXIT_S_MAX) == 0
    stdout.close()


@settings(deadline=None)
@given(plain_texts)
@example("")
@example("€" * 81)
@example("😀" * 36)
@example("\r\n" * 81)
def test_parts_are_those_of_the_other_program(ask: Ask, text: str) -> None:
    """Encoding, where it is cut, and what each part takes."""
    theirs = ask(text)
    ours = segments(text)

    assert NAMES[ours.encoding] == theirs["encoding"]
    assert [(part.text, part.units) for part in ours.parts] == [
        (part["text"], len(part["units"])) for part in theirs["parts"]
    ]


@settings(deadline=None)
@given(gsm_texts)
def test_septets_are_those_of_the_other_program(ask: Ask, text: str) -> None:
    """Every character of the alphabet, escapes and all."""
    theirs = ask(text)

    assert [bytes(part["units"]) for part in theirs["parts"]] == [
        b"".join(gsm.SEPTETS[sign] for sign in part.text) for part in segments(text).parts
    ]


def test_the_alphabet_is_that_of_the_other_program(ask: Ask) -> None:
    """Of all characters before the Chinese ones, it takes the same for GSM 03.38."""
    signs = [chr(code) for code in range(FIRST_CHINESE) if chr(code) != gsm.ESCAPE]

    assert [sign for sign in signs if ask(sign)["encoding"] == "GSM-7"] == sorted(gsm.SEPTETS)


@settings(deadline=None)
@given(texts)
def test_a_text_never_takes_more_parts_than_the_other_program_says(ask: Ask, text: str) -> None:
    """Combining marks and joined emoji included, which it would rather not cut."""
    theirs = ask(text)
    ours = segments(text)

    assert NAMES[ours.encoding] == theirs["encoding"]
    assert ours.units == sum(len(part["units"]) for part in theirs["parts"])
    assert len(ours.parts) <= len(theirs["parts"])
