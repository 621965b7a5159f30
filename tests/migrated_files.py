"""Both databases as SQLite files with all migrations behind them, to copy; kept until what they are made of changes."""

import fcntl
import hashlib
import shutil
from pathlib import Path

from tests import migrated, services

FILES = {"default": "portal.sqlite3", "keys": "keys.sqlite3"}
KEPT = migrated.ROOT / ".pytest_cache" / "migrated"
MADE_OF = (
    "requests_app/migrations/*.py",
    "requests_app/operations/triggers.py",
    "requests_app/routers.py",
    "portal/settings.py",
    "requirements.txt",
)


def urls(folder: Path) -> dict[str, str]:
    return {
        "DATABASE_URL": f"sqlite:///{folder}/{FILES['default']}",
        "KEYS_DATABASE_URL": f"sqlite:///{folder}/{FILES['keys']}",
    }


def kept() -> Path:
    """The folder with both; whoever needs it first makes it."""
    sources = sorted(path for pattern in MADE_OF for path in migrated.ROOT.glob(pattern))
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()
    folder, making = KEPT / digest[:16], KEPT / "making"
    KEPT.mkdir(parents=True, exist_ok=True)
    with (KEPT / "lock").open("w") as lock:  # parallel workers share it
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            for older in KEPT.glob("*/"):
                shutil.rmtree(older)
            making.mkdir()
            migrated.migrate(services.process_environment(**urls(making)))
            making.rename(folder)
    return folder


def copy(folder: Path) -> dict[str, str]:
    """Put them into this folder, empty, and return their URLs."""
    shutil.copytree(kept(), folder, dirs_exist_ok=True)
    return urls(folder)
