"""The directory's code lists."""

from __future__ import annotations

import subprocess
import sys

import pytest

from services.directory.contract.codes import CAUSES, LABEL_LANGUAGES, LEGAL_FORMS
from services.directory.contract.records import KINDS


@pytest.mark.parametrize("codes", [CAUSES, LEGAL_FORMS])
def test_every_code_has_a_label_in_every_language(codes: dict[str, dict[str, str]]) -> None:
    """Labels are there in all of LABEL_LANGUAGES, and differ from code to code."""
    for language in LABEL_LANGUAGES:
        labels = [label[language] for label in codes.values()]
        assert all(labels)
        assert len(labels) == len(set(labels))


def test_a_kind_of_a_newer_node_is_taken_with_its_codes() -> None:
    """A replica accepts causes and fields that it does not know yet."""
    KINDS["ngo"].model.model_validate(
        {"names": {"zh": "月球"}, "region": "CN-YN", "causes": ["moon_travel"], "orbit": "low"}
    )


def test_the_contract_is_light() -> None:
    """Whoever calls the directory loads neither a database driver nor a dictionary of pinyin."""
    heavy = ("pymongo", "nameko", "eventlet", "pypinyin", "phonenumbers", "opencc", "openpyxl")
    program = f"import sys, services.directory.contract; print({set(heavy)} & sys.modules.keys())"

    loaded = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert loaded.stdout.strip() == "set()"
