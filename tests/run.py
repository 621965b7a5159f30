"""Everything `make test` runs, and in the end what was left out and how to get it.

All on SQLite, then on PostgreSQL what is marked `both`; and beside them, since they wait half of their time, the pages
in a browser and the roads through processes.
`--faults` runs the slow and violent ones instead, and prints the table of faults; FAULT_REQUESTS and FAULT_SEED change
the size and the seed of the workload.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import IO

from tests import migrated, services
from tests.faults import figures

Running = subprocess.Popen[bytes]
NOTHING_COLLECTED = 5
TWO = ("-n", "2", "--dist", "loadfile")
# In the order of the files the longest ones begin.
THREE_IN_ORDER = ("-n", "3", "--dist", "loadfile", "--no-loadscope-reorder")


def begun(expression: str, *options: str, output: IO[bytes] | None = None, **environment: str) -> Running:
    """A run of pytest; what it says comes here, or goes to `output`."""
    command = [sys.executable, "-m", "pytest", "-m", expression, *options]
    # Compiled modules are kept: the processes of these tests start a hundred times, and would compile all anew.
    environment = {**os.environ, **environment, "PYTHONDONTWRITEBYTECODE": ""}
    return subprocess.Popen(command, env=environment, stdout=output, stderr=output)


def ended(running: Running) -> int:
    """Its status, when it has ended."""
    status = running.wait()
    return 0 if status == NOTHING_COLLECTED else status


def pytest(expression: str, *options: str, **environment: str) -> int:
    return ended(begun(expression, *options, **environment))


def on_postgresql(expression: str, *options: str) -> int:
    with services.postgresql() as url, migrated.databases(url) as environment:
        return pytest(expression, *options, **environment)


def everyday(postgresql: dict[str, str]) -> list[int]:
    """What computes, and beside it what waits; without PostgreSQL, which that is the environment of, all on SQLite."""
    computing = "not long and not browser and not process"
    with tempfile.TemporaryDirectory(prefix="portal-run-") as folder, (Path(folder) / "said").open("w+b") as said:
        waiting = begun("(browser or process) and not long", *THREE_IN_ORDER, output=said, **postgresql)
        title("SQLite")
        statuses = [pytest(computing, *TWO)]
        if postgresql:
            title("PostgreSQL")
            statuses.append(pytest(f"both and {computing}", *TWO, **postgresql))
        statuses.append(ended(waiting))
        title("Browser and processes")
        print((Path(folder) / "said").read_text(), flush=True)
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
            with services.postgresql() as url, migrated.databases(url) as environment:
                statuses += everyday(environment)
    except services.Missing as missing:
        left_out.append(f"the tests on PostgreSQL: {missing}")
        if not faults:
            statuses += everyday({})

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
