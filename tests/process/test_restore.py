"""E2: the backups of T-1, T-7 and T-30, restored with the commands of docs/operations.md, bring nobody back."""

import contextlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import psycopg2
import pytest

from tests import migrated, migrated_files, services
from tests.process.test_backup import commands, environment, python, shell

pytestmark = pytest.mark.process

CASES = """
from django.utils import timezone
from requests_app.operations import policies
from tests.people import POLICY, ana_files, staff
policies.load(POLICY.read_text(), prepared_by=staff("petra", "privacy officer"), approved_by=staff("ada", "approver"),
    at=timezone.now())
for number in range(3):
    ana_files("complaint", email=f"p{number}@example.org", name=f"Person {number}")
"""
ERASE = """
from django.utils import timezone
from requests_app.models import Submission
from requests_app.operations import register
from requests_app.operations.actors import Actor
from requests_app.rules.identifiers import Identifier, Kind
case = Submission.objects.order_by("pk")[{number}]
about = Identifier(Kind.EMAIL, case.opened("email"))
register.suppress([about], submission_id=case.pk, actor=Actor.system(), at=timezone.now())
register.destroy_keys([case.pk], at=timezone.now())
"""
LOOK = """
import json
from django.test import Client
from requests_app.models import Submission
from requests_app.models.keys import KeyDestroyed
from requests_app.operations.restore_guard import standing
from requests_app.operations.sweeps import SWEEPS
from requests_app.operations import suppression
from requests_app.rules.identifiers import Identifier, Kind
client = Client(SERVER_NAME="testserver")
pages = {page: client.get(page).status_code for page in ("/", "/find/", "/admin/", "/livez")}
readable, known = 0, 0
for case in Submission.objects.all():
    try:
        readable += bool(case.opened("email"))
    except KeyDestroyed:
        pass
for number in range(3):
    known += any(suppression.entries_of([Identifier(Kind.EMAIL, f"p{number}@example.org")]))
print(json.dumps({"pages": pages, "why": standing(), "readable": readable, "known": known}))
"""


def look(env: dict[str, str]) -> dict[str, object]:
    return json.loads(python(env, LOOK))


def bring_nobody_back(env: dict[str, str], vendor: str, empty: Callable[[], None], tmp_path: Path) -> None:
    python(env, CASES)
    ages = [30, 7, 1]
    for number, days in enumerate(ages):
        aged = {**env, "BACKUP_DIR": str(tmp_path / f"T-{days}")}
        Path(aged["BACKUP_DIR"]).mkdir()
        shell(aged, commands(f"Back up on {vendor}"))
        python(env, ERASE.format(number=number))
    assert look(env) == {"pages": {"/": 200, "/find/": 200, "/admin/": 302, "/livez": 200}, "why": "", "readable": 0,
                         "known": 3}  # fmt: skip
    for number, days in enumerate(ages):
        aged = {**env, "BACKUP_DIR": str(tmp_path / f"T-{days}")}
        shutil.rmtree(env["FILES_DIR"], ignore_errors=True)
        empty()
        shell(aged, commands(f"Restore on {vendor}"))
        seen = look(env)
        assert seen["pages"] == {"/": 503, "/find/": 503, "/admin/": 503, "/livez": 200}
        assert "replay_erasures" in str(seen["why"])
        assert seen["known"] == number  # the restored database knew so many
        said = shell(aged, commands("After a restore, before anybody is served"))
        assert f"{3 - number} keys" in said
        assert "everybody is served again" in said
        seen = look(env)
        assert (seen["pages"]["/"], seen["why"], seen["readable"], seen["known"]) == (200, "", 0, 3)


def test_backups_of_three_ages_bring_nobody_back_on_sqlite(tmp_path):
    env = environment(tmp_path)
    env |= migrated_files.copy(tmp_path / "var")
    Path(env["FILES_DIR"]).mkdir()
    bring_nobody_back(env, "SQLite", lambda: None, tmp_path)


@pytest.mark.long
def test_backups_of_three_ages_bring_nobody_back_on_postgresql(tmp_path, postgres_url):
    urls = {
        "DATABASE_URL": services.with_database(postgres_url, "restore_default"),
        "KEYS_DATABASE_URL": services.with_database(postgres_url, "restore_keys"),
    }
    env = environment(tmp_path, TOOLS=services.postgresql_tools(), **urls)

    def empty_databases() -> None:
        with contextlib.closing(psycopg2.connect(postgres_url)) as server:
            server.autocommit = True
            for name in ("restore_default", "restore_keys"):
                server.cursor().execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
                server.cursor().execute(f"CREATE DATABASE {name}")

    empty_databases()
    migrated.migrate(env)
    Path(env["FILES_DIR"]).mkdir()
    bring_nobody_back(env, "PostgreSQL", empty_databases, tmp_path)
