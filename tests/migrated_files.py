"""Both databases as SQLite files with all migrations behind them, made once for a run and copied."""

import fcntl
import os
import shutil
from pathlib import Path

from tests import migrated, services
from tests.environment import DIRECTORY

FILES = {"default": "portal.sqlite3", "keys": "keys.sqlite3"}
FOLDER = Path(os.environ.get("MIGRATED_FILES") or DIRECTORY)  # tests.run names one for all its parts


def urls(folder: Path) -> dict[str, str]:
    return {
        "DATABASE_URL": f"sqlite:///{folder}/{FILES['default']}",
        "KEYS_DATABASE_URL": f"sqlite:///{folder}/{FILES['keys']}",
    }


def kept() -> Path:
    """The folder with both; whoever needs it first makes it."""
    folder = FOLDER / "migrated"
    with (FOLDER / "migrated.lock").open("w") as lock:  # parallel workers share it
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            making = FOLDER / "migrating"
            making.mkdir()
            migrated.migrate(services.process_environment(**urls(making)))
            making.rename(folder)
    return folder


def copy(folder: Path) -> dict[str, str]:
    """Put them into this folder, empty, and return their URLs."""
    shutil.copytree(kept(), folder, dirs_exist_ok=True)
    return urls(folder)
