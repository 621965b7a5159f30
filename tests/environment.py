"""The environment of the tests. Importing it sets it, once for a run; workers and children inherit it.

Only DATABASE_URL and KEYS_DATABASE_URL are taken from outside (tests/run.py sets them for PostgreSQL).
"""

import atexit
import os
import secrets
import shutil
import tempfile
from pathlib import Path

from cryptography.fernet import Fernet

MARK = "PORTAL_TEST_DIR"


def _remove(folder: Path, owner: int) -> None:
    if os.getpid() == owner:
        shutil.rmtree(folder, ignore_errors=True)


def prepare() -> Path:
    if MARK in os.environ:
        return Path(os.environ[MARK])
    folder = Path(tempfile.mkdtemp(prefix="portal-tests-"))
    atexit.register(_remove, folder, os.getpid())
    (folder / "static").mkdir()
    for name in list(os.environ):
        if name.endswith("_FILE") and name.removesuffix("_FILE") in {
            "SECRET_KEY",
            "MASTER_KEYS",
            "LOOKUP_KEYS",
            "SUPPRESSION_KEYS",
            "CODE_KEY",
            "PACKAGE_KEY",
        }:
            del os.environ[name]
    for name in (
        "DATA_SOURCES_FILE",
        "CLAMD_URL",
        "IMPORT_KEYS",
        "REGISTER_DIR",
        "EMAIL_URL",
        "CELERY_BROKER_URL",
        "ALLOWED_HOSTS",
        "DEBUG",
        "BEHIND_PROXY",
        "DEFAULT_FROM_EMAIL",
        *(name for name in os.environ if name.startswith(("PERSON_OIDC", "STAFF_OIDC"))),
    ):
        os.environ.pop(name, None)
    os.environ.update(
        {
            MARK: str(folder),
            "VAR_DIR": str(folder),
            "FILES_DIR": str(folder / "files"),
            "DEMO": "0",
            "PLAIN_STATIC": "1",
            "PUBLIC_URL": "http://testserver",
            "ORGANISATION_NAME": "Example Organisation",
            "ACCENT_COLOUR": "#1d4f91",
            "SECRET_KEY": secrets.token_urlsafe(60),
            "MASTER_KEYS": Fernet.generate_key().decode(),
            "LOOKUP_KEYS": f"1:{secrets.token_hex(32)}",
            "SUPPRESSION_KEYS": f"1:{secrets.token_hex(32)}",
            "CODE_KEY": secrets.token_hex(32),
            "PACKAGE_KEY": secrets.token_hex(32),
            "LOG_LEVEL": "WARNING",
        }
    )
    return folder


DIRECTORY = prepare()
