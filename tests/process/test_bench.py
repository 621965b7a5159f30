"""The measurement of the sweep, scaled down: what does not depend on the machine must hold on every run."""

import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.process
SMALL = ("--requests", "10000", "--few", "2000", "--due", "50", "--rounds", "1")


def test_a_sweep_among_ten_thousand_reads_no_table_whole_and_takes_a_constant_number_of_statements(postgres_url):
    env = {**os.environ, "TEST_DATABASE_URL": postgres_url}
    command = [sys.executable, "-m", "bench", *SMALL]
    said = subprocess.run(command, env=env, capture_output=True, text=True, timeout=600, check=False)
    held = [line.split("holds", 1)[1].strip() for line in said.stdout.splitlines() if line.startswith("  holds")]
    assert "0 sequential scans" in held, said.stdout + said.stderr
    assert any(line.endswith("for 20") for line in held), said.stdout
    assert any(line.startswith("every chain verifies") for line in held), said.stdout
    assert "SUMMARY sweep:" in said.stdout


def test_a_small_access_request_becomes_a_package_of_as_many_records_as_a_script_reads(postgres_url):
    env = {**os.environ, "TEST_DATABASE_URL": postgres_url}
    command = [sys.executable, "-m", "bench", "execute", "--only", "small", "--rounds", "1"]
    said = subprocess.run(command, env=env, capture_output=True, text=True, timeout=600, check=False)
    assert "21 rows: ours / script" in said.stdout, said.stdout + said.stderr
    assert "SUMMARY execute:" in said.stdout


def test_a_small_erasure_changes_as_many_rows_as_a_script_and_leaves_none(postgres_url):
    env = {**os.environ, "TEST_DATABASE_URL": postgres_url}
    command = [sys.executable, "-m", "bench", "execute", "--only", "erasure", "--rounds", "1"]
    said = subprocess.run(command, env=env, capture_output=True, text=True, timeout=600, check=False)
    assert "erasure of 21 rows: ours / script" in said.stdout, said.stdout + said.stderr
    assert "SUMMARY execute:" in said.stdout
