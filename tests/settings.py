"""portal.settings under the environment of the tests, with test databases that are files.

An SQLite database in memory has no second connection and proves nothing about locks.
"""

import os

from tests.environment import DIRECTORY  # isort: skip (first: it sets what the settings read)

from portal.settings import *  # noqa: F403
from portal.settings import DATABASES

for _alias, _database in DATABASES.items():
    if _database["ENGINE"] == "django.db.backends.sqlite3":
        _database["TEST"] = {"NAME": str(DIRECTORY / f"test-{_alias}.sqlite3")}
        # No test pulls the plug of the machine, and waiting for its disk takes a third of some.
        _database["OPTIONS"]["init_command"] = "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF;"
    elif _migrated := os.environ.get("MIGRATED"):
        # Two runs may share a server: the folder is of one of them.
        _name = f"{DIRECTORY.name}_{_alias}".replace("-", "_")
        _database["TEST"] = {"NAME": _name, "TEMPLATE": f"{_migrated}_{_alias}"}

# Sign-ins of tests need no slow hash.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

# Parallel workers share the folder of the run: each sweeps its own files only.
FILES_DIR = DIRECTORY / "files" / os.environ.get("PYTEST_XDIST_WORKER", "alone")
REGISTER_DIR = DIRECTORY / "register" / os.environ.get("PYTEST_XDIST_WORKER", "alone")
