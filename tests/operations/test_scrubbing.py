"""What was deleted is not found in the bytes of the database either."""

import sqlite3
import uuid
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.checks import run_checks
from django.db import connections

from requests_app.models import SubmissionKey
from requests_app.models.keys import create_key
from requests_app.operations import scrubbing, sweeps
from tests.people import NOON

pytestmark = [pytest.mark.django_db(transaction=True)]


def raw(alias: str) -> bytes:
    """The file of the database with its log."""
    path = Path(connections[alias].settings_dict["NAME"])
    return b"".join(file.read_bytes() for file in (path, path.with_name(f"{path.name}-wal")) if file.exists())


def destroyed_keys(count: int) -> list[bytes]:
    """What the rows of so many keys held that are gone again."""
    pks = [uuid.uuid4() for _ in range(count)]
    for pk in pks:
        create_key(pk)
    wrapped = [bytes(row.wrapped) for row in SubmissionKey.objects.filter(pk__in=pks)]
    scrubbing.scrub(NOON)
    assert sum(key in raw("keys") for key in wrapped) == count  # they can be found while they are there
    SubmissionKey.objects.filter(pk__in=pks).delete()
    return wrapped


def test_the_bytes_of_a_destroyed_key_are_in_no_page_after_the_sweep():
    wrapped = destroyed_keys(300)
    sweeps.apply_retention(NOON + timedelta(days=1))
    assert [key for key in wrapped if key in raw("keys")] == []


def test_a_log_that_somebody_reads_is_emptied_by_the_next_sweep(monkeypatch):
    monkeypatch.setattr(scrubbing, "PATIENCE", 10)
    reader = sqlite3.connect(connections["keys"].settings_dict["NAME"], isolation_level=None)
    create_key(uuid.uuid4())
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM requests_app_submissionkey").fetchone()
    create_key(uuid.uuid4())
    assert scrubbing.scrub(NOON) == 1  # the other database's
    reader.execute("COMMIT")
    reader.close()
    assert scrubbing.scrub(NOON) == 2


@pytest.mark.parametrize(
    ("days", "key_days", "told"),
    [(30, 7, None), (30, 0, None), (30, 14, "portal.W020"), (5, 7, "portal.E021"), (30, -1, "portal.E020")],
)
def test_how_long_backups_live_is_checked(settings, days, key_days, told):
    settings.BACKUP_DAYS, settings.KEY_BACKUP_DAYS = days, key_days
    found = {message.id for message in run_checks(tags=["security"])} & {"portal.E020", "portal.E021", "portal.W020"}
    assert found == ({told} if told else set())
