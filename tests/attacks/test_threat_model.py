"""The threat model names every case once, and only tests that exist."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "threat-model.md").read_text()
ROWS = re.findall(r"^\| (A\d\d) \|(.*)\|$", TEXT, re.MULTILINE)


def test_every_case_has_one_row():
    assert [case for case, _ in ROWS] == [f"A{number:02d}" for number in range(1, 61)]


@pytest.mark.parametrize(("case", "row"), ROWS, ids=[case for case, _ in ROWS])
def test_a_row_names_a_test_that_exists_or_says_what_is_missing(case, row):
    named = re.findall(r"`(\w+/\w+\.py)::(\w+)`", row)
    assert named or "Later: " in row
    for path, name in named:
        tree = ast.parse((ROOT / "tests" / path).read_text())
        assert name in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}, f"{path}::{name}"
