"""Databases with all migrations behind them, made once for a run: to copy one takes a tenth of the time to migrate."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg2

from tests import services

ROOT = Path(__file__).parents[1]
ALIASES = ("default", "keys")


def migrate(environment: dict[str, str]) -> None:
    for alias in ALIASES:
        command = [sys.executable, "manage.py", "migrate", "-v0", "--database", alias]
        subprocess.run(command, cwd=ROOT, env={**os.environ, **environment}, check=True)


@contextlib.contextmanager
def databases(url: str) -> Iterator[dict[str, str]]:
    """The environment of tests on this PostgreSQL. MIGRATED names what `copy` and tests.settings begin with."""
    run = f"portal_{os.getpid()}"
    names = dict(zip(ALIASES, (f"{run}_{alias}" for alias in ALIASES), strict=True))
    environment = {
        "DATABASE_URL": services.with_database(url, names["default"]),
        "KEYS_DATABASE_URL": services.with_database(url, names["keys"]),
    }
    with contextlib.closing(psycopg2.connect(services.with_database(url, "postgres"))) as server:
        server.autocommit = True
        cursor = server.cursor()
        for name in names.values():
            cursor.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
            cursor.execute(f"CREATE DATABASE {name}")
        try:
            migrate({**environment, "DJANGO_SETTINGS_MODULE": "tests.settings"})
            yield {**environment, "MIGRATED": run}
        finally:
            for name in names.values():
                cursor.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def copy(cursor: Any, alias: str, name: str) -> bool:
    """Make the database `name` of this server a copy; False where there is nothing to copy, and it is empty."""
    like = f"{os.environ.get('MIGRATED', '')}_{alias}"
    cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [like])
    found = cursor.fetchone() is not None
    cursor.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    cursor.execute(f"CREATE DATABASE {name}" + (f" TEMPLATE {like}" if found else ""))
    return found
