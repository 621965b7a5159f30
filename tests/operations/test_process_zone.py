"""The zone of the process changes no stored date: the same filings under four zones."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import migrated_files

ROOT = Path(__file__).resolve().parents[2]
ZONES = ("UTC", "Pacific/Kiritimati", "America/Los_Angeles", "Asia/Beirut")
INSTANTS = (
    "2026-03-28T21:59:59+00:00",  # the last second of 28 March in Beirut; the next midnight does not exist
    "2026-03-28T22:00:00+00:00",
    "2026-10-24T21:30:00+00:00",
    "2026-11-01T08:30:00+00:00",
    "2026-12-31T10:00:00+00:00",
)
# Files in a fresh SQLite database and prints what was stored, as a process in any zone does.
STORED = """
import json, sys
from datetime import datetime
import django
django.setup()
from requests_app.models import DataSubjectRequest
from requests_app.operations import policies
from tests.people import POLICY, ana_files, staff
text = POLICY.read_text(encoding="utf-8").replace('"UTC"', '"Asia/Beirut"')
text = text.replace('["gdpr", "uk_gdpr"]', '["gdpr", "uk_gdpr", "california", "brazil"]', 1)
first = datetime.fromisoformat(sys.argv[1])
policies.load(text, prepared_by=staff("petra"), approved_by=staff("ada"), at=first)
for instant in sys.argv[1:]:
    ana_files("access", "marketing_optout", at=datetime.fromisoformat(instant))
columns = ("right", "opened_on", "opened_at", "due_on", "statutory_on", "cautious_on", "wake_at")
rows = DataSubjectRequest.objects.order_by("opened_at", "right").values_list(*columns)
print(json.dumps([[str(value) for value in row] for row in rows]))
"""


def run(script: str, zone: str, folder: Path) -> str:
    given = {k: v for k, v in os.environ.items() if k in {"PATH", "HOME", "LANG", "VIRTUAL_ENV"}}
    done = subprocess.run(
        [sys.executable, "-c", script, *INSTANTS],
        cwd=ROOT,
        env=given | migrated_files.copy(folder) | {"TZ": zone, "DJANGO_SETTINGS_MODULE": "tests.settings"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def stored(zone: str, folder: Path) -> list[list[str]]:
    return json.loads(run(STORED, zone, folder))


@pytest.fixture(scope="module")
def in_utc(tmp_path_factory: pytest.TempPathFactory) -> list[list[str]]:
    return stored("UTC", tmp_path_factory.mktemp("utc"))


@pytest.mark.parametrize("zone", ZONES[1:])
def test_the_stored_dates_are_the_same_in(zone: str, in_utc: list[list[str]], tmp_path: Path) -> None:
    assert stored(zone, tmp_path) == in_utc


def test_a_request_of_the_last_second_before_the_missing_midnight_is_of_that_day(in_utc: list[list[str]]) -> None:
    days = [(row[1], row[3]) for row in in_utc if row[0] == "access"]
    assert days[:2] == [("2026-03-28", "2026-04-12"), ("2026-03-29", "2026-04-13")]
