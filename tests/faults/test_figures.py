"""A figure that is missed fails the run, and stands in the table all the same."""

import json
import os
from dataclasses import asdict
from pathlib import Path

import pytest

from tests import run
from tests.faults import figures


def test_a_figure_above_its_limit_is_kept_and_fails(monkeypatch, tmp_path):
    file = tmp_path / "figures"
    monkeypatch.setenv("FAULT_FIGURES", str(file))
    figures.exactly("F20", "rounds", 200, 200)
    with pytest.raises(AssertionError, match="notices lost is 1"):
        figures.at_most("F01", "notices lost", 1, 0, seed=7)
    rows = figures.kept(file)
    assert [row.held for row in rows] == [True, False]
    lost, rounds = figures.table(rows).splitlines()[1:]
    assert lost.split() == ["F01", "notices", "lost", "1", "<=", "0", "NO", "7"]
    assert rounds.split() == ["F20", "rounds", "200", "200", "yes"]


def test_make_faults_fails_and_still_prints_the_table_when_a_figure_is_missed(monkeypatch, capsys):
    def measured(expression, *options):
        row = figures.Figure("F08", "acknowledged filings lost", 1, "0", held=False)
        with Path(os.environ["FAULT_FIGURES"]).open("a") as out:
            out.write(json.dumps(asdict(row)) + "\n")
        return 0

    monkeypatch.setattr(os, "environ", dict(os.environ))
    monkeypatch.setattr(run, "on_postgresql", measured)
    assert run.faults_on_postgresql() is False
    assert "F08    acknowledged filings lost  1       0      NO" in capsys.readouterr().out
