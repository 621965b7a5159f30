"""Measure a package from its source to the sealed ZIP: memory, and speed against `psql \\copy` of the same rows.

Each figure is that of a process of its own on one PostgreSQL: Ana's request is filed, her source is read into a sealed
stream, the package is made of it, JSON Lines and CSV, digested, deflated, sealed. Limits: peak memory at the full size
at most 64 MB above idle and 16 MB above the peak at 10 MiB, also with values of 1 MB; one table at least half the speed
of `psql \\copy` to a file, the general path a fifth. Of several runs the least disturbed counts. Exit 1 where missed.
Run by `python -m bench package`; smaller with `--mebibytes 192 --only speed`.
"""

import argparse
import importlib
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import django
import psycopg2

from tests import services

NOW = datetime(2026, 11, 22, 12, 30, tzinfo=UTC)
MIB = 2**20
SMALL = 10  # MiB
ABOVE_IDLE, ABOVE_SMALL = 64.0, 16.0  # MB
ONE_TABLE, GENERAL = 0.5, 0.2  # of the speed of psql
EMAIL = "ana@example.org"
COLUMNS = {"one": "id, email, subject, body", "general": "id, email, subject, body, tags"}
MAPS = {
    "one": '[tables.letters.columns]\nid = "number"\nemail = { identity = "email" }\nsubject = {}\nbody = {}\n',
    # A column of the type json takes every row through Python.
    "general": '[tables.letters.columns]\nid = "number"\nemail = { identity = "email" }\nsubject = {}\nbody = {}\n'
    'tags = "json"\n',
}


def main(arguments: list[str] | None = None) -> int:
    """Seed the rows, run each child, print the ratios."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--mebibytes", type=int, default=1024, help="of the source")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", choices=("memory", "speed"))
    parser.add_argument("--child", help=argparse.SUPPRESS)
    parser.add_argument("--value", type=int, default=1000, help=argparse.SUPPRESS)
    chosen = parser.parse_args(arguments)
    if chosen.child:
        return _child(chosen.child, chosen.mebibytes, chosen.value)
    checks: list[tuple[str, bool]] = []

    def check(words: str, holds: bool) -> None:
        checks.append((words, holds))
        print(f"  {'holds ' if holds else 'MISSED'} {words}", flush=True)

    for value in (1000, MIB) if chosen.only != "speed" else ():
        print(f"memory, values of {value} bytes", flush=True)
        small, large = (child("memory", size, value) for size in (SMALL, chosen.mebibytes))
        above = large["peak"] - large["idle"]
        check(f"{value}: peak {above:.0f} MB above idle, at most {ABOVE_IDLE:g}", above <= ABOVE_IDLE)
        more = large["peak"] - small["peak"]
        check(f"{value}: peak {more:.0f} MB above that at {SMALL} MiB, at most {ABOVE_SMALL:g}", more <= ABOVE_SMALL)
    for path, least in (("one", ONE_TABLE), ("general", GENERAL)) if chosen.only != "memory" else ():
        size = seeded(path, chosen.mebibytes)
        psql: list[float] = []
        ours: list[dict[str, float]] = []
        for _ in range(chosen.rounds):
            psql.append(copied(path))
            ours.append(child(path, chosen.mebibytes, 0))
        best = min(ours, key=lambda run: run["read"] + run["made"])
        took = best["read"] + best["made"]
        print(
            f"  psql {size / min(psql):.0f} MB/s; read {best['read']:.1f} s, made {best['made']:.1f} s of {size:.0f} MB"
        )
        ratio = min(psql) / took
        check(f"{path}: {size / took:.0f} MB/s, {ratio:.2f} of psql, at least {least:g}", ratio >= least)
    missed = [words for words, holds in checks if not holds]
    print("; missed: ".join([f"SUMMARY package: {len(checks) - len(missed)} of {len(checks)} hold", *missed]))
    return 1 if missed else 0


def child(kind: str, mebibytes: int, value: int) -> dict[str, float]:
    """The figures of one run in a process of its own."""
    command = [sys.executable, "-m", "bench.package", "--child", kind]
    command += ["--mebibytes", str(mebibytes), "--value", str(value)]
    said = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    figures: dict[str, float] = json.loads(said.splitlines()[-1])
    return figures


def seeded(path: str, mebibytes: int) -> float:
    """Fill the table with rows of about 1 KiB of text; return the MB that psql copies of it."""
    chance = random.Random(7)
    vocabulary = ["".join(chance.choices("abcdefghijklmnopqrstuvwxyz", k=chance.randint(2, 9))) for _ in range(3000)]
    weights = [1 / (n + 1) for n in range(len(vocabulary))]
    texts = [" ".join(chance.choices(vocabulary, weights, k=220))[:960] for _ in range(1000)]
    with psycopg2.connect(os.environ["DATABASE_URL"]) as connection, connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS letters")
        tags = ", '{\"read\": true}'::json AS tags" if path == "general" else ""
        cursor.execute(
            "CREATE TABLE letters AS SELECT n::bigint AS id, %s::text AS email, 'Letter number ' || n AS subject,"
            f" (%s::text[])[1 + n %% 1000] AS body{tags} FROM generate_series(1, %s) AS n",
            [EMAIL, texts, mebibytes * 1024],
        )
        cursor.execute("ANALYZE letters")
    connection.close()
    with tempfile.TemporaryDirectory(prefix="portal-bench-") as folder:
        copied(path, folder)
        return (Path(folder) / "letters").stat().st_size / 1e6


def copied(path: str, folder: str = "") -> float:
    """Seconds that psql takes for the same rows, into a file."""
    with tempfile.TemporaryDirectory(prefix="portal-bench-") as own:
        target = Path(folder or own) / "letters"
        psql = shutil.which("psql") or str(Path(services.postgresql_tools()) / "psql")
        asked = f"SELECT {COLUMNS[path]} FROM letters WHERE email = '{EMAIL}'"
        started = time.perf_counter()
        command = [psql, "-q", os.environ["DATABASE_URL"], "-c", f"\\copy ({asked}) TO '{target}'"]
        subprocess.run(command, check=True)
        return time.perf_counter() - started


def _child(kind: str, mebibytes: int, value: int) -> int:
    """Read and make one package, and print what it took."""
    django.setup()
    reading = importlib.import_module("bench.reading")  # models cannot be imported before the setup
    with tempfile.TemporaryDirectory(prefix="portal-bench-") as folder:
        if kind != "memory":
            (Path(folder) / "map.toml").write_text(MAPS[kind])
        figures = reading.figures(kind, Path(folder), mebibytes=mebibytes, value=value, now=NOW)
    print(json.dumps(figures))
    return 0


if __name__ == "__main__":
    sys.exit(main())
