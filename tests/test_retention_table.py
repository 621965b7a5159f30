"""The table of what the portal keeps says what the policies say, and every destruction in it is evidence."""

import re
from dataclasses import fields
from pathlib import Path

from requests_app.operations.evidence import Kind
from requests_app.rules.policy import Retention
from requests_app.rules.policy_file import parse

ROOT = Path(__file__).parent.parent
TABLE = (ROOT / "docs" / "erasure.md").read_text().split("\n|---|---|---|---|---|\n")[1].split("\n\n")[0]
ROWS = [[cell.strip().strip("`") for cell in line.split("|")[1:-1]] for line in TABLE.splitlines()]
POLICIES = {
    name: parse((ROOT / "policies" / f"{name}.toml").read_text()).retention for name in ("digital-assets", "ecp")
}


def test_every_period_of_the_policy_stands_in_the_table_with_its_days():
    named = {period: (int(assets), int(ecp)) for _what, period, assets, ecp, _kind in ROWS if assets}
    assert named == {
        field.name: (getattr(POLICIES["digital-assets"], field.name), getattr(POLICIES["ecp"], field.name))
        for field in fields(Retention)
    }


def test_every_destruction_is_a_kind_of_evidence_and_none_is_missing():
    told = {kind for *_row, kind in ROWS}
    assert told == {kind.value for kind in Kind if re.search("_destroyed$", kind.value)}
