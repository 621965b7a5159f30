"""Lose everything, restore it: the commands are those of docs/operations.md, word by word."""

import contextlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import psycopg2
import pytest

from tests import migrated, migrated_files, services

pytestmark = pytest.mark.process
ROOT = Path(__file__).parents[2]
PATIENCE = 600  # seconds: not a promise, only where a busy machine is told from one that hangs

BEFORE = """
from django.utils import timezone
from requests_app.models import IdentityCheck
from requests_app.operations import decision, desk, identity, intake, person, policies
from requests_app.operations.actors import Actor
from tests.people import POLICY, ana_files, staff

at = timezone.now()
bruno, ada, petra = staff("bruno", "handler"), staff("ada", "approver"), staff("petra", "privacy officer")
policies.load(POLICY.read_text(), prepared_by=petra, approved_by=ada, at=at)
submission = ana_files("access", at=at)
check = IdentityCheck.objects.get(submission=submission)
identity.confirm(submission, purpose="verify", code=identity.code_for(check), actor=Actor.person(), at=at)
dsr = submission.requests.get()
person.reply(dsr, text="This is me.", file=("me.txt", b"my own file"), actor=Actor.person(), at=at)
desk.attach(dsr, name="data.json", content=b"two orders", actor=Actor.staff(bruno), at=at)
submitted = decision.decide(dsr, outcome="done", letter="Dear Ana, here they are.", ground="", facts="", scope="",
    identity_match="Code, and the customer file.", actor=Actor.staff(bruno), at=at)
dsr.refresh_from_db()
decision.approve(dsr, digest=submitted.content_digest, actor=Actor.staff(ada), at=at)
"""

AFTER = """
import json
from django.db import connection
from requests_app.models import AnswerFile, Decision, Message, Submission
from requests_app.operations import files, triggers
submission = Submission.objects.get()
answer, message = AnswerFile.objects.get(), Message.objects.get(author="person")
print(json.dumps({
    "name": submission.name, "letter": Decision.objects.get().opened("letter"),
    "answer": files.read(submission.pk, answer.pk).decode(), "answer_name": answer.name,
    "file": files.read(submission.pk, message.pk).decode(), "state": submission.requests.get().state,
    "missing_triggers": triggers.missing(connection),
}))
"""

EVERYTHING = {
    "name": "Ana Example",
    "letter": "Dear Ana, here they are.",
    "answer": "two orders",
    "answer_name": "data.json",
    "file": "my own file",
    "state": "fulfilled",
    "missing_triggers": [],
}


def commands(heading: str) -> str:
    """The indented lines under a heading of the operations page."""
    page = (ROOT / "docs" / "operations.md").read_text()
    section = page.split(f"### {heading}\n", 1)[1].split("\n#", 1)[0]
    return "\n".join(line[4:] for line in section.splitlines() if line.startswith("    "))


def shell(env: dict[str, str], script: str) -> str:
    done = subprocess.run(
        ["bash", "-euc", script], cwd=ROOT, env=env, capture_output=True, text=True, check=False, timeout=PATIENCE
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def python(env: dict[str, str], script: str) -> str:
    return shell({**env, "SCRIPT": script}, 'python manage.py shell -v0 -c "$SCRIPT"')


def environment(tmp_path: Path, **changes: str) -> dict[str, str]:
    for name in ("backup", "var"):
        (tmp_path / name).mkdir()
    path = os.pathsep.join([str(Path(sys.executable).parent), changes.pop("TOOLS", ""), os.environ["PATH"]])
    return services.process_environment(
        PATH=path,
        BACKUP_DIR=str(tmp_path / "backup"),
        VAR_DIR=str(tmp_path / "var"),
        FILES_DIR=str(tmp_path / "var" / "files"),
        **changes,
    )


def lose_and_restore(env: dict[str, str], vendor: str, wipe) -> str:
    python(env, BEFORE)
    shell(env, commands(f"Back up on {vendor}"))
    shutil.rmtree(env["FILES_DIR"])
    wipe()
    shell(env, commands(f"Restore on {vendor}"))
    said = shell(env, commands("After a restore, before anybody is served"))
    assert json.loads(python(env, AFTER)) == EVERYTHING
    return said


def test_everything_is_there_again_after_a_restore_on_sqlite(tmp_path):
    env = environment(tmp_path)
    env |= migrated_files.copy(tmp_path / "var")

    def wipe():
        for file in (tmp_path / "var").glob("*.sqlite3*"):
            file.write_bytes(b"")  # what a failing disk leaves: files, and nothing in them

    said = lose_and_restore(env, "SQLite", wipe)
    assert "Every chain of evidence is whole." in said


def test_everything_is_there_again_after_a_restore_on_postgresql(tmp_path, postgres_url):
    urls = {
        "DATABASE_URL": services.with_database(postgres_url, "backup_default"),
        "KEYS_DATABASE_URL": services.with_database(postgres_url, "backup_keys"),
    }
    env = environment(tmp_path, TOOLS=services.postgresql_tools(), **urls)

    def empty_databases():
        with contextlib.closing(psycopg2.connect(postgres_url)) as server:
            server.autocommit = True
            for name in ("backup_default", "backup_keys"):
                server.cursor().execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
                server.cursor().execute(f"CREATE DATABASE {name}")

    with contextlib.closing(psycopg2.connect(postgres_url)) as server:
        server.autocommit = True
        copied = [migrated.copy(server.cursor(), alias, f"backup_{alias}") for alias in migrated.ALIASES]
    if not all(copied):
        migrated.migrate(env)
    said = lose_and_restore(env, "PostgreSQL", empty_databases)
    assert "Every chain of evidence is whole." in said


def test_a_restore_that_lacks_the_latest_events_is_noticed(tmp_path):
    env = environment(tmp_path)
    env |= migrated_files.copy(tmp_path / "var")
    python(env, BEFORE)
    shell(env, commands("Back up on SQLite"))
    later = "from tests.people import ana_files; ana_files('access', email='bianca@example.org')"
    python(env, later)
    shell(env, 'python manage.py verify_evidence --heads > "$BACKUP_DIR/heads.txt"')  # newer than the backup
    shell(env, commands("Restore on SQLite"))
    with pytest.raises(AssertionError, match="is not the one that was kept outside"):
        shell(env, commands("After a restore, before anybody is served"))
