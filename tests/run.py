"""Everything `make test` runs, and in the end what was left out and how to get it.

First all on SQLite; then on PostgreSQL what is marked `both`, the pages in a browser, and
the roads through processes.
`--faults` runs the slow and violent ones instead, and prints the table of faults; FAULT_REQUESTS and FAULT_SEED change
the size and the seed of the workload.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests import migrated, services
from tests.faults import figures

NOTHING_COLLECTED = 5
TWO = ("-n", "2", "--dist", "loadfile")
# What drives a browser or processes waits half of its time. In the order of the files the longest ones begin.
THREE_IN_ORDER = ("-n", "3", "--dist", "loadfile", "--no-loadscope-reorder")


def pytest(expression: str, *options: str, **environment: str) -> int:
    command = [sys.executable, "-m", "pytest", "-m", expression, *options]
    # Compiled modules are kept: the processes of these tests start a hundred times, and would compile all anew.
    environment = {**os.environ, **environment, "PYTHONDONTWRITEBYTECODE": ""}
    status = subprocess.run(command, env=environment, check=False).returncode
    return 0 if status == NOTHING_COLLECTED else status


def on_postgresql(expression: str, *options: str) -> int:
    with services.postgresql() as url, migrated.databases(url) as environment:
        return pytest(expression, *options, **environment)


def everyday_on_postgresql() -> list[int]:
    """One server for both parts."""
    statuses = []
    with services.postgresql() as url, migrated.databases(url) as environment:
        for name, expression, options in (
            ("PostgreSQL", "both and not long and not browser and not process", TWO),
            ("Browser and processes, on PostgreSQL", "(browser or process) and not long", THREE_IN_ORDER),
        ):
            title(name)
            statuses.append(pytest(expression, *options, **environment))
    return statuses


def faults_on_postgresql() -> bool:
    """All faults at full size, then what else is long; print the table, and tell whether all holds."""
    with tempfile.TemporaryDirectory(prefix="portal-figures-") as folder:
        kept = Path(folder) / "figures"
        kept.touch()
        os.environ |= {"FAULTS": "full", "FAULT_FIGURES": str(kept)}
        # One after the other: what is measured shares the machine with nothing else.
        statuses = [on_postgresql("", "tests/faults"), on_postgresql("long", "--ignore", "tests/faults")]
        rows = figures.kept(kept)
    title("The table of faults")
    print(figures.table(rows))
    return not any(statuses) and bool(rows) and all(row.held for row in rows)


def title(text: str) -> None:
    print(f"\n=== {text} ===", flush=True)


def main(arguments: list[str]) -> int:
    faults = "--faults" in arguments
    left_out: list[str] = []
    statuses: list[int] = []

    if not faults:
        title("SQLite")
        statuses.append(pytest("not long and not browser and not process", *TWO))

    for what, probe in (("the browser tests", services.chromium), ("the tests on MariaDB", services.mariadbd)):
        try:
            probe()
        except services.Missing as missing:
            left_out.append(f"{what}: {missing}")
    try:
        if faults:
            title("Faults, on PostgreSQL")
            statuses.append(0 if faults_on_postgresql() else 1)
        else:
            statuses += everyday_on_postgresql()
    except services.Missing as missing:
        left_out.append(f"the tests on PostgreSQL: {missing}")
        if not faults:
            title("Browser and processes, on SQLite")
            statuses.append(pytest("(browser or process) and not long"))

    title("Result")
    for line in left_out:
        print(f"LEFT OUT: {line}")
    failed = any(statuses) or (bool(left_out) and services.required())
    if not left_out:
        print("Nothing was left out.")
    elif services.required():
        print("REQUIRE_SERVICES is set, so what is left out counts as failed.")
    print("FAILED" if failed else "PASSED")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
