"""The threat model names every case once; that the tests it names exist is asked by tests/test_documents.py."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "threat-model.md").read_text()
ROWS = re.findall(r"^\| (A\d\d) \|(.*)\|$", TEXT, re.MULTILINE)


def test_every_case_has_one_row():
    assert [case for case, _ in ROWS] == [f"A{number:02d}" for number in range(1, 61)]


@pytest.mark.parametrize(("case", "row"), ROWS, ids=[case for case, _ in ROWS])
def test_a_row_names_a_test_or_says_what_is_missing(case, row):
    assert re.search(r"`tests/[\w/]+\.py::[\w:]+`", row) or "Later: " in row
