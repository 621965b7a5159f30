"""Both databases as SQLite files with all migrations behind them, made once for a run and copied."""

import fcntl
import shutil
from pathlib import Path

from tests import migrated, services
from tests.environment import DIRECTORY


def urls(folder: Path) -> dict[str, str]:
    return {
        "DATABASE_URL": f"sqlite:///{folder}/portal.sqlite3",
        "KEYS_DATABASE_URL": f"sqlite:///{folder}/keys.sqlite3",
    }


def copy(folder: Path) -> dict[str, str]:
    """Put them into this folder, empty, and return their URLs."""
    kept = DIRECTORY / "migrated"
    with (DIRECTORY / "migrated.lock").open("w") as lock:  # parallel workers share it
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not kept.exists():
            making = DIRECTORY / "migrating"
            making.mkdir()
            migrated.migrate(services.process_environment(**urls(making)))
            making.rename(kept)
    shutil.copytree(kept, folder, dirs_exist_ok=True)
    return urls(folder)
