"""`make bench`: a PostgreSQL of its own (tests/services.py), migrated, then a measurement: that of the sweep, or
another that is named first; arguments scale it."""

import os
import subprocess
import sys

import psycopg2

from tests import environment, services

MEASUREMENTS = ("sweep", "package", "execute")


def main(arguments: list[str]) -> int:
    """Run one measurement on a fresh server; its exit status."""
    chosen, *rest = arguments if arguments[:1] and arguments[0] in MEASUREMENTS else ["sweep", *arguments]
    with services.postgresql() as url:
        server = psycopg2.connect(url)
        server.autocommit = True
        own = f"bench_{os.getpid()}"  # two of them may share a server
        for name in (own, f"{own}_keys"):
            server.cursor().execute(f"DROP DATABASE IF EXISTS {name}")
            server.cursor().execute(f"CREATE DATABASE {name}")
        server.close()
        env = {
            **os.environ,
            environment.MARK: str(environment.DIRECTORY),
            "DJANGO_SETTINGS_MODULE": "tests.settings",
            "DATABASE_URL": services.with_database(url, own),
            "KEYS_DATABASE_URL": services.with_database(url, f"{own}_keys"),
        }
        for alias in ("default", "keys"):
            migrate = [sys.executable, "manage.py", "migrate", "--verbosity", "0", "--database", alias]
            subprocess.run(migrate, env=env, check=True)
        return subprocess.run([sys.executable, "-m", f"bench.{chosen}", *rest], env=env, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
