"""Where deleted rows would still lie: the log of SQLite, and the pages of the keys on PostgreSQL.

On SQLite `secure_delete` (portal/env.py) overwrites them in the file, and here the log that has them is emptied into
it. On PostgreSQL all but the wrapped keys is sealed: their table, which is small, is written anew.
"""

import logging
from datetime import datetime, timedelta

from django.db import DatabaseError, connections
from django.db.backends.base.base import BaseDatabaseWrapper

from requests_app.models import Submission, SubmissionKey

log = logging.getLogger(__name__)
ALIASES = ("default", "keys")
PATIENCE = 2000  # milliseconds for readers and writers; what is busy is done by the next sweep, an hour later
USUAL = 20_000  # as portal/env.py sets it
# For so long after a key went it is seen to each hour: a sweep that died is made good, and rows that a writing
# transaction anywhere on the server could still see, which VACUUM has to leave, go once it has ended.
AGAIN = timedelta(days=2)


def scrub(now: datetime) -> int:
    """See to both databases; returns how many could be."""
    cleaned = sum(_truncate_log(connections[alias]) for alias in ALIASES if connections[alias].vendor == "sqlite")
    if connections["keys"].vendor == "postgresql" and Submission.objects.filter(destroyed_at__gt=now - AGAIN).exists():
        cleaned += _write_anew(connections["keys"])
    return cleaned


def _write_anew(connection: BaseDatabaseWrapper) -> bool:
    """False where somebody holds the table, or it belongs to another role, who has to do it: docs/operations.md."""
    if connection.in_atomic_block:
        return False
    with connection.cursor() as cursor:
        try:
            cursor.execute(f"SET lock_timeout = {PATIENCE}")
            cursor.execute(f"VACUUM (FULL) {SubmissionKey._meta.db_table}")
        except DatabaseError as error:
            log.info("the table of the keys is in use (%s): written anew later", type(error).__name__)
            return False
        finally:
            cursor.execute("RESET lock_timeout")
    return True


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
