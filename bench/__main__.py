"""`make bench`: a PostgreSQL of its own (tests/services.py), migrated, then a measurement: that of the sweep, or
another that is named first; arguments scale it."""

import contextlib
import os
import subprocess
import sys

import psycopg2

from tests import environment, migrated, services

MEASUREMENTS = ("sweep", "package", "execute")


def main(arguments: list[str]) -> int:
    """Run one measurement on a fresh server; its exit status."""
    chosen, *rest = arguments if arguments[:1] and arguments[0] in MEASUREMENTS else ["sweep", *arguments]
    with services.postgresql() as url:
        own = {alias: f"bench_{os.getpid()}_{alias}" for alias in migrated.ALIASES}  # two of them may share a server
        with contextlib.closing(psycopg2.connect(url)) as server:
            server.autocommit = True
            copied = [migrated.copy(server.cursor(), alias, name) for alias, name in own.items()]
        env = {
            **os.environ,
            environment.MARK: str(environment.DIRECTORY),
            "DJANGO_SETTINGS_MODULE": "tests.settings",
            "DATABASE_URL": services.with_database(url, own["default"]),
            "KEYS_DATABASE_URL": services.with_database(url, own["keys"]),
        }
        if not all(copied):
            migrated.migrate(env)
        return subprocess.run([sys.executable, "-m", f"bench.{chosen}", *rest], env=env, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
