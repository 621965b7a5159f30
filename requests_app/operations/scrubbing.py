"""Where deleted rows would still lie: the log of SQLite. `secure_delete` (portal/env.py) overwrites them in the file,
and here the log that has them is emptied into it."""

import logging

from django.db import DatabaseError, connections
from django.db.backends.base.base import BaseDatabaseWrapper

log = logging.getLogger(__name__)
ALIASES = ("default", "keys")
PATIENCE = 2000  # milliseconds for readers and writers; a busy log is emptied by the next sweep, an hour later
USUAL = 20_000  # as portal/env.py sets it


def scrub() -> int:
    """Empty the logs; returns how many could be."""
    return sum(_truncate_log(connections[alias]) for alias in ALIASES if connections[alias].vendor == "sqlite")


def _truncate_log(connection: BaseDatabaseWrapper) -> bool:
    """False where somebody reads or writes: what was deleted stays in the log for another hour."""
    if connection.in_atomic_block:
        return False
    with connection.cursor() as cursor:
        try:
            cursor.execute(f"PRAGMA busy_timeout = {PATIENCE}")
            busy = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        except DatabaseError as error:
            busy = type(error).__name__
        finally:
            cursor.execute(f"PRAGMA busy_timeout = {USUAL}")
    if busy:
        log.info("the log of %s is in use (%s): emptied later", connection.alias, busy)
    return not busy
