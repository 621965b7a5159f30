"""The measurement of packages, scaled down: memory does not grow with what is held, also where values are large."""

import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.process


def test_the_memory_of_a_package_does_not_grow_with_what_is_held(postgres_url):
    env = {**os.environ, "TEST_DATABASE_URL": postgres_url}
    command = [sys.executable, "-m", "bench", "package", "--mebibytes", "40", "--only", "memory"]
    said = subprocess.run(command, env=env, capture_output=True, text=True, timeout=600, check=False)
    assert said.returncode == 0, said.stdout + said.stderr
    assert "SUMMARY package: 4 of 4 hold" in said.stdout, said.stdout
